"""Rows of the register that were emptied are filled again from the history, and nothing else of them changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from decided import accept, decide, withdraw
from sqlalchemy import select, update

import amends
from amends.application import Application
from amends.cli import main
from amends.engine import NotFound
from amends.engine.complaints import rebuilding
from amends.engine.complaints.rebuilding import COLUMNS, Rebuilding
from amends.engine.store import tables as t

SAID = {"description": "The kettle leaks.", "name": "Jo Roe", "email": "jo@example.org", "product": "Kettle", "category": "defect"}
EMPTY = {column.name: "" for column in COLUMNS}
WHO = "account:admin"


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


def filed(app: Application, **more: Any) -> Any:
    made = app.register.file({**SAID, **more}, actor="complainant")
    app.engine.run_due(instance_id=made.instance_id)
    return made


def lived(app: Application) -> dict[str, Any]:
    """A complaint that is open, one that was decided and closed, one that was withdrawn, one that was reviewed and closed by force."""
    found = {name: filed(app, subject=name.title()) for name in ("open", "accepted", "withdrawn", "cancelled")}
    decide(app, found["accepted"].instance_id, outcome="monetary_relief", amount=25, remedies=["refund"], decision="upheld")
    accept(app, found["accepted"].reference)
    withdraw(app, found["withdrawn"].reference)
    decide(app, found["cancelled"].instance_id)
    app.engine.cancel(found["cancelled"].instance_id, reason="tested", actor="system")
    return found


def rows(app: Application) -> dict[str, Any]:
    """Every row of the register, whole, by reference."""
    with app.engine.database.reading() as connection:
        return {row.reference: row for row in connection.execute(select(t.complaint)).all()}


def emptied(app: Application, *, but: tuple[str, ...] = (), only: str | None = None) -> None:
    """What the survey used to do to closed complaints."""
    values = {name: value for name, value in EMPTY.items() if name not in but}
    where = t.complaint.c.reference == only if only else t.complaint.c.reference != ""
    with app.engine.database.transaction() as connection:
        connection.execute(update(t.complaint).where(where).values(**values))


def rebuilt(app: Application, **how: Any) -> dict[str, tuple[str, ...]]:
    return {one.reference: one.written for one in Rebuilding(app.register).run(actor=WHO, **how)}


def test_emptied_rows_become_what_they_were(app: Application) -> None:
    """Open and closed, however it ended: column by column what the commands had written; then there is nothing left to do."""
    lived(app)
    before = rows(app)
    assert set(rebuilt(app).values()) == {()} and rows(app) == before
    emptied(app)
    assert all(rebuilt(app).values()) and rows(app) == before
    assert set(rebuilt(app).values()) == {()}
    assert app.engine.verify().faults == []


def test_what_a_closed_row_still_holds_is_kept(app: Application) -> None:
    """Only what is empty is filled: a subject that somebody has put right by hand stays."""
    made = lived(app)["accepted"]
    emptied(app, only=made.reference)
    with app.engine.database.transaction() as connection:
        connection.execute(update(t.complaint).where(t.complaint.c.reference == made.reference).values(subject="By hand"))
    assert "subject" not in rebuilt(app)[made.reference]
    row = rows(app)[made.reference]
    assert (row.subject, row.complainant_name, row.outcome) == ("By hand", "Jo Roe", "monetary_relief")


def test_a_dry_run_says_the_same_and_writes_nothing(app: Application) -> None:
    """Neither into the register nor into the history."""
    lived(app)
    emptied(app)
    before = rows(app)
    dry = rebuilt(app, dry=True)
    assert rows(app) == before and recorded(app) == []
    assert rebuilt(app) == dry and len(recorded(app)) == 1


def recorded(app: Application) -> list[Any]:
    return [event for event in app.engine.history("installation") if event.kind == "register rebuilt"]


def test_it_goes_on_where_it_was_stopped(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each complaint is a transaction of its own; after a reference only the later ones are looked at; what was done is recorded."""
    lived(app)
    before = rows(app)
    emptied(app)
    monkeypatch.setattr(rebuilding, "PORTION", 2)
    some = Rebuilding(app.register).run(actor=WHO)
    first = [next(some), next(some)]
    some.close()
    (event,) = recorded(app)
    assert (event.actor, event.data["looked at"], event.data["written"]) == (WHO, 2, 2)
    rest = rebuilt(app, after=first[-1].reference)
    assert len(rest) == 2 and not {one.reference for one in first} & set(rest)
    assert rows(app) == before and Rebuilding(app.register).count(after=first[-1].reference) == 2
    with pytest.raises(NotFound):
        rebuilt(app, after="C-00000000")


def test_what_was_erased_stays_erased(app: Application) -> None:
    """The history holds nothing of it any more, and what it still holds for statistics is not put back either."""
    made = lived(app)["accepted"]
    app.register.erase(app.register.get(made.reference), reason="asked for", actor="system")
    before = rows(app)[made.reference]
    assert rebuilt(app)[made.reference] == () and rows(app)[made.reference] == before


def test_the_command_says_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of columns and references, never values; a dry run says so; exit code 0."""
    monkeypatch.delenv("AMENDS_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    app = amends.open(data=tmp_path / "data")
    app.deploy_shipped()
    made = lived(app)
    emptied(app, only=made["withdrawn"].reference)
    app.close()

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["rebuild", *arguments])
        assert result.exit_code == 0, result.output
        return result

    dry = run("--dry-run").stdout
    assert made["withdrawn"].reference in dry and "subject" in dry and "Jo Roe" not in dry and "would be" in dry
    assert "1 of 4" in run().stdout and "0 of 4" in run().stdout
