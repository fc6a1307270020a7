"""The desk: narrow, sort and keep lists; delegate and return; act on several; cover for who is away; see who has how much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, process, user
from flask.testing import FlaskClient
from sqlalchemy import delete, event, insert

import amends
from amends.application import Application
from amends.engine import Conflict, Forbidden, NotFound
from amends.engine.errors import Invalid
from amends.engine.instances.filters import NEWEST, OLDEST, Filter
from amends.engine.store import fixed
from amends.engine.store import tables as t
from amends.webui import create_app

PASSWORD = "correct horse battery"
MOST_ASKED = 30
"""Statements of one page of the inbox, and of one task."""
PEOPLE = {"hanna": ["handler"], "henry": ["handler"], "lea": ["handler", "team-lead"], "dora": ["decider"]}


class Desk:
    """An installation with people by name and tasks by what they are like."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.people = {name: app.accounts.create(name, name.title(), roles, PASSWORD)[0] for name, roles in PEOPLE.items()}
        self.flask = create_app(app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None)

    def __getitem__(self, name: str) -> str:
        return self.people[name].actor

    def tasks(self, many: int = 1) -> list[Any]:
        """Tasks of as many new complaints."""
        filed = [self.app.register.file({"description": f"Number {number}"}, actor="complainant") for number in range(many)]
        self.app.engine.run_due()
        return [self.app.engine.user_tasks(one.instance_id)[0] for one in filed]

    def task(self, task: Any) -> Any:
        return self.app.engine.user_task(task.id)

    def due(self, task: Any, at: Any) -> None:
        """Let a task be due at an instant, as a diagram could have said."""
        instance_id, _, number = task.id.rpartition(".")
        with self.app.engine.commands.on(instance_id, "test", "system") as work:
            token = work.execution.token(int(number))
            token.internal_data["wait"] = {**token.wait, "due": at}

    def ids(self, **given: Any) -> list[str]:
        return [one.id for one in self.app.engine.user_tasks(**given)]

    def visit(self, name: str) -> FlaskClient:
        client = self.flask.test_client()
        assert self.send(client, "/sign-in", username=name, password=PASSWORD).status_code == 303
        return client

    def send(self, client: FlaskClient, path: str, follow: bool = False, **data: Any) -> Any:
        found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow").text)
        assert found is not None
        return client.post(path, data={"amends_csrf": found[1], **data}, follow_redirects=follow)


@pytest.fixture
def desk(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Desk]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield Desk(app)
    assert app.engine.verify().faults == []
    app.close()


def test_a_list_is_narrowed_by_what_tasks_are_like(desk: Desk, clock: Any) -> None:
    """Each condition alone lets through what it says, and counting says the same as listing."""
    late, soon, other, plain = desk.tasks(4)
    desk.due(late, clock() - timedelta(hours=1))
    desk.due(soon, clock() + timedelta(days=3))
    desk.due(other, clock() + timedelta(days=30))
    desk.due(plain, None)
    engine = desk.app.engine
    engine.claim(late.id, actor=desk["hanna"])
    engine.arrange(soon.id, actor=desk["lea"], priority=90, follow_up_at=clock() + timedelta(days=1))
    desk.app.accounts.set_teams(desk.people["lea"].id, ["North"])
    desk.app.register.people.give_to_team(desk.app.register.get(instance_id=other.instance_id), "North", actor="system")
    every = {late.id, soon.id, other.id, plain.id}
    wanted = {
        Filter(): every,
        Filter(due="late"): {late.id},
        Filter(due="week"): {late.id, soon.id},
        Filter(due="none"): {plain.id},
        Filter(priority=85): {soon.id},
        Filter(holder="nobody"): every - {late.id},
        Filter(holder="somebody"): {late.id},
        Filter(resting="yes"): {soon.id},
        Filter(resting="no"): every - {soon.id},
        Filter(team="North"): {other.id},
        Filter(stage="assessing"): every,
        Filter(stage="closed"): set(),
        Filter(element="assess"): every,
        Filter(element="decide"): set(),
        Filter(group="handler"): every,
        Filter(group="decider"): set(),
        Filter(due="week", holder="nobody"): {soon.id},
    }
    found = {one: set(desk.ids(only=one)) for one in wanted}
    assert found == wanted
    assert {one: engine.count_user_tasks(only=one) for one in wanted} == {one: len(ids) for one, ids in wanted.items()}
    assert all(Filter.from_plain(one.to_plain()) == one for one in wanted)
    clock.move(days=2)
    assert desk.ids(only=Filter(resting="yes")) == []


