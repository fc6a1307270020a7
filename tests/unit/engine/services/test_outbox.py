"""The send journal: what leaves is written down first, leaves once, and is never lost."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select, update

from amends.engine import Engine
from amends.engine.definitions import read_package
from amends.engine.errors import AmendsError, NotFound
from amends.engine.services import Doubtful, FolderMailer, NotSent, OperationContext
from amends.engine.services.messages import SendMessage
from amends.engine.services.outbox import settle
from amends.engine.store import tables as t

SEND = ("send", "send-message", {"letter": "letter", "to": "complainant"})
WAIT: tuple[str, str, dict[str, str]] = ("wait", "user", {})


class Killed(BaseException):
    """Stands for the process dying in the middle of something."""


def test_a_letter_goes_to_the_complainant(house: Any) -> None:
    """The mail leaves as text and HTML, the thread shows the letter, the journal holds the proof, and the process goes on."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    assert house.mailer.sent == [], "nothing leaves inside the command"
    house.engine.run_due()
    ((_, message),) = house.mailer.sent
    assert (message["To"], message["Subject"]) == ("ann@example.org", "About C-1")
    assert message["From"] == "Example Ltd <complaints@example.org>"
    assert message["Date"] == "Tue, 05 May 2026 09:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(("plain",)).get_content() == "Dear Ann,\n\nit is 5 May 2026.\n"
    assert "<strong>5 May 2026</strong>" in message.get_body(("html",)).get_content()
    (row,) = house.messages()
    assert (row["direction"], row["channel"], row["recipient"], row["subject"]) == ("out", "email", "Ann", "About C-1")
    assert (row["body"], row["letter"], row["visible"]) == ("Dear Ann,\n\nit is 5 May 2026.\n", "letter", True)
    assert house.dispatches() == [("sent", "taken as number 1")]
    assert house.engine.instance(instance).active_elements == ("wait",)


def test_nothing_is_shown_before_it_has_left(house: Any) -> None:
    """The journal says "sending" while the world is told, in a transaction of its own, and the complainant sees nothing yet."""
    house.deploy(SEND, WAIT)
    house.start()
    seen: list[Any] = []

    def look(message: EmailMessage) -> None:
        other = Engine(str(house.engine.database.url))  # another connection: it sees only what is committed
        with other.database.reading() as connection:
            seen.append(
                (connection.execute(select(t.dispatch.c.state)).scalar_one(), connection.execute(select(t.message.c.visible)).scalar_one())
            )
        other.close()

    house.mailer.answer = look
    house.engine.run_due()
    assert seen == [("sending", False)]


def test_a_refusal_is_tried_again_and_then_sent_once(house: Any) -> None:
    """A passing refusal is tried again later under the same key; the message is in the thread once, and shown only when sent."""
    house.deploy(SEND, WAIT)
    instance = house.start()

    def busy(message: EmailMessage) -> None:
        raise NotSent("451 busy")

    house.mailer.answer = busy
    house.engine.run_due()
    assert house.dispatches() == [("failed", "451 busy")]
    assert [row["visible"] for row in house.messages()] == [False]
    house.mailer.answer = lambda message: None
    house.clock.forward(hours=1)
    house.engine.run_due()
    assert house.dispatches() == [("sent", "taken as number 1")]
    assert [row["visible"] for row in house.messages()] == [True]
    assert house.engine.instance(instance).active_elements == ("wait",)


def test_a_lasting_refusal_is_an_incident_at_once(house: Any) -> None:
    """An address that the server refuses for good is not tried again by itself; the incident says what it said."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    calls: list[str] = []

    def refuse(message: EmailMessage) -> None:
        calls.append(str(message["To"]))
        raise NotSent("550 no such person", lasting=True)

    house.mailer.answer = refuse
    house.engine.run_due()
    house.clock.forward(hours=5)
    house.engine.run_due()
    assert calls == ["ann@example.org"]
    assert "550 no such person" in house.incident(instance)


def test_killed_while_sending_is_never_sent_twice_silently(house: Any) -> None:
    """Who dies after telling the world leaves "sending"; the next attempt does not send but raises an incident that says so."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    sent: list[str] = []

    def die(message: EmailMessage) -> None:
        sent.append(str(message["To"]))
        raise Killed

    house.mailer.answer = die
    with pytest.raises(Killed):
        house.engine.run_due()
    assert house.dispatches() == [("sending", "")]
    house.clock.forward(minutes=11)  # the dead runner's lease is over
    house.engine.run_due()
    assert sent == ["ann@example.org"]
    assert house.dispatches()[0][0] == "doubtful"
    assert "may have been sent" in house.incident(instance)
    assert "2026-05-05 09:00:00 UTC, was interrupted" in house.incident(instance)


