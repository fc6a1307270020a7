"""What operators do, on pages that work without JavaScript and from the command line: seen before it is done, with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from driving import HEAD, element, flows, process, user
from flask.testing import FlaskClient

import amends
from amends.application import Application
from amends.cli import main
from amends.engine.services import Operation, OperationContext
from amends.webui import create_app

PASSWORD = "correct horse battery"
EXT = '<zeebe:taskDefinition type="fails" retries="1"/>'
EXT += '<zeebe:ioMapping><zeebe:input source="=&quot;post&quot;" target="way"/></zeebe:ioMapping>'
BODY = element("startEvent", "s") + user("a") + element("serviceTask", "t", ext=EXT) + user("b") + element("endEvent", "e")
DIAGRAM = HEAD.format(process(BODY + flows("s>a", "a>t", "t>b", "b>e"))).encode()


class Fails(Operation):
    """Always fails."""

    type, title = "fails", "Fails"

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        raise ConnectionError("the server is away")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    """An installation with a process of ours and an administrator."""
    app = amends.open(data=tmp_path / "data")
    app.engine.registry.operations["fails"] = Fails
    app.engine.deploy({"p.bpmn": DIAGRAM})
    app.accounts.create("op", "Olga Operator", ["admin"], PASSWORD)
    app.accounts.create("hand", "Hal Handler", ["handler"], PASSWORD)
    yield app
    app.close()


@pytest.fixture
def client(app: Application) -> FlaskClient:
    """The administrator's browser."""
    return signed_in(app, "op")


def signed_in(app: Application, username: str) -> FlaskClient:
    client = create_app(app, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_SIGN_IN=None).test_client()
    sent = {"username": username, "password": PASSWORD, "amends_csrf": token_of(client)}
    assert client.post("/sign-in", data=sent).status_code == 303
    return client


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/follow").text)
    assert found is not None
    return found[1]


def post(client: FlaskClient, address: str, expect: int, **data: Any) -> str:
    answer = client.post(address, data={**data, "amends_csrf": token_of(client)})
    assert answer.status_code == expect, answer.text
    return answer.text


def test_a_change_is_shown_and_then_made(app: Application, client: FlaskClient) -> None:
    """The overview leads to the instance; what would change is said in the diagram's words; then it is done, with who and why."""
    instance_id = app.engine.start("p", {}, "K-1", actor="system")
    deployment = app.engine.latest("p").id
    assert f"/operating/instances?deployment_id={deployment}&amp;state=active" in client.get("/operating").text
    assert f"/operating/instances/{instance_id}" in client.get(f"/operating/instances?deployment_id={deployment}&state=active").text
    address = f"/operating/instances/{instance_id}"
    asked = {"command": "modify", "before": "b", "cancel": "a", "variables": "n = 5\ntext = hello", "reason": "by phone"}
    assert "Say why; auditors read this" in post(client, address, 422, **{**asked, "reason": ""}, do="do")
    assert "Write &#39;what&#39; as NAME = VALUE" in post(client, address, 422, **{**asked, "variables": "what"}, do="do")
    assert "Nothing would be left" in post(client, address, 422, **{**asked, "before": ""}, do="do")
    shown = post(client, address, 200, **asked, do="look")
    assert "It leaves: a" in shown and "It comes to: b" in shown and "Variables that change: n, text" in shown
    assert app.engine.instance(instance_id).active_elements == ("a",)
    key = shown.partition('name="key" value="')[2].partition('"')[0]
    assert len(key) == 16
    for _ in range(2):  # a button pressed twice
        post(client, address, 303, **asked, do="do", key=key)
    view = app.engine.instance(instance_id)
    assert (view.active_elements, dict(view.variables)) == (("b",), {"n": 5, "text": "hello"})
    done = [event for event in app.engine.history(instance_id) if event.command == "modify"]
    assert {event.actor for event in done} == {app.accounts.by_username("op").actor}  # type: ignore[union-attr]
    assert [event.data["values"] for event in done if event.kind == "reason"] == [{"reason": "by phone"}]