@pytest.mark.parametrize("wrong", [{"due": "soonish"}, {"priority": "101"}, {"priority": "-1"}, {"holder": "me"}, {"resting": "maybe"}])
def test_what_a_filter_cannot_ask_is_said(wrong: dict[str, str]) -> None:
    """An address that somebody made up is refused in a sentence, not by an error of the database."""
    with pytest.raises(Invalid):
        Filter.from_plain(wrong)


def test_other_orders_are_paged_without_a_gap(desk: Desk, clock: Any) -> None:
    """Waiting longest and newest first; each page begins behind the last task of the one before."""
    tasks = []
    for _ in range(5):
        tasks += desk.tasks()
        clock.move(hours=1)
    ids = [one.id for one in tasks]
    assert desk.ids(order=OLDEST) == ids and desk.ids(order=NEWEST) == ids[::-1]
    assert desk.ids(order=OLDEST, limit=2, after=ids[1]) == ids[2:4] and desk.ids(order=NEWEST, limit=2, after=ids[3]) == [ids[2], ids[1]]
    desk.app.engine.claim(ids[0], actor=desk["hanna"])
    assert desk.ids(order=OLDEST, assignee=desk["hanna"]) == [ids[0]]
    assert desk.ids(order=OLDEST, groups=["handler"], unassigned=True) == ids[1:]
    assert desk.ids(order=OLDEST, assignee=desk["hanna"], groups=["handler"]) == ids


def test_who_delegates_a_task_gets_it_back(desk: Desk) -> None:
    """The delegate does it or returns it; who owns it may take it back; nobody delegates what nobody has, or to who may not do it."""
    (task,) = desk.tasks()
    engine = desk.app.engine
    with pytest.raises(Conflict, match="Nobody has this task"):
        engine.delegate(task.id, desk["henry"], actor=desk["lea"])
    engine.claim(task.id, actor=desk["hanna"])
    with pytest.raises(Forbidden):
        engine.delegate(task.id, desk["henry"], actor=desk["henry"])
    with pytest.raises(Forbidden):
        engine.delegate(task.id, desk["dora"], actor=desk["hanna"])
    engine.delegate(task.id, desk["henry"], actor=desk["hanna"])
    assert (desk.task(task).assignee, desk.task(task).owner) == (desk["henry"], desk["hanna"])
    engine.unclaim(task.id, actor=desk["henry"])
    assert (desk.task(task).assignee, desk.task(task).owner) == (desk["hanna"], None)
    engine.delegate(task.id, desk["henry"], actor=desk["hanna"])
    engine.delegate(task.id, desk["lea"], actor=desk["henry"])
    assert desk.task(task).owner == desk["hanna"], "delegated on, it still goes back to the first"
    engine.unclaim(task.id, actor=desk["hanna"])
    assert (desk.task(task).assignee, desk.task(task).owner) == (desk["hanna"], None)
    engine.unclaim(task.id, actor=desk["hanna"])
    assert desk.task(task).assignee is None


def test_a_preview_says_what_doing_it_would_say(desk: Desk) -> None:
    """Asking changes and records nothing; the answer is the command's own sentence, or nothing where it would be done."""
    (task,) = desk.tasks()
    engine, lea = desk.app.engine, desk["lea"]
    before = engine.history(task.instance_id)
    asked = [("assign", lea, "dora"), ("assign", lea, "henry"), ("assign", desk["hanna"], "henry"), ("claim", desk["dora"], None)]
    asked += [("complete", desk["dora"], None), ("arrange", desk["hanna"], None), ("unclaim", desk["hanna"], None)]
    said = {}
    for command, actor, to in asked:
        said[command, actor, to] = engine.refusal(task.id, command, actor=actor, to=desk[to] if to else None)
    assert engine.history(task.instance_id) == before
    assert said["assign", lea, "henry"] == "" and "may not do" in said["assign", lea, "dora"]
    for (command, actor, to), sentence in said.items():
        if sentence and command != "arrange":
            with pytest.raises(Forbidden) as caught:
                getattr(engine, command)(task.id, *([desk[to]] if to else []), actor=actor)
            assert str(caught.value) == sentence
    assert engine.refusal(task.id, "assign", actor=lea, to=desk["henry"]) == ""
    engine.cancel(task.instance_id, reason="withdrawn", actor="system")
    assert "no longer open" in engine.refusal(task.id, "claim", actor=lea)


