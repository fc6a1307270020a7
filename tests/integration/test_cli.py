"""The command line: what each command does, says, and exits with (0 done, 1 it found something wrong, 2 it was called wrongly)."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from driving import HEAD, element, flows, process, user
from records import every_way, record, write

import amends
from amends.cli import main
from amends.engine.services import operations
from amends.engine.store.packing import pack, unpack

SHIPPED = Path(amends.__file__ or "").parent / "processes" / "iso10002"
LINE = process(element("startEvent", "s") + user("a") + element("endEvent", "e") + flows("s>a", "a>e"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs in a folder of its own, with its data in `data`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMENDS_DATABASE", raising=False)


def run(*arguments: object, expect: int = 0, answer: str | None = None) -> Result:
    """One command; its exit code is `expect`, and an error is never a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=answer)
    assert result.exit_code == expect, (arguments, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exception)
    return result


def data_of(result: Result) -> dict[str, object]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def imported(*rows: dict[str, str]) -> None:
    run("deploy", SHIPPED)
    run("import", write(Path("rows.csv"), *rows), "--map", "cfpb", "--replay")


def references() -> list[str]:
    connection = sqlite3.connect("data/amends.db")
    found = [row[0] for row in connection.execute("SELECT reference FROM complaint ORDER BY instance_id")]
    connection.close()
    return found


# -- as a program ------------------------------------------------------------------------------------------------------


def test_it_starts_as_a_program_and_lists_its_commands(tmp_path: Path) -> None:
    """`python -m amends`; an error of the installed program is one sentence and a code, not a traceback."""
    program = [sys.executable, "-m", "amends"]
    told = subprocess.run([*program, "--help"], capture_output=True, text=True, cwd=tmp_path)
    assert told.returncode == 0 and all(name in told.stdout for name in main.commands)
    environment = {**os.environ, "AMENDS_DATABASE": f"sqlite:///{tmp_path / 'other.db'}"}
    wrong = subprocess.run([*program, "history", "C-00000000"], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert wrong.returncode == 1 and wrong.stderr.strip() == "Error: There is no such complaint."
    assert (tmp_path / "other.db").is_file()


def test_what_does_not_exist_is_a_wrong_call() -> None:
    """Unknown commands, options, files and missing arguments: exit code 2."""
    for wrong in ("nonsense", "check", "check nowhere", "verify --nonsense", "import none.csv --map cfpb", "feel"):
        run(*wrong.split(), expect=2)


# -- packages ----------------------------------------------------------------------------------------------------------


def test_check_is_silent_about_what_is_right_and_exits_with_one_for_an_error() -> None:
    """The shipped package has nothing to say; a diagram whose flow leads nowhere does, as text and as JSON."""
    assert "error" not in run("check", SHIPPED).stdout
    Path("broken.bpmn").write_text(HEAD.format(LINE.replace('targetRef="e"', 'targetRef="nowhere"')), encoding="utf-8")
    assert "a_e" in run("check", "broken.bpmn", expect=1).output
    assert "a_e" in json.dumps(json.loads(run("check", "broken.bpmn", "--json", expect=1).stdout))


def test_deploy_gives_versions_and_refuses_what_is_wrong() -> None:
    """The same content again is the same version; a changed one is the next; a broken one is not deployed, and all problems are said."""
    path = Path("line.bpmn")
    path.write_text(HEAD.format(LINE), encoding="utf-8")
    assert run("deploy", path, "--reason", "first").stdout.startswith("line version 1 ") and "version 1 " in run("deploy", path).stdout
    path.write_text(HEAD.format(LINE.replace('id="a"', 'id="a" name="Look"')), encoding="utf-8")
    assert "line version 2 " in run("deploy", path).stdout
    path.write_text(HEAD.format(LINE.replace('targetRef="e"', 'targetRef="nowhere"')), encoding="utf-8")
    assert "a_e" in run("deploy", path, expect=1).output
    app = amends.open()
    assert [item.number for item in app.engine.deployments()] == [2, 1] and app.engine.deployments()[-1].reason == "first"
    app.close()


def test_templates_are_those_of_all_operations() -> None:
    """JSON on the terminal or in a file; one template each."""
    shown = json.loads(run("templates").stdout)
    run("templates", "--output", "templates.json")
    assert json.loads(Path("templates.json").read_text()) == shown
    assert {f"amends.{name}" for name in operations()} <= {template["id"] for template in shown}


def test_test_passes_for_the_shipped_package() -> None:
    """Its examples and scenarios; a file with nothing to test is a wrong call."""
    assert ", 0 failed" in run("test", SHIPPED).stdout
    Path("line.bpmn").write_text(HEAD.format(LINE), encoding="utf-8")
    run("test", "line.bpmn", expect=2)


# -- trying out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "context", "value"),
    [
        ("1 + 2", {}, 3),
        ('if amount > 5 then "high" else "low"', {"amount": 7}, "high"),
        ('date("2026-03-02") + duration("P1D")', {}, "2026-03-03"),
        ("for x in 1..3 return x * x", {}, [1, 4, 9]),
        ("missing.name", {}, None),
    ],
)
def test_feel_evaluates(expression: str, context: dict[str, object], value: object) -> None:
    """The value as JSON; warnings go to the error output."""
    result = run("feel", expression, "--context", json.dumps(context))
    assert json.loads(result.stdout) == value and bool(result.stderr) == (value is None)