def doubt(house: Any, instance: str) -> str:
    """Bring the letter in doubt; the id of the incident."""

    def broken(message: EmailMessage) -> None:
        raise Doubtful("The connection broke.")

    house.mailer.answer = broken
    house.engine.run_due()
    house.mailer.answer = lambda message: None
    assert house.dispatches() == [("doubtful", "The connection broke.")]
    (incident,) = house.engine.instance(instance).incidents
    assert "may have been sent. The connection broke." in incident.message
    return str(incident.id)


def test_a_person_decides_to_send_again(house: Any) -> None:
    """Resolving the incident of a doubtful message sends it again, under the same key; only that does."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    incident = doubt(house, instance)
    house.clock.forward(hours=9)
    house.engine.run_due()
    assert house.mailer.sent == []
    house.engine.retry_incident(incident, actor="account:a-owner")
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org"]
    assert house.dispatches() == [("sent", "taken as number 1")]
    assert house.engine.instance(instance).active_elements == ("wait",)


def test_a_doubtful_message_is_not_sent_without_a_persons_word(house: Any) -> None:
    """A job that comes back by itself, with no incident resolved since, finds the doubt and asks again."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    doubt(house, instance)
    with house.engine.database.transaction() as connection:
        # As if the process had died between writing the doubt and the incident.
        connection.execute(update(t.job).values(state="due"))
    house.clock.forward(hours=1)
    house.engine.run_due()
    assert house.mailer.sent == []
    assert "may have been sent" in house.incident(instance)


def test_a_second_doubt_needs_a_second_word(house: Any) -> None:
    """Having resolved one doubt is no order to send once more after the next."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    incident = doubt(house, instance)
    house.clock.forward(hours=1)
    house.engine.retry_incident(incident, actor="account:a-owner")

    def die(message: EmailMessage) -> None:
        raise Killed

    house.mailer.answer = die
    with pytest.raises(Killed):
        house.engine.run_due()
    house.mailer.answer = lambda message: None
    house.clock.forward(minutes=11)
    house.engine.run_due()
    assert house.mailer.sent == []
    assert house.dispatches()[0][0] == "doubtful"


def test_a_person_can_say_that_it_arrived(house: Any) -> None:
    """Settling a doubtful message with how that is known lets the process go on without sending it again."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    incident = doubt(house, instance)
    with house.engine.database.reading() as connection:
        key = connection.execute(select(t.dispatch.c.key)).scalar_one()
    settle(house.engine.database, key, "Ann said on the telephone that she has it")
    house.engine.retry_incident(incident, actor="account:a-owner")
    house.engine.run_due()
    assert house.mailer.sent == []
    assert house.dispatches() == [("sent", "Ann said on the telephone that she has it")]
    assert [row["visible"] for row in house.messages()] == [True]
    assert house.engine.instance(instance).active_elements == ("wait",)
    with pytest.raises(NotFound, match="in doubt"):
        settle(house.engine.database, key, "again")


def test_told_but_not_recorded_is_told_once(house: Any) -> None:
    """If the process dies after the mail was sent and journalled, but before the element was completed, it is not sent again."""
    house.deploy(SEND, WAIT)
    instance = house.start()
    complete = house.engine.commands.on

    def die(*args: Any, **options: Any) -> Any:
        raise Killed

    house.engine.commands.on = die
    with pytest.raises(Killed):
        house.engine.run_due()
    house.engine.commands.on = complete
    house.clock.forward(minutes=11)
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org"]
    assert len(house.messages()) == 1
    assert house.engine.instance(instance).active_elements == ("wait",)