def test_several_are_reassigned_after_a_look(desk: Desk) -> None:
    """The preview names what changes and what does not and why; nothing happens until it is agreed to."""
    one, two, three = desk.tasks(3)
    desk.app.register.people.note(desk.app.register.get(instance_id=three.instance_id), desk["henry"], "conflict", actor="system")
    desk.app.engine.claim(one.id, actor=desk["hanna"])
    client = desk.visit("lea")
    sent = {"task": [one.id, two.id, three.id], "assign": desk["henry"], "list": "all"}
    page = desk.send(client, "/inbox", do="assign", **sent).text
    assert "2 tasks: given to Henry" in page and "1 task left as it is" in page and "because they have a conflict of interest" in page
    assert [desk.task(task).assignee for task in (one, two, three)] == [desk["hanna"], None, None]
    told = desk.send(client, "/inbox", follow=True, do="assign", sure="yes", task=[one.id, two.id], value=desk["henry"], list="all").text
    assert "2 tasks are changed: given to Henry." in told
    assert [desk.task(task).assignee for task in (one, two, three)] == [desk["henry"], desk["henry"], None]
    desk.send(client, "/inbox", do="priority", sure="yes", task=[one.id, two.id], value="90", list="all")
    desk.send(client, "/inbox", do="follow_up", sure="yes", task=[two.id], value="2026-04-01", list="all")
    assert [desk.task(task).priority for task in (one, two)] == [90, 90]
    assert (desk.task(one).follow_up_at, desk.task(two).follow_up_at.isoformat()) == (None, "2026-04-01T05:00:00+00:00")
    assert "none was chosen" in desk.send(client, "/inbox", do="assign", assign=desk["henry"]).text
    assert desk.send(client, "/inbox", do="assign", task=[one.id], assign="").status_code == 422


def test_lists_are_kept_shared_and_removed(desk: Desk) -> None:
    """A kept list shows what it showed; a shared one stands beside everybody's inbox; only whoever made it removes it."""
    (urgent, other) = desk.tasks(2)
    desk.app.engine.arrange(urgent.id, actor=desk["lea"], priority=90)
    hanna, henry = desk.visit("hanna"), desk.visit("henry")
    kept = desk.send(hanna, "/inbox/lists", follow=True, list="all", priority="85", name="Burning", shared="yes")
    assert "The list “Burning” is kept for everybody." in kept.text
    assert urgent.id in kept.text and other.id not in kept.text
    own = desk.send(hanna, "/inbox/lists", list="teams", order="oldest", name="My own")
    assert own.status_code == 303
    page = henry.get("/inbox").text
    assert "Burning" in page and "My own" not in page
    (shared,) = desk.app.accounts.saved.of(desk.people["henry"].id)
    assert (shared.filter, shared.list, shared.mine) == (Filter(priority=85), "all", False)
    assert desk.send(henry, "/inbox/lists/remove", saved=shared.id).status_code == 403
    assert desk.send(hanna, "/inbox/lists", name=" ", list="all").status_code == 422
    assert "The list is removed." in desk.send(hanna, "/inbox/lists/remove", follow=True, saved=shared.id).text
    with pytest.raises(NotFound):
        desk.app.accounts.saved.remove(desk.people["hanna"].id, shared.id)


def test_who_covers_does_the_work_of_who_is_away(desk: Desk, clock: Any) -> None:
    """Only while they are away: sees it, completes it, gives it to others; what the covering person may not do anyway, they may not do."""
    (task, second) = desk.tasks(2)
    engine, absences = desk.app.engine, desk.app.accounts.absences
    for one in (task, second):
        engine.claim(one.id, actor=desk["hanna"])
    complaint = desk.app.register.get(instance_id=task.instance_id)
    desk.app.register.people.mark(complaint, confidential=True, actor="system")
    day = timedelta(days=1)
    away = absences.add(desk.people["hanna"].id, clock() + day, clock() + 3 * day, desk.people["henry"].id, actor=desk["hanna"])
    refused = "belongs to Hanna"
    with pytest.raises(Forbidden, match=refused):
        engine.complete(second.id, {}, actor=desk["henry"])
    clock.move(days=1)
    assert desk.app.policy.allows(desk["henry"], "read", instance_id=task.instance_id), "confidential, and theirs to do now"
    page = desk.visit("henry").get("/inbox").text
    assert "For Hanna" in page
    listed = desk.visit("henry").get(f"/inbox?list=cover:{desk.people['hanna'].id}").text
    assert task.id in listed and second.id in listed
    engine.assign(task.id, desk["henry"], actor=desk["henry"])
    desk.app.register.people.note(desk.app.register.get(instance_id=second.instance_id), desk["henry"], "involved", actor="system")
    with pytest.raises(Forbidden, match="is about them"):
        engine.complete(second.id, {}, actor=desk["henry"])
    clock.move(days=2)
    assert "For Hanna" not in desk.visit("henry").get("/inbox").text
    assert absences.coming() == [] and away.cover == desk["henry"]