def test_feel_says_what_is_wrong() -> None:
    """A bad expression is exit code 1 with its place; a context that is no JSON object is a wrong call."""
    assert "column" in run("feel", "1 +", expect=1).output
    for context in ("{", "[1]"):
        run("feel", "1", "--context", context, expect=2)


def test_decide_gives_the_value_and_the_rules_that_matched() -> None:
    """Without a decision it lists what there is; an unknown one is said."""
    assert "who_is_told" in run("decide", SHIPPED / "escalation.dmn").stdout
    given = {"escalation_reason": "first_response_late", "priority": "high"}
    explained = data_of(run("decide", SHIPPED / "escalation.dmn", "who_is_told", "--input", json.dumps(given)))
    assert explained["value"] and explained["matched"]
    assert "nonsense" in run("decide", SHIPPED / "escalation.dmn", "nonsense", expect=1).output


# -- records -----------------------------------------------------------------------------------------------------------


def test_import_replays_resumes_and_compares() -> None:
    """All rows, tallies equal, exit code 0; a second run adds nothing; odd ones are listed when asked for."""
    run("deploy", SHIPPED)
    write(Path("rows.csv"), *every_way()[:4], record(number=""), "not a row\r\n")
    first = run("import", "rows.csv", "--map", "cfpb", "--replay", "--show-odd").stdout
    assert "line 6: imported: no complaint number" in first and "line 7: unreadable" in first
    assert "6 rows imported now, 0 were there before; 2 odd ones" in first
    assert "6 rows accounted for: 5 imported, 1 unreadable, 2 flagged." in first and "equal the file's" in first
    assert "0 rows imported now, 6 were there before" in run("import", "rows.csv", "--map", "cfpb", "--replay").stdout


def test_import_says_what_it_lacks() -> None:
    """No process yet, no such mapping, a file that does not fit, a day that is none."""
    write(Path("rows.csv"), record())
    assert "Deploy one" in run("import", "rows.csv", "--map", "cfpb", "--replay", expect=1).output
    run("deploy", SHIPPED)
    assert "There is no mapping 'nonsense'" in run("import", "rows.csv", "--map", "nonsense", expect=1).output
    Path("other.csv").write_text("a,b\n1,2\n")
    assert "has no column 'Date received'" in run("import", "other.csv", "--map", "cfpb", expect=1).output
    run("import", "rows.csv", "--map", "cfpb", "--replay", "--as-of", "soon", expect=2)


def test_import_exits_with_one_where_the_tallies_differ() -> None:
    """And names the rows: here one whose record contradicts itself (in progress, yet disputed)."""
    run("deploy", SHIPPED)
    write(Path("rows.csv"), record(), {**record(response="In progress"), "Consumer disputed?": "Yes"})
    told = run("import", "rows.csv", "--map", "cfpb", "--replay", expect=1).stdout
    assert "The tallies differ for 1 rows:" in told and "line 3: the file says" in told