@pytest.mark.parametrize("email", ["", "no address", "ann@", "a b@example.org", "ann@example.org\nBcc: all@example.org"])
def test_without_any_address_the_letter_is_shown_on_the_page(house: Any, email: str) -> None:
    """No usable address and none by post, and no number: the follow-up page is the only way, so the letter counts as given there."""
    house.deploy(SEND, WAIT)
    instance = house.start(email=email)
    house.engine.run_due()
    assert house.mailer.sent == []
    assert [(row["channel"], row["visible"]) for row in house.messages()] == [("web", True)]
    assert house.dispatches() == [("shown", "shown on the page")]
    assert house.engine.instance(instance).active_elements == ("wait",)


def test_who_prefers_post_gets_post(house: Any) -> None:
    """The complainant's preference counts over having an address; the operation's own input counts over both."""
    house.deploy(SEND, WAIT)
    house.start(complaint={"contact_by": "post"})
    house.engine.run_due()
    assert house.mailer.sent == []
    assert house.messages()[0]["channel"] == "post"
    assert house.dispatches() == [("to print", "to be printed and posted")]
    house.deploy(("send", "send-message", {"letter": "letter", "channel": "email"}), WAIT)
    house.start(complaint={"contact_by": "post"})
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org"]


@pytest.mark.parametrize(
    ("complaint", "email", "to", "states"),
    [
        ({}, "ann@example.org", ["ann@example.org"], ["sent"]),
        ({"phone": ""}, "", [], ["shown"]),
        ({"phone": "", "address": "1 Example Row"}, "", [], ["to print"]),
        ({"phone": "+44 20 7946 0123"}, "ann@example.org", [], ["to say"]),
    ],
)
def test_by_telephone_only_where_there_is_a_number(
    house: Any, complaint: dict[str, str], email: str, to: list[str], states: list[str]
) -> None:
    """The operation may ask for it: nobody is to ring where no number is known; a letter goes as by e-mail."""
    house.deploy(("send", "send-message", {"letter": "letter", "channel": "phone"}), WAIT)
    house.start(complaint=complaint, email=email)
    house.engine.run_due()
    assert (house.mailer.to, [state for state, _ in house.dispatches()]) == (to, states)


def test_a_letter_for_the_page_only(house: Any) -> None:
    """By "web" nothing is mailed or printed."""
    house.deploy(("send", "send-message", {"letter": "letter", "channel": "web"}), WAIT)
    house.start()
    house.engine.run_due()
    assert house.mailer.sent == []
    assert house.dispatches() == [("shown", "shown on the page")]


def test_a_message_to_a_role_goes_to_everybody_who_holds_it(house: Any) -> None:
    """Each active account of the role with an address gets one mail; the thread has one internal message for all of them."""
    people: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        ("mia", ("manager",), {}), ("max", ("manager", "handler"), {}), ("old", ("manager",), {"active": False}),
        ("ida", ("manager",), {"email": None}), ("hans", ("handler",), {}),
    ]  # fmt: skip
    for name, roles, options in people:
        house.user(name, *roles, **options)
    house.deploy(("send", "send-message", {"letter": "letter", "to": "manager"}), WAIT)
    house.start()
    house.engine.run_due()
    assert sorted(house.mailer.to) == ["max@example.org", "mia@example.org"]
    (row,) = house.messages()
    assert (row["direction"], row["channel"], row["visible"], row["recipient"]) == ("internal", "internal", False, "Ida, Max, Mia")
    assert sorted(state for state, _ in house.dispatches()) == ["sent", "sent", "shown"]


def test_one_refusal_does_not_keep_the_others_from_being_told(house: Any) -> None:
    """Everybody is tried; the next attempt tells only those who were not told."""
    for name in ("mia", "max"):
        house.user(name, "manager")
    house.deploy(("send", "send-message", {"letter": "letter", "to": "manager"}), WAIT)
    instance = house.start()

    def not_max(message: EmailMessage) -> None:
        if message["To"] == "max@example.org":
            raise NotSent("451 busy")

    house.mailer.answer = not_max
    house.engine.run_due()
    assert house.mailer.to == ["mia@example.org"]
    house.mailer.answer = lambda message: None
    house.clock.forward(hours=1)
    house.engine.run_due()
    assert house.mailer.to == ["mia@example.org", "max@example.org"]
    assert house.engine.instance(instance).active_elements == ("wait",)


