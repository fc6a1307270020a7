"""Letters say what the standard asks of them, in plain words, with nothing left blank."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_way import ASSESSED, DECIDED, INVESTIGATED, PACKAGE, REVIEWED, Case, World
from process_ways import ASK, INTERIM, PUT_RIGHT, WAYS

from amends.engine.definitions import read_package

LETTERS = read_package(PACKAGE).letters


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def letter(case: Case, name: str) -> str:
    """The last letter of this name; its subject is on top."""
    return [text for sent, text in case.world.desk.letters[case.reference] if sent == name][-1]


def test_every_letter_is_sent_on_some_way(tmp_path: Path) -> None:
    """No letter is there for nothing, and on every way each placeholder has something to say."""
    sent: set[str] = set()
    for lived in WAYS:
        folder = tmp_path / lived.__name__
        folder.mkdir()
        case = lived(World(folder))
        sent |= set(case.world.letters(case)) | set(case.world.desk.elsewhere)
    assert sent == set(LETTERS)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "de",
            ["Ihre Beschwerde ist angekommen", "2. März 2026, 10:00", "bis 17. März 2026", "Mit freundlichen Grüßen", "Das Beschwerdeteam"],
        ),
        (
            "fr",
            ["Votre réclamation est arrivée", "2 mars 2026, 10:00", "d’ici le 17 mars 2026", "Cordialement", "L’équipe des réclamations"],
        ),
        ("es", ["Su reclamación ha llegado", "2 de marzo de 2026, 10:00", "a más tardar el 17 de marzo de 2026", "El equipo de"]),
    ],
)
def test_a_letter_in_another_language_says_dates_and_settings_in_it(world: World, code: str, words: list[str]) -> None:
    """Dates by the language's own rules, the texts of settings as the package translates them; nothing English is left."""
    world.file()
    text = world.desk.elsewhere[f"{code}/acknowledgement"]
    assert [said for said in words if said not in text] == []
    for english in (" and ", " the ", "March", "Received", "Dear"):
        assert english not in text.replace("The kettle leaks.", "")


def test_the_acknowledgement_gives_reference_next_steps_and_date(world: World) -> None:
    """ISO 10002 7.4 and 7.3: received when, under which reference, what comes next and by when, how to be reached, free of charge."""
    text = letter(world.file(), "acknowledgement")
    for words in ("C-00000001", "2 March 2026, 10:00", "The kettle leaks.", "by 17 March 2026, 23:59"):
        assert words in text
    assert "complaints@example.org" in text and "costs you nothing" in text


@pytest.mark.parametrize(
    ("decision", "words"),
    [("upheld", "You are right."), ("partly_upheld", "You are right in part."), ("not_upheld", "We do not agree")],
)
def test_a_decision_says_so_with_reasons_and_ways_out(world: World, decision: str, words: str) -> None:
    """ISO 10002 7.8 and 7.9: the decision, its reasons, what is done, how to answer, review inside and help outside."""
    text = letter(world.file().decided(decision=decision, **PUT_RIGHT), "decision")
    for said in (words, "The seal was missing.", "We offer you: refund.", "GBP 25"):
        assert said in text
    for said in ("within four weeks", "somebody senior", "the ombudsman for our sector"):
        assert said in text


def test_the_staff_involved_are_told_the_decision_without_the_complainants_name(world: World) -> None:
    """ISO 10002 7.8 and 4.10: staff learn decision and reasons; who complained is not theirs to know from a letter."""
    text = letter(world.file().decided(), "decision-involved")
    assert "\n\nupheld\n\n" in text and "The seal was missing." in text and "Meyer" not in text


def test_questions_interim_replies_and_updates_carry_the_handlers_words_and_a_date(world: World) -> None:
    """ISO 10002 7.3, 7.6 and 7.7: what is asked and said is the handler's own text; the date of the decision is told while it stands."""
    case = world.file().do("assess", ASSESSED).do("investigate", INTERIM)
    assert "laboratory" in letter(case, "interim-reply") and "by 1 May 2026" in letter(case, "interim-reply")
    world.wait(days=15)
    assert "our decision: 1 May 2026" in letter(case, "progress-update")
    case.do("investigate", ASK)
    assert "Which shop was it?" in letter(case, "information-request") and "two weeks" in letter(case, "information-request")


def test_an_update_while_the_complainant_is_asked_says_what_we_wait_for(world: World) -> None:
    """ISO 10002 7.3: a clock that stands still has no date to promise."""
    case = world.file().do("assess", ASSESSED)
    world.wait(days=10)
    case.do("investigate", ASK)
    world.wait(days=5)
    assert "we are waiting for information from you" in letter(case, "progress-update")


def test_the_outcome_of_a_review_names_help_outside(world: World) -> None:
    """ISO 10002 7.9: internal and external recourse is told, and that it stays open."""
    case = world.file().decided().say("decision answered", answer="rejected").do("review", REVIEWED)
    text = letter(case, "review-outcome")
    for words in ("Nothing new.", "the ombudsman for our sector", "www.ombudsman.example", "stays open"):
        assert words in text
    assert "The decision was reviewed: confirmed" in letter(case, "decision-involved")


def test_the_last_letter_says_why_it_is_the_last(world: World) -> None:
    """ISO 10002 7.9: closed because accepted, because nobody answered, or because every option is exhausted."""
    accepted = world.file().decided().say("decision answered", answer="accepted")
    silent = world.file().decided()
    exhausted = world.file().decided().say("decision answered", answer="rejected").do("review", REVIEWED)
    exhausted.say("decision answered", answer="rejected").do("follow_up", {"recourse_result": "exhausted", "recourse_note": "No."})
    world.wait(days=30)
    reasons = world.desk.reasons
    for case, words, reason in (
        (accepted, "Thank you for accepting", "Accepted by the complainant"),
        (silent, "We have not heard from you", "No answer from the complainant"),
        (exhausted, "every reasonable way", "Every reasonable option is exhausted"),
    ):
        assert words in letter(case, "closing") and reasons[case.reference] == reason


def test_somebody_without_a_name_is_still_addressed(world: World) -> None:
    """ISO 10002 4.5: a complaint without a name is a complaint."""
    case = (
        world.file(name="", product="", subject="", email="").do("assess", ASSESSED).do("investigate", INVESTIGATED).do("decide", DECIDED)
    )
    assert "Hello, and thank you for turning to us," in letter(case, "decision")
    assert "About: see your own words below" in letter(case, "acknowledgement")
    assert "About: Leak" in letter(world.file(product="", subject="Leak"), "acknowledgement")