def test_rest_go_on_end_and_run_again(app: Application, client: FlaskClient) -> None:
    """Each by its button; what cannot be done is not offered."""
    instance_id = app.engine.start("p", {}, actor="system")
    address = f"/operating/instances/{instance_id}"
    states = []
    for command in ("suspend", "resume", "cancel", "restart"):
        assert f'value="{command}"' in client.get(address).text
        post(client, address, 303, command=command, do="do", reason="so", before="b")
        states.append(app.engine.instance(instance_id).state)
    assert states == ["suspended", "active", "terminated", "active"]
    assert app.engine.instance(instance_id).active_elements == ("b",)


def test_what_is_held_up_is_skipped(app: Application, client: FlaskClient) -> None:
    """With what it would have given."""
    instance_id = app.engine.start("p", {}, actor="system")
    app.engine.modify(instance_id, before=["t"], cancel=["a"], reason="so", actor="system")
    app.engine.run_due()
    (held,) = app.engine.incidents()
    address = f"/operating/instances/{instance_id}"
    assert "the server is away" in client.get(address).text and re.search(r"What it was given.*way.*post", client.get(address).text, re.S)
    asked = {"incident": held.id, "variables": "sent = true", "reason": "sent by hand"}
    post(client, address, 303, **{**asked, "variables": "who = Kim"}, go="retry")
    assert app.engine.instance(instance_id).variables["who"] == "Kim"
    app.engine.run_due()
    (held,) = app.engine.incidents()
    asked["incident"] = held.id
    assert "It comes to: b" in post(client, address, 200, **asked, go="look") and app.engine.incidents() == [held]
    post(client, address, 303, **asked, go="skip")
    assert app.engine.instance(instance_id).variables["sent"] is True and app.engine.incidents() == []


def test_a_process_and_an_operation_rest_and_go_on(app: Application, client: FlaskClient) -> None:
    """Who, since when and why is on the page as long as they rest."""
    for what in ("operation:fails", "process:p"):
        assert "Choose what is to rest" in post(client, "/operating/rest", 422, what="", do="suspend", reason="down")
        assert "Say why; auditors read this" in post(client, "/operating/rest", 422, what=what, do="suspend", reason="")
        post(client, "/operating/rest", 303, what=what, do="suspend", reason="the server is down")
        page = client.get("/operating").text
        assert "the server is down" in page and "Olga Operator" in page and f'value="{what}"' in page
        assert post(client, "/operating/rest", 409, what=what, do="suspend", reason="again")
        post(client, "/operating/rest", 303, what=what, do="resume", reason="it is back")
        assert app.engine.suspensions() == []


def test_it_is_for_operators_alone(app: Application) -> None:
    """Who works on complaints has no access, and nothing is changed."""
    instance_id = app.engine.start("p", {}, actor="system")
    client = signed_in(app, "hand")
    for address in ("/operating", "/operating/instances", f"/operating/instances/{instance_id}"):
        assert client.get(address).status_code == 403
    post(client, f"/operating/instances/{instance_id}", 403, command="cancel", do="do", reason="so")
    assert app.engine.instance(instance_id).state == "active"


def test_what_rests_is_said_to_whoever_works_on_it(app: Application) -> None:
    """Nobody was faster: it rests, and what was typed is given back."""
    instance_id = app.engine.start("p", {}, actor="system")
    app.engine.suspend(instance_id, reason="so", actor="system")
    (task,) = app.engine.user_tasks(instance_id)
    app.engine.access = None
    answer = post(signed_in(app, "op"), f"/operating/instances/{instance_id}", 409, command="modify", do="do", before="b", reason="so")
    assert "This rests for now" in answer and task.state == "open"


