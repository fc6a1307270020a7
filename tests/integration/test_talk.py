"""Full-text search, comments that call people in, complaints that belong together, and who is looking, with permissions applied."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from decided import ASSESSED, INVESTIGATED
from sqlalchemy import select, text

import amends
from amends.application import Application
from amends.engine import Conflict, Forbidden, NotFound
from amends.engine.complaints.talk import News
from amends.engine.errors import Invalid
from amends.engine.store.tables import metadata
from amends.webui import create_app

PASSWORD = "correct horse battery"
PEOPLE = {"hanna": ["handler"], "henry": ["handler"], "lea": ["handler", "team-lead"], "ann": ["auditor"]}
LEAK = "The washing machine leaked and flooded my kitchen floor two days after your engineer repaired the pump."
AGAIN = "My washing machine leaked again: the kitchen floor was flooded, although the engineer had repaired its pump."
OTHER = "I was charged twice for the same season ticket on my credit card statement."


class House:
    def __init__(self, app: Application) -> None:
        self.app, self.register = app, app.register
        self.people = {name: app.accounts.create(name, name.title(), roles, PASSWORD)[0] for name, roles in PEOPLE.items()}

    def __getitem__(self, name: str) -> str:
        return self.people[name].actor

    def file(self, description: str, name: str = "", **more: str) -> Any:
        filed = self.register.file({"description": description, "name": name, **more}, actor="complainant")
        return self.register.get(filed.reference)

    def found(self, words: str, who: str | None = None) -> set[str]:
        return {one.reference for one in self.register.search(words, actor=None if who is None else self[who])}


@pytest.fixture
def house(database_url: str, tmp_path: Path, clock: Any) -> Iterator[House]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield House(app)
    assert app.engine.verify().faults == []
    app.close()


# -- search


def test_words_are_found_wherever_they_were_said(house: House) -> None:
    """In what was filed beyond the subject, names, letters, what was received and comments; by their beginnings, in any order and case."""
    leak, other = house.file(LEAK, "Zoë Müller", email="zoe@example.org"), house.file(OTHER, "Kim Roe")
    house.app.engine.run_due()
    house.register.receive(leak, "My neighbour downstairs has water damage too", author="complainant", subject="Ceiling")
    house.register.talk.say(leak, "The plumber knows the building", actor=house["hanna"])
    by_words = ("pump", "PUMP repaired", "engin kitch", "zoë", "zoe@example.org", "neighbour water", "ceiling", "plumber")
    for words in (*by_words, leak.reference):
        assert house.found(words) == {leak.reference}, words
    assert house.found(leak.reference.replace("-", " ").lower()) == {leak.reference}
    assert house.found("season") == {other.reference}
    letter = next(one for one in house.register.thread(other, internal=True) if one.direction == "out")
    assert house.found(f"{letter.subject.split()[0]} {other.reference}") == {other.reference}
    assert house.found("pump season") == set() and house.found("ump") == set()
    for odd in ('"', "'; DROP TABLE x", "* NOT -", "pump OR season", "& | !", "(", "pump:*"):
        house.found(odd)
    assert house.found("") == {leak.reference, other.reference}


def test_nobody_finds_what_they_may_not_see(house: House) -> None:
    """Not by any word of it; who may see it does."""
    leak = house.file(LEAK)
    house.register.people.note(leak, house["henry"], "involved", actor="system")
    house.register.people.mark(leak, confidential=True, actor="system")
    assert [house.found("pump", name) for name in PEOPLE] == [set(), set(), {leak.reference}, {leak.reference}]
    house.register.people.note(leak, house["hanna"], "admitted", actor="system")
    assert house.found("pump", "hanna") == {leak.reference} and house.found("pump", "henry") == set()


def test_what_is_changed_or_erased_is_found_no_more(house: House) -> None:
    """The index holds nothing of an erased complaint, not even in its own tables."""
    leak = house.file("Zephyrine's washing machine")
    house.register.receive(leak, "It is Zephyrine", author="complainant")
    house.register.talk.say(leak, "Zephyrine again", actor=house["hanna"])
    assert house.found("zephyrine") == {leak.reference}
    house.app.engine.cancel(leak.instance_id, reason="withdrawn", actor="system")
    house.register.erase(leak, reason="asked for", actor="system")
    assert house.found("zephyrine") == set() and house.found("washing") == set()
    with house.app.engine.database.reading() as connection:
        bodies = connection.execute(select(metadata.tables["search_document"].c.body)).scalars().all()
        assert "ephyrine" not in repr(bodies)
        if house.app.engine.database.sqlite:
            blocks = connection.execute(text("SELECT block FROM search_index_data")).scalars().all()
            assert b"zephyrine" not in b"".join(bytes(block) for block in blocks)


# -- comments


def test_a_comment_calls_people_in_until_they_have_looked(house: House, clock: Any) -> None:
    """By @ and the user name; an address is no call; whoever opened the complaint is called no more."""
    leak, talk = house.file(LEAK), house.register.talk
    talk.say(leak, "What do you think, @Henry? (@lea: for you too. Write to jo@hanna.example)", actor=house["hanna"])
    (said,) = talk.of(leak)
    assert (said.author, said.mentions) == (house["hanna"], tuple(sorted((house["henry"], house["lea"]))))
    assert [len(talk.unseen(house.people[name].id)) for name in PEOPLE] == [0, 1, 1, 0]
    talk.seen(leak, house.people["henry"].id)
    assert [len(talk.unseen(house.people[name].id)) for name in PEOPLE] == [0, 0, 1, 0]
    house.register.people.note(leak, house["lea"], "conflict", actor="system")
    assert talk.unseen(house.people["lea"].id) == [], "who may not see it any more is not called to it"


def test_nobody_is_called_who_would_never_hear_it(house: House) -> None:
    """A name nobody has, and somebody who may not see the complaint, are said at once; nothing is kept."""
    leak, talk = house.file(LEAK), house.register.talk
    house.register.people.note(leak, house["henry"], "involved", actor="system")
    with pytest.raises(Invalid) as caught:
        talk.say(leak, "@henry and @nobody, please", actor=house["hanna"])
    assert caught.value.fields["comment"] == ["Nobody here is called @nobody", "@henry may not see this complaint"]
    for body in (" ", "x" * 10_001):
        with pytest.raises(Invalid):
            talk.say(leak, body, actor=house["hanna"])
    for who in ("henry", "ann"):
        with pytest.raises(Forbidden):
            talk.say(leak, "Hello", actor=house[who])
    assert talk.of(leak) == []


# -- what belongs together


def test_what_belongs_together_is_suggested_and_linked_by_a_person(house: House) -> None:
    """The same complainant first, then texts alike; what has other words is not; linked, it is suggested no more, from either side."""
    leak, again, other = house.file(LEAK, "Jo Roe"), house.file(AGAIN, "Kim Doe"), house.file(OTHER, "Jo Roe")
    relations = house.register.relations
    suggested = relations.suggest(leak, actor=house["hanna"])
    assert [(one.reference, one.why) for one in suggested] == [
        (other.reference, "From the same complainant"),
        (again.reference, "Says much the same"),
    ]
    assert suggested[1].alike > 0.3
    assert relations.of(leak) == []
    relations.link(leak, again, "duplicate", actor=house["hanna"])
    relations.link(again, leak, "related", actor=house["henry"])
    assert [(one.instance_id, one.kind, one.noted_by) for one in relations.of(leak)] == [(again.instance_id, "related", house["henry"])]
    assert [one.instance_id for one in relations.of(again)] == [leak.instance_id]
    assert [one.reference for one in relations.suggest(again, actor=house["hanna"])] == []
    assert [event.kind for event in house.app.engine.history(again.instance_id)][-1] == "linked"
    relations.unlink(again, leak, actor=house["hanna"])
    assert relations.of(leak) == []
    with pytest.raises(NotFound):
        relations.unlink(leak, again, actor="system")
    with pytest.raises(Conflict):
        relations.link(leak, leak, "related", actor="system")
    with pytest.raises(Invalid):
        relations.link(leak, again, "cousin", actor="system")


def test_nothing_is_suggested_or_linked_that_one_may_not_see(house: House) -> None:
    """A confidential complaint of the same words is no suggestion, and cannot be linked; a reader links nothing."""
    leak, again = house.file(LEAK, "Jo Roe"), house.file(AGAIN, "Jo Roe")
    house.register.people.mark(again, confidential=True, actor="system")
    relations = house.register.relations
    assert relations.suggest(leak, actor=house["hanna"]) == []
    assert [one.reference for one in relations.suggest(leak, actor=house["lea"])] == [again.reference]
    for who in ("hanna", "ann"):
        with pytest.raises(Forbidden):
            relations.link(leak, again, "related", actor=house[who])


def test_the_text_library_is_not_loaded_before_somebody_asks(tmp_path: Path) -> None:
    """Starting, filing and serving do without scikit-learn; it takes a second and memory."""
    script = (
        "import sys, amends\n"
        "from amends.webui import create_app\n"
        f"app = amends.open(data={str(tmp_path / 'data')!r})\n"
        "app.deploy_shipped(); create_app(app)\n"
        "app.register.file({'description': 'x'}, actor='complainant')\n"
        "print('sklearn' in sys.modules); app.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip().splitlines()[-1] == "False"


# -- presence, and the pages


def test_one_sees_who_else_is_looking(house: House, clock: Any) -> None:
    """For a minute after their last sign."""
    leak, presence = house.file(LEAK), house.register.presence
    assert presence.look(leak.instance_id, house.people["hanna"].id) == []
    assert presence.look(leak.instance_id, house.people["henry"].id) == [house["hanna"]]
    clock.move(seconds=50)
    assert presence.look(leak.instance_id, house.people["henry"].id) == [house["hanna"]]
    clock.move(seconds=20)
    assert presence.look(leak.instance_id, house.people["henry"].id) == []
    assert presence.look(leak.instance_id, house.people["hanna"].id) == [house["henry"]]


def test_a_list_knows_what_is_new_to_somebody(house: House, clock: Any) -> None:
    """Messages and what others said since they last looked; of what they never looked at, nothing can be said."""
    leak, other = house.file(LEAK), house.file(OTHER)
    presence, hanna, ids = house.register.presence, house.people["hanna"].id, [leak.instance_id, other.instance_id]
    assert presence.news(hanna, ids) == {} and presence.news(hanna, []) == {}
    presence.look(leak.instance_id, hanna)
    assert presence.news(hanna, ids) == {}, "who was there and was shown nothing has seen nothing"
    presence.look(leak.instance_id, hanna, messages=clock(), comments=clock())
    clock.move(minutes=5)
    house.register.receive(leak, "Any news?", author="complainant")
    house.register.talk.say(leak, "Mine", actor=house["hanna"])
    house.register.talk.say(leak, "Another's", actor=house["henry"])
    assert presence.news(hanna, ids) == {leak.instance_id: News(1, 1)}
    clock.move(minutes=5)
    presence.look(leak.instance_id, hanna)
    assert presence.news(hanna, ids) == {leak.instance_id: News(1, 1)}
    presence.look(leak.instance_id, hanna, messages=clock())
    assert presence.news(hanna, ids) == {leak.instance_id: News(0, 1)}
    presence.look(leak.instance_id, hanna, comments=clock())
    assert presence.news(hanna, ids) == {leak.instance_id: News(0, 0)}
    presence.look(other.instance_id, hanna, messages=clock(), comments=clock())
    clock.move(days=91)
    presence.look(leak.instance_id, house.people["henry"].id)
    assert presence.news(hanna, ids) == {}, "it does not count for ever who looked when"
    assert presence.forget in house.app.keeper.chores and [presence.forget(), presence.forget()] == [2, 0]


def test_the_inbox_and_the_task_say_it(house: House, clock: Any) -> None:
    """What nobody has looked at is new to who has it; then what came since; and who else is looking, on the task too."""
    app = create_app(house.app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None)
    leak = house.file(LEAK)
    (task,) = house.app.engine.user_tasks(leak.instance_id)
    house.app.engine.claim(task.id, actor=house["hanna"])
    client = app.test_client()
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/sign-in").text)
    assert found is not None
    client.post("/sign-in", data={"amends_csrf": found[1], "username": "hanna", "password": PASSWORD})
    assert 'app-tag--new">New<' in client.get("/inbox").text
    house.register.presence.look(leak.instance_id, house.people["henry"].id)
    assert "Henry is looking at this too" in client.get(f"/tasks/{task.id}").text
    assert "app-tag--new" not in client.get("/inbox").text
    clock.move(minutes=5)
    for number in range(2):
        house.register.receive(leak, f"Any news? {number}", author="complainant")
    house.register.talk.say(leak, "Ask them", actor=house["henry"])
    assert 'app-tag--new">2 new messages, 1 new comment<' in client.get("/inbox").text
    clock.move(seconds=30)
    client.get(f"/complaints/{leak.reference}/looking")
    assert 'app-tag--new">2 new messages, 1 new comment<' in client.get("/inbox").text, "a page that stands open shows nothing new"
    clock.move(seconds=30)
    page = client.get(f"/tasks/{task.id}").text
    assert "Ask them" not in page and "Any news? 0" in page
    assert 'app-tag--new">1 new comment<' in client.get("/inbox").text, "a task's page shows messages and no comments"
    assert "Ask them" in client.get(f"/complaints/{leak.reference}").text
    assert "app-tag--new" not in client.get("/inbox").text
    clock.move(minutes=5)
    for number in range(5):
        house.register.receive(leak, f"Once more, {number}", author="complainant")
        clock.move(minutes=1)
    page = client.get(f"/tasks/{task.id}").text
    assert [f"Once more, {number}" in page for number in range(5)] == [True] * 5, "what it makes seen, it shows"
    assert "Any news?" not in page and "Once more, 0" not in client.get(f"/tasks/{task.id}").text
    clock.move(minutes=5)
    house.app.engine.complete(task.id, {**ASSESSED, "severity": "high"}, actor=house["hanna"])
    house.app.engine.run_due()
    (found_out,) = house.app.engine.user_tasks(leak.instance_id)
    house.app.engine.complete(found_out.id, INVESTIGATED, actor=house["hanna"])
    house.app.engine.run_due()
    house.register.receive(leak, "And now?", author="complainant")
    (decide,) = house.app.engine.user_tasks(leak.instance_id)
    assert "is not shown to you" in client.get(f"/tasks/{decide.id}").text
    news = house.register.presence.news(house.people["hanna"].id, [leak.instance_id])
    assert news == {leak.instance_id: News(1, 0)}, "who is barred from a task is shown nothing of it"


def test_the_pages_of_all_that(house: House) -> None:
    """Comment, call, link and look by pages; a mistake gives back what was typed; what is hidden stays so."""
    app = create_app(house.app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None)
    leak, again = house.file(LEAK, "Jo Roe"), house.file(AGAIN, "Jo Roe")

    def visit(name: str) -> Any:
        client = app.test_client()
        assert send(client, "/sign-in", username=name, password=PASSWORD).status_code == 303
        return client

    def send(client: Any, path: str, follow: bool = False, **data: str) -> Any:
        found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow").text)
        assert found is not None
        return client.post(path, data={"amends_csrf": found[1], **data}, follow_redirects=follow)

    hanna, henry = visit("hanna"), visit("henry")
    wrong = send(hanna, f"/complaints/{leak.reference}/comment", comment="Ask @nobody about it")
    assert wrong.status_code == 422 and "Ask @nobody about it" in wrong.text and "Nobody here is called @nobody" in wrong.text
    said = send(hanna, f"/complaints/{leak.reference}/comment", follow=True, comment="Ask @henry about it")
    assert "Ask @henry about it" in said.text and "to Henry" in said.text
    assert "Called in" in henry.get("/inbox").text and leak.reference in henry.get("/mentions").text
    page = henry.get(f"/complaints/{leak.reference}").text
    assert "Hanna is looking at this too" in page
    assert "Called in" not in henry.get("/inbox").text
    assert "Henry is looking at this too" in hanna.get(f"/complaints/{leak.reference}/looking").text
    assert again.reference in hanna.get(f"/complaints/{leak.reference}/similar").text
    linked = send(hanna, f"/complaints/{leak.reference}/related", follow=True, other=again.reference.lower(), kind="duplicate")
    assert "Says the same again" in linked.text
    house.register.people.mark(again, confidential=True, actor="system")
    page = hanna.get(f"/complaints/{leak.reference}").text
    assert again.reference not in page and "Hidden from you" in page
    answer = send(hanna, f"/complaints/{leak.reference}/related", other="", kind="related")
    assert answer.status_code == 422 and "Enter the reference of a complaint" in answer.text
    by_word = send(hanna, "/complaints", text="flooded")
    assert by_word.location == f"/complaints/{leak.reference}", "the only one that may be seen is opened at once"


def test_comments_are_personal_and_go_with_an_erasure(house: House) -> None:
    """The words of a comment are empty afterwards; that there was one stays."""
    leak = house.file(LEAK)
    house.register.talk.say(leak, "Jo lives in Row 7", actor=house["hanna"])
    house.app.engine.cancel(leak.instance_id, reason="withdrawn", actor="system")
    house.register.erase(leak, reason="asked for", actor="system")
    assert [one.body for one in house.register.talk.of(leak)] == [""]