def test_a_role_that_nobody_holds_is_written_down(house: Any) -> None:
    """The message is there for whoever looks at the complaint; the process goes on."""
    house.deploy(("send", "send-message", {"letter": "letter", "to": "manager"}), WAIT)
    instance = house.start()
    house.engine.run_due()
    assert [(row["recipient"], row["visible"]) for row in house.messages()] == [("Manager", False)]
    assert house.engine.instance(instance).active_elements == ("wait",)


@pytest.mark.parametrize(
    ("to", "why"), [("=complaint.name", "neither the complainant, a role"), ('="a@b@c"', "is no e-mail address"), ("x@example.org", "")]
)
def test_to_an_address(house: Any, to: str, why: str) -> None:
    """An address is mailed; what is nobody is an incident that says what could be."""
    house.deploy(("send", "send-message", {"letter": "letter", "to": to}), WAIT)
    instance = house.start()
    house.engine.run_due()
    if why:
        assert why in house.incident(instance)
    else:
        assert house.mailer.to == [to]


def test_a_hole_in_a_letter_stops_it_before_anything_is_written(house: Any) -> None:
    """A null placeholder is an incident naming it; no message, no journal row, no mail."""
    house.deploy(("send", "send-message", {"letter": "hole"}), WAIT, hole=b"---\nsubject: S\n---\n{{ complaint.nickname }}\n")
    instance = house.start()
    house.engine.run_due()
    assert "{{ complaint.nickname }} of the letter 'hole'" in house.incident(instance)
    assert (house.messages(), house.dispatches(), house.mailer.sent) == ([], [], [])


def test_history_is_not_mailed(house: Any) -> None:
    """A replayed record writes the message and "historical, not sent", in the replay's own transaction, and touches no mail server."""
    house.deploy(SEND, ("tell", "communicate-decision", {"letter": "letter", "outcome": "relief", "reasons": "because"}), WAIT)

    def never(message: EmailMessage) -> None:
        raise AssertionError("mailed")

    house.mailer.answer = never
    with house.engine.batch():
        instance = house.start(held=True)
        house.engine.run_due(instance_id=instance)
        assert house.engine.instance(instance).active_elements == ("wait",)
    assert house.dispatches() == [("historical", "historical, not sent")] * 2
    assert [row["visible"] for row in house.messages()] == [True, True]


def test_history_that_is_rolled_back_leaves_nothing(house: Any) -> None:
    """What a replay wrote goes with its transaction."""
    house.deploy(SEND, WAIT)
    with pytest.raises(Killed), house.engine.batch():
        house.engine.run_due(instance_id=house.start(held=True))
        assert len(house.messages()) == 1
        raise Killed
    assert (house.messages(), house.dispatches()) == ([], [])


def test_nothing_is_mailed_inside_a_batch(house: Any) -> None:
    """A transaction that may be rolled back cannot send; the job is tried again later."""
    house.deploy(SEND, WAIT)
    with house.engine.batch():
        house.start()
        house.engine.run_due()
    assert house.mailer.sent == []
    with house.engine.database.reading() as connection:
        assert "inside a batch" in connection.execute(select(t.job.c.error)).scalar_one()
    house.clock.forward(hours=1)
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org"]


def test_without_a_mailer_it_says_so(house: Any) -> None:
    """An engine that was given no mailer has an incident, not a lost letter."""
    house.engine.registry.shared.pop("mailer")
    house.deploy(SEND, WAIT)
    instance = house.start()
    house.engine.run_due()
    assert "no mailer is set up" in house.incident(instance)


def test_the_folder_takes_the_letters_of_a_process(house: Any, tmp_path: Any) -> None:
    """With the folder mailer the whole way works without a mail server."""
    folder = FolderMailer(tmp_path / "mail")
    house.engine.registry.shared["mailer"] = folder
    house.deploy(SEND, WAIT)
    house.start()
    house.engine.run_due()
    (entry,) = folder.list()
    assert house.dispatches() == [("sent", f"mail/{entry.name}")]
    assert (entry.to, entry.subject, entry.sender) == ("ann@example.org", "About C-1", "Example Ltd <complaints@localhost>")


# -- decisions and escalation
DECIDE = {"letter": "letter", "involved_letter": "to-staff", "outcome": "relief", "reasons": "because"}