def test_instances_are_moved_to_another_version(app: Application, client: FlaskClient) -> None:
    """What has no place is said; where it goes can be chosen; a trial run says what stops whom; then they are moved, with a reason."""
    old = app.engine.latest("p").id
    ids = [app.engine.start("p", {}, f"K-{number}", actor="system") for number in range(3)]
    body = element("startEvent", "s") + user("z") + user("b") + element("endEvent", "e") + flows("s>z", "z>b", "b>e")
    new = app.engine.deploy({"p.bpmn": HEAD.format(process(body)).encode()}).id
    assert f'value="p {old}"' in client.get("/operating/migrate").text
    assert f'value="{new}"' in client.get(f"/operating/migrate?from=p+{old}").text
    asked = {"process_id": "p", "from": old, "to": new}
    assert "Without a place in the new version" in client.get("/operating/migrate/plan", query_string=asked).text
    shown = post(client, "/operating/migrate/plan", 200, **asked, do="look")
    assert "0 of 3 instances can be moved" in shown and "K-0" in shown
    mapped = {**asked, "map.a": "z"}
    assert "3 of 3 instances can be moved" in post(client, "/operating/migrate/plan", 200, **mapped, do="look")
    assert "Give a reason." in post(client, "/operating/migrate/plan", 422, **mapped, do="begin")
    assert {app.engine.instance(one).deployment_id for one in ids} == {old}
    post(client, "/operating/migrate/plan", 303, **mapped, do="begin", reason="new law")
    assert {app.engine.instance(one).active_elements for one in ids} == {("z",)}
    assert {app.engine.instance(one).deployment_id for one in ids} == {new}
    batch = re.search(r"/operating/migrations/([0-9a-f-]+)", client.get("/operating/migrate").text)
    assert batch is not None
    page = client.get(batch[0]).text
    assert "Every instance had its turn" in page and "3 of 3" in page and "new law" in page
    post(client, batch[0], 303, do="again")
    assert app.engine.verify().faults == []


# -- the command line
def run(*arguments: object, expect: int = 0) -> Result:
    """One command; its exit code is `expect`, and an error is never a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == expect, (arguments, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    return result


def test_the_command_line_does_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rehearsed as JSON for programs, then done; processes and operations rest; what cannot be is a sentence and exit code 1."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMENDS_DATABASE", raising=False)
    line = HEAD.format(process(element("startEvent", "s") + user("a") + user("b") + flows("s>a", "a>b")))
    Path("p.bpmn").write_text(line, encoding="utf-8")
    run("deploy", "p.bpmn")
    app = amends.open(data=Path("data"))
    instance_id = app.engine.start("p", {}, "K-1", actor="system")
    asked = ("instance", "modify", instance_id, "--before", "b", "--cancel", "a", "--set", "n=5", "--reason", "so")
    told = json.loads(run(*asked, "--dry-run", "--json").stdout)
    assert (told["left"], told["reached"], told["variables"], told["dry_run"]) == (["a"], ["b"], {"n": [None, 5]}, True)
    assert app.engine.instance(instance_id).active_elements == ("a",)
    assert "reached  b" in run(*asked).output and app.engine.instance(instance_id).active_elements == ("b",)
    assert "at: b" in run("instance", "show", instance_id).output and "1 active" in run("instance", "versions").output
    assert instance_id in run("instance", "list", "--process", "p", "--state", "active").output
    assert "Nothing runs at 'a'" in run("instance", "modify", instance_id, "--cancel", "a", "--reason", "so", expect=1).output
    run("instance", "modify", instance_id, "--set", "n", "--reason", "so", expect=2)
    states = []
    for what in (("--process", "p"), (instance_id,)):
        for command in ("suspend", "resume"):
            run("instance", command, *what, "--reason", "so")
            states.append(app.engine.instance(instance_id).state)
        assert "not suspended" in run("instance", "resume", *what, "--reason", "so", expect=1).output
    assert states == ["suspended", "active"] * 2
    run("instance", "suspend", "--operation", "send-message", "--reason", "the mail server is down")
    assert "rests: operation send-message" in run("instance", "versions").output
    run("instance", "resume", "--operation", "send-message", "--reason", "so")
    run("instance", "suspend", instance_id, "--process", "p", "--reason", "so", expect=2)
    assert "terminated" in run("instance", "cancel", instance_id, "--reason", "so").output
    assert "reached  a" in run("instance", "restart", instance_id, "--reason", "so").output
    assert app.engine.instance(instance_id).state == "active" and app.engine.verify().faults == []
    app.close()
