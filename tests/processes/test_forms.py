"""The forms ask for what ISO 10002 says a complaint record has, and mark what is about a person."""

from __future__ import annotations

import pytest
from process_way import ASSESSED, DECIDED, INVESTIGATED, PACKAGE, REVIEWED

from amends.engine import Invalid
from amends.engine.definitions import read_package
from amends.forms import Field, Forms, load

FORMS = {path.stem: path.read_bytes() for path in sorted((PACKAGE / "forms").glob("*.form"))}
COMPLAINANT = {  # the complainant's form of the standard's annex
    "name", "organisation", "address", "postcode", "town", "country", "phone", "email", "representative", "representative_contact",
    "contact_person", "product", "product_reference", "product_description", "problem_on", "description", "remedy_wanted", "remedy",
    "enclosures", "language", "format_needs", "contact_by",
}  # fmt: skip
FOLLOW_UP = {  # its follow-up form: what is not in the complainant's form, nor kept by itself (dates, names, reference, channel)
    "recurrence", "category", "severity", "complexity", "impact", "safety", "immediate_action_needed", "immediate_action_possible",
    "compensation_likely", "remedies", "findings", "root_cause", "reasons", "correction", "prevention", "all_points_answered",
    "others_affected", "action_done", "verified", "review_decision", "recourse_result",
}  # fmt: skip
CATEGORIES = {"delivery", "delay", "defect", "refusal", "information", "price", "billing", "contract", "compensation",
              "complaint_delay", "other"}  # fmt: skip
RESPONSES = {"refund", "replacement", "repair", "substitute", "technical_help", "financial_help", "information", "referral", "compensation",
             "apology", "goodwill", "announced_change"}  # fmt: skip


def fields(form: str) -> dict[str, Field]:
    return {field.key: field for field in load(FORMS[form]).fields}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_no_problem(form: str) -> None:
    """Nothing in it is misunderstood or left out when it is shown."""
    assert [str(problem) for problem in Forms().check(FORMS[form], form)] == []


def test_the_filing_form_asks_for_what_the_annex_lists_and_forces_nothing_but_the_story() -> None:
    """ISO 10002 4.5 and annex: everything can be said, only what happened has to be."""
    assert fields("complaint").keys() >= COMPLAINANT
    assert [key for key, field in fields("complaint").items() if field.required] == ["description"]
    assert len(load(FORMS["complaint"]).steps) == 5


@pytest.mark.parametrize("number", ["020 7946 0123", "(01) 23-45", "+44 20 7946 0123", "0123/456 ask for Jo"])
def test_a_phone_number_is_taken_as_people_write_it(number: str) -> None:
    """Somebody upset is not sent back for a country code: a person dials it. A phone shows digits to type."""
    form = load(FORMS["complaint"])
    assert form.validate({"description": "It leaks.", "phone": number})["phone"] == number
    (drawn,) = [one for one in form.render({}).everything() if one.name.endswith("phone")]
    assert (drawn.attributes["type"], drawn.attributes["autocomplete"]) == ("tel", "tel")


def test_the_tasks_forms_cover_the_follow_up_form() -> None:
    """ISO 10002 annex: assessment, resolution and tracking are asked for in the task where they are known."""
    asked = {key for form in FORMS if form != "complaint" for key in fields(form)}
    assert asked >= FOLLOW_UP
    assert {option.value for option in fields("assessment")["category"].options} == CATEGORIES
    assert {option.value for option in fields("decision")["remedies"].options} == RESPONSES


def test_every_free_text_is_marked_as_personal() -> None:
    """ISO 10002 4.10: whatever somebody may write about a person can be hidden and erased; health is special."""
    plain = {"organisation", "product", "referred_by"}  # names of organisations and products
    texts = [field for form in FORMS for field in fields(form).values() if field.type in ("textfield", "textarea")]
    assert {field.key for field in texts if not field.personal} == plain
    assert fields("complaint")["format_needs"].personal == "special"
    assert fields("complaint")["enclosures"].personal == "personal"


def test_every_form_is_used() -> None:
    """A form that nothing shows would mislead whoever opens the folder."""
    package = read_package(PACKAGE)
    shown = {element.ext.form_id for process in package.processes.values() for element in process.all_elements()} - {None}
    offered = {offer.form for offer in package.manifest.messages.values()}
    assert shown | offered | {package.manifest.complaints.form} == set(FORMS)


def test_the_outcomes_offered_are_those_of_the_register() -> None:
    """What somebody decides can always be closed with: every outcome has its words, and `withdrawn` is nobody's decision."""
    words = set(read_package(PACKAGE).manifest.outcomes)
    for form in ("decision", "review"):
        assert {option.value for option in fields(form)["outcome"].options} == words - {"withdrawn"}


@pytest.mark.parametrize(
    ("form", "answers", "missing"),
    [
        ("complaint", {"description": "It leaks."}, "description"),
        ("assessment", {**ASSESSED, "investigation_needed": "no", "why_no_investigation": "Admitted."}, "why_no_investigation"),
        ("investigation", INVESTIGATED, "findings"),
        ("investigation", {"investigation_outcome": "ask_complainant", "question": "Where?"}, "question"),
        ("investigation", {"investigation_outcome": "interim_reply", "interim_message": "Soon."}, "interim_message"),
        ("decision", DECIDED, "reasons"),
        ("review", REVIEWED, "review_reasons"),
        ("answer", {"answer": "rejected"}, "answer"),
        ("recourse", {"recourse_result": "exhausted", "recourse_note": "The court has spoken."}, "recourse_note"),
    ],
)
def test_what_counts_cannot_be_left_out(form: str, answers: dict[str, object], missing: str) -> None:
    """ISO 10002 4.7: reasons are required, and so is whatever the next step needs; nothing else is."""
    assert Forms().validate(FORMS[form], answers, {})[missing] == answers[missing]
    with pytest.raises(Invalid) as refused:
        Forms().validate(FORMS[form], {key: value for key, value in answers.items() if key != missing}, {})
    assert missing in refused.value.fields


def test_the_filing_form_lets_browsers_fill_in_what_they_know() -> None:
    """WCAG 2.2 AA 1.3.5: the purpose of fields about oneself is said, so that nobody has to type it again."""
    said = {key: field.properties["autocomplete"] for key, field in fields("complaint").items() if "autocomplete" in field.properties}
    assert said == {
        "name": "name", "organisation": "organization", "email": "email", "phone": "tel", "address": "street-address",
        "postcode": "postal-code", "town": "address-level2", "country": "country-name",
    }  # fmt: skip


PAST = [("complaint", "problem_on", {"description": "x"}), ("carry-out", "done_on", {"action_done": "x"})]


@pytest.mark.parametrize(("form", "key", "others"), PAST)
def test_what_happened_did_not_happen_tomorrow(form: str, key: str, others: dict[str, str]) -> None:
    """A date of something past lies in the past."""
    with pytest.raises(Invalid) as refused:
        Forms().validate(FORMS[form], {**others, key: "2999-01-01"}, {})
    assert list(refused.value.fields) == [key]