def test_a_decision_goes_to_the_complainant_and_to_those_who_worked_on_it(house: Any) -> None:
    """Without names, the staff involved are those who did tasks; both letters know outcome and reasons (ISO 10002, 7.8)."""
    house.user("handler", "handler")
    house.user("other", "handler")
    house.deploy(WAIT, ("tell", "communicate-decision", DECIDE), ("more", "user", {}))
    instance = house.start()
    house.complete(instance)
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org", "handler@example.org"]
    assert house.mailer.sent[1][1].get_body(("plain",)).get_content() == "relief: because\n"
    assert [(row["direction"], row["letter"], row["recipient"]) for row in house.messages()] == [
        ("out", "letter", "Ann"), ("internal", "to-staff", "Handler"),
    ]  # fmt: skip


@pytest.mark.parametrize("involved", ["manager, hans", '=["manager", "account:a-hans"]', '=["manager", "a-hans", "hans", "manager"]'])
def test_the_staff_involved_can_be_named(house: Any, involved: str) -> None:
    """By role, user name, account id or actor; each is told once."""
    for name, role in (("mia", "manager"), ("hans", "handler"), ("zoe", "handler")):
        house.user(name, role)
    house.deploy(("tell", "communicate-decision", {**DECIDE, "involved": involved}), WAIT)
    house.start()
    house.engine.run_due()
    assert house.mailer.to == ["ann@example.org", "hans@example.org", "mia@example.org"]


def test_a_hole_in_either_letter_keeps_both_back(house: Any) -> None:
    """The complainant is not told while the letter to the staff cannot be written."""
    house.user("hans", "handler")
    tell = ("tell", "communicate-decision", {**DECIDE, "involved_letter": "hole", "involved": "handler"})
    house.deploy(tell, WAIT, hole=b"---\nsubject: S\n---\n{{ nothing }}\n")
    instance = house.start()
    house.engine.run_due()
    assert "'hole'" in house.incident(instance)
    assert (house.mailer.sent, house.messages()) == ([], [])


def test_escalation_tells_the_role_and_says_how_far_it_went(house: Any) -> None:
    """Those who hold the role are mailed the letter, and level and role become variables (ISO 10002, 4.12)."""
    house.user("mia", "manager")
    escalate = {"level": "=1 + 1", "role": "manager", "reason": "=complaint.name", "letter": "up"}
    house.deploy(("up", "escalate", escalate), WAIT, up=b"---\nsubject: Level {{ level }}\n---\n{{ reason }} for {{ role }}\n")
    instance = house.start()
    house.engine.run_due()
    ((_, message),) = house.mailer.sent
    assert (message["To"], message["Subject"]) == ("mia@example.org", "Level 2")
    assert message.get_body(("plain",)).get_content() == "Ann for manager\n"
    variables = house.engine.instance(instance).variables
    assert (variables["escalation_level"], variables["escalated_to"]) == (2, "manager")
    assert [(row["direction"], row["visible"]) for row in house.messages()] == [("internal", False)]


def test_escalation_without_a_letter_says_the_same_in_its_own_words(house: Any) -> None:
    """A package need not have a letter for it; the reason is text, whatever is in it."""
    house.user("mia", "manager")
    house.deploy(("up", "escalate", {"level": "1", "role": "manager", "reason": "=complaint.name"}), WAIT)
    house.start(complaint={"name": "<b>late</b>"})
    house.engine.run_due()
    ((_, message),) = house.mailer.sent
    assert message["Subject"] == "Complaint C-1 needs you (level 1)"
    assert message.get_body(("plain",)).get_content() == "The complaint C-1 needs you.\n\nReason: <b>late</b>\n"
    assert "&lt;b&gt;late" in message.get_body(("html",)).get_content()


def test_an_outside_operation_needs_a_database() -> None:
    """Used on its own without one, it says so instead of sending unrecorded."""
    context = OperationContext(
        instance_id="i", element_id="send", business_key=None, actor="job", variables={}, settings={}, package=read_package({}),
        calendars={}, functions={}, now=datetime(2026, 5, 5, tzinfo=UTC), key="i.1",
    )  # fmt: skip
    with pytest.raises(AmendsError, match="no database to write it down in"):
        SendMessage().run({"letter": "l", "to": "complainant", "channel": None}, context)