def test_absences_are_noted_by_oneself_or_a_lead(desk: Desk, clock: Any) -> None:
    """With sentences for what cannot be; taken back, they are over."""
    hanna = desk.visit("hanna")
    sent = {"do": "away", "begins": "2026-03-03", "ends": "2026-03-04", "cover": desk["henry"]}
    assert "The absence is noted." in desk.send(hanna, "/account/away", follow=True, **sent).text
    (noted,) = desk.app.accounts.absences.coming(desk.people["hanna"].id)
    assert (noted.begins_at.isoformat(), noted.ends_at.isoformat()) == ("2026-03-03T00:00:00+00:00", "2026-03-05T00:00:00+00:00")
    assert desk.send(hanna, "/account/away", **{**sent, "ends": "2026-03-01"}).status_code == 422
    assert desk.send(hanna, "/account/away", **{**sent, "begins": "soon"}).status_code == 422
    assert desk.send(hanna, "/account/away", do="capacity", capacity="1").status_code == 403
    assert desk.send(hanna, f"/workload/{desk.people['henry'].id}", **sent).status_code == 403
    lea = desk.visit("lea")
    assert desk.send(lea, f"/workload/{desk.people['hanna'].id}", do="here", absence=noted.id).status_code == 303
    assert desk.app.accounts.absences.coming() == []
    own = desk.people["hanna"].id
    with pytest.raises(Invalid):
        desk.app.accounts.absences.add(own, clock(), clock() + timedelta(days=1), own, actor="system")


def test_a_lead_sees_who_has_how_much_and_what_will_be_late(desk: Desk, clock: Any) -> None:
    """Against everybody's capacity; by the end of the fifth working day, each with the reason; reassigned by selection from there."""
    tasks = desk.tasks(5)
    for task, days in zip(tasks, (-1, 3, 4, 6, 20), strict=True):
        desk.due(task, clock() + timedelta(days=days))
    engine, lea = desk.app.engine, desk.visit("lea")
    for task in (tasks[1], tasks[3]):
        engine.assign(task.id, desk["hanna"], actor=desk["lea"])
    engine.assign(tasks[2].id, desk["henry"], actor=desk["lea"])
    desk.app.accounts.absences.add(desk.people["henry"].id, clock(), clock() + timedelta(days=9), None, actor="system")
    desk.send(lea, f"/workload/{desk.people['hanna'].id}", do="capacity", capacity="1")
    page = lea.get("/workload").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Hanna 2 of 1 2 of 1 Over 0 2" in words and "Henry 1 of 20 1 of 20 0 1 until" in words
    for why in ("It is late already.", "has 2 tasks, and 1 are a full desk.", "is away, and nobody covers."):
        assert why in words
    # From Monday 2 March the fifth working day is Monday the 9th: what is due on Sunday the 8th counts, what is due on the 22nd does not.
    assert [one.id in page for one in tasks] == [True, True, True, True, False]
    preview = desk.send(lea, "/inbox", do="assign", task=[tasks[1].id], assign=desk["lea"], list="workload")
    assert "1 task: given to Lea" in preview.text
    done = desk.send(lea, "/inbox", do="assign", sure="yes", task=[tasks[1].id], value=desk["lea"], list="workload")
    assert done.location == "/workload" and desk.task(tasks[1]).assignee == desk["lea"]
    assert desk.visit("hanna").get("/workload").status_code == 403