def test_verify_seal_and_a_seal_kept_elsewhere() -> None:
    """As text and as JSON; 1 when something was changed, or when the seal that was kept is not there."""
    imported(record())
    report = data_of(run("verify", "--json"))
    assert (report["faults"], report["unsealed"], report["seals"]) == ([], 0, 1)
    assert f"Last seal: {report['head']}" in run("verify", "--head", report["head"]).stdout
    assert "There was nothing new to seal." in run("seal").stdout
    run("user", "add", "jo", "--role", "admin")
    assert "not protected yet: 1 rows" in run("verify").stdout and "Seal 2 is set." in run("seal").stdout
    run("verify", "--head", report["head"])
    assert "No seal has the hash" in run("verify", "--head", "f" * 64, expect=1).output
    connection = sqlite3.connect("data/amends.db")
    rows = connection.execute("SELECT id, body FROM history WHERE seq > 1").fetchall()
    for number, body in rows:
        changed = unpack(body).replace(b"historical:decider", b"historical:handler")
        connection.execute("UPDATE history SET body = ? WHERE id = ?", (pack(changed), number))
    connection.commit()
    connection.close()
    assert "does not fit" in run("verify", expect=1).output
    assert data_of(run("verify", "--json", expect=1))["faults"]


def test_history_tells_a_complaint_in_order() -> None:
    """As text and as a line of JSON an event; references as people type them."""
    imported(record())
    (reference,) = references()
    assert "investigate" in run("history", reference.lower().replace("-", " ")).stdout
    events = [json.loads(line) for line in run("history", reference, "--json").stdout.splitlines()]
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    assert events[0]["kind"] == "started" and events[-1]["kind"] == "ended" and events[0]["at"] < events[0]["recorded"]


def test_erase_asks_first_and_refuses_what_runs() -> None:
    """Exit code 1 for no, and for an open complaint; done, it says how much went, and the history verifies."""
    imported(record(), record(response="In progress"))
    closed, running = references()
    assert "Aborted" in run("erase", closed, "--reason", "asked for", expect=1, answer="n\n").output
    assert "still running" in run("erase", running, "--reason", "asked for", "--yes", expect=1).output
    assert f"{closed}: " in run("erase", closed, "--reason", "asked for", answer="y\n").stdout
    assert data_of(run("verify", "--json"))["erased"]
    run("erase", closed, expect=2)


# -- people ------------------------------------------------------------------------------------------------------------


def test_accounts_are_added_listed_and_given_a_password() -> None:
    """A password is generated and shown once; a name that is taken, or unknown, is said."""
    added = run("user", "add", "jo", "--name", "Jo Example", "--role", "admin", "--role", "auditor").stdout
    assert added.startswith("jo: ") and len(added.split()[1]) >= 12
    listed = run("user", "list").stdout
    assert "jo" in listed and "Jo Example" in listed and "admin" in listed and added.split()[1] not in listed
    renewed = run("user", "password", "jo").stdout
    assert renewed.startswith("jo: ") and renewed != added
    assert "jo" in run("user", "add", "jo", expect=1).output and "'kim'" in run("user", "password", "kim", expect=1).output
    app = amends.open()
    assert app.accounts.authenticate("jo", renewed.split()[1]) is not None and app.accounts.authenticate("jo", added.split()[1]) is None
    app.close()


# -- moving to another version -----------------------------------------------------------------------------------------


def test_migrate_tries_moves_and_goes_on(repository: Path) -> None:
    """The trial run changes nothing; the move says what came of it; what cannot be moved is exit code 1, and a wrong call 2."""
    folder = repository / "processes" / "iso10002"
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    app = amends.open()
    app.engine.deploy({**files, "letters/older.md": b"---\nsubject: Older\n---\n\nOlder.\n"})
    filed = app.register.file({"description": "It runs on the version before."}, actor="complainant")
    app.deploy_shipped()
    app.close()
    tried = run("migrate", "complaint", "--from", "1", "--dry-run").stdout
    assert "1 stand at " in tried and "Nothing was changed. Nothing stops any of them." in tried
    assert "Give a reason" not in tried and "Say why" in run("migrate", "complaint", "--from", "1", expect=1).output
    said = run("migrate", "complaint", "--from", "1", "--reason", "New law").stdout
    assert "1 moved" in said
    batch = said.split()[1].rstrip(".")
    assert "1 moved" in run("migrate", "--resume", batch).stdout
    assert "migrated" in run("history", filed.reference).stdout
    assert "There is no version 7 of complaint" in run("migrate", "complaint", "--from", "7", expect=2).output
    assert "is not OLD=NEW" in run("migrate", "complaint", "--from", "1", "--map", "x", expect=2).output