def test_following_up_and_delegating_by_pages(desk: Desk) -> None:
    """The task's page shows whose it is and for whom, and returns it."""
    (task,) = desk.tasks()
    hanna, henry = desk.visit("hanna"), desk.visit("henry")
    desk.send(hanna, f"/tasks/{task.id}/claim")
    desk.send(hanna, f"/tasks/{task.id}/arrange", priority="70", follow_up="2026-03-20")
    assert (desk.task(task).priority, desk.task(task).follow_up_at.date().isoformat()) == (70, "2026-03-20")
    assert desk.send(hanna, f"/tasks/{task.id}/arrange", priority="70", follow_up="someday").status_code == 422
    desk.send(hanna, f"/tasks/{task.id}/assign", assignee=desk["henry"], do="delegate")
    page = henry.get(f"/tasks/{task.id}").text
    assert "Return it to Hanna" in page
    desk.send(henry, f"/tasks/{task.id}/release")
    assert desk.task(task).assignee == desk["hanna"]


def test_a_task_without_a_filterable_complaint_is_listed(desk: Desk, bpmn: Callable[..., Path]) -> None:
    """Work of a process that is no complaint stands in the inbox like any other."""
    group = '<zeebe:assignmentDefinition candidateGroups="handler"/>'
    desk.app.engine.deploy(bpmn(process(element("startEvent", "s") + user("a", ext=group) + flows("s>a"))))
    instance_id = desk.app.engine.start("p", actor="system")
    assert desk.ids(actor=desk["hanna"]) == [f"{instance_id}.{desk.app.engine.user_tasks(instance_id)[0].id.rpartition('.')[2]}"]
    assert desk.visit("hanna").get("/inbox?list=teams").status_code == 200


def test_a_page_asks_the_database_as_often_for_many_tasks_as_for_few(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inbox, the work of a team and one task ask a set number of times, whatever they show and however often it is needed."""
    asked: list[str] = []
    lea = desk.visit("lea")

    def times(path: str) -> int:
        asked.clear()
        assert lea.get(path).status_code == 200
        return sum(not statement.startswith("BEGIN") for statement in asked)

    (task,) = desk.tasks()
    event.listen(desk.app.engine.database.sql, "before_cursor_execute", lambda *given: asked.append(given[2]))
    monkeypatch.setattr(fixed, "WATCHERS", [asked.append])  # those that SQLAlchemy's events do not see
    before = [times("/inbox?list=all"), times("/workload"), times(f"/tasks/{task.id}")]
    desk.tasks(9)
    after = [times("/inbox?list=all"), times("/workload"), times(f"/tasks/{task.id}")]
    assert after == before and max(before[0], before[2]) <= MOST_ASKED, (before, after)


def test_what_is_known_for_a_page_is_asked_anew_after_every_change(desk: Desk) -> None:
    """Remembered for as long as a page is made, and no longer: not in a transaction, not after one, not for the next page."""
    accounts, database, hanna = desk.app.accounts, desk.app.engine.database, desk.people["hanna"].id
    with database.remembering():
        assert accounts.get(hanna).roles == {"handler"} and accounts.teams(hanna) == set()
        with desk.app.engine.database.sql.begin() as other:  # as another process would
            other.execute(insert(t.account_team), {"account_id": hanna, "team": "north"})
        assert accounts.teams(hanna) == set()
        with database.transaction():
            assert accounts.teams(hanna) == {"north"}
        assert accounts.teams(hanna) == {"north"}
        accounts.set_roles(hanna, ["decider"])
        assert accounts.get(hanna).roles == {"decider"}
        accounts.teams(hanna).clear()
        assert accounts.teams(hanna) == {"north"}
        with desk.app.engine.database.sql.begin() as other:
            other.execute(delete(t.account_team))
    assert accounts.teams(hanna) == set()


def test_what_is_known_for_a_page_stays_when_it_is_noted_who_reads_it(desk: Desk) -> None:
    """A page that writes down that it was read has changed nothing it shows; any other change within that makes it forget as ever."""
    accounts, engine, hanna = desk.app.accounts, desk.app.engine, desk.people["hanna"].id
    (task,) = desk.tasks()
    with engine.remembering():
        assert accounts.teams(hanna) == set()
        with engine.database.sql.begin() as other:  # as another process would
            other.execute(insert(t.account_team), {"account_id": hanna, "team": "north"})
        engine.record_read(task.instance_id, "task", actor=desk["hanna"])
        desk.app.register.presence.look(task.instance_id, hanna)
        assert accounts.teams(hanna) == set()
        with engine.batch(beside=True):
            assert accounts.teams(hanna) == {"north"}
            accounts.set_roles(hanna, ["decider"])
        assert accounts.teams(hanna) == {"north"} and accounts.get(hanna).roles == {"decider"}
