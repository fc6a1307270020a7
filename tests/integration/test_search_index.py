"""An installation from before the full-text search: its complaints are found by all that was filed, once `amends index` has run."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from click.testing import CliRunner
from sqlalchemy import text

import amends
from amends.cli import main
from amends.engine.complaints import indexing
from amends.engine.complaints.indexing import Missing, fill, missing
from amends.engine.store.migrate import upgrade

BEFORE_SEARCH = "0012"
DOCUMENTS = "SELECT kind, item, instance_id, body FROM search_document ORDER BY kind, item"


def said(number: int) -> dict[str, str]:
    """What is wanted stands in no letter, so that only what was filed says it."""
    wanted = {"remedy_wanted": "yes", "remedy": "A new periwinkle vase."}
    return {"subject": f"Number {number}", "name": f"Jo {number}", "description": "It broke.", **wanted}


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Four complaints, one closed and one erased, with messages; and the index before the search was taken away and came."""
    app = amends.open(database_url, data=tmp_path / "data")
    app.deploy_shipped()
    complaints = []
    for number in range(4):
        filed = app.register.file(said(number), actor="complainant")
        while app.engine.run_due():
            pass
        complaints.append(app.register.get(filed.reference))
        app.register.receive(complaints[-1], f"It is I again, with an amaranth {number}", author="complainant")
    app.register.answer(complaints[2], "complaint withdrawn", {}, actor=f"complainant:{complaints[2].reference}")
    for one in complaints[3:]:
        app.engine.cancel(one.instance_id, reason="test", actor="system")
        app.register.erase(app.register.get(one.reference), reason="asked for", actor="system")
    while app.engine.run_due():
        pass
    with app.engine.database.reading() as connection:
        before = connection.execute(text(DOCUMENTS)).all()
    step(app, "downgrade", BEFORE_SEARCH)
    upgrade(app.engine.database)
    yield app, before
    assert app.engine.verify().faults == []
    app.close()


def step(app: Any, way: str, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("amends.engine.store") / "migrations"))
    with app.engine.database.transaction() as connection:
        config.attributes["connection"] = connection
        getattr(command, way)(config, to)


def found(app: Any, words: str) -> list[str]:
    return sorted(one.subject for one in app.register.search(text=words))


def lacking(app: Any) -> Missing:
    with app.engine.database.reading() as connection:
        return missing(connection)


def test_complaints_of_before_are_found_by_all_that_was_filed(place: tuple[Any, Any], database_url: str, tmp_path: Path) -> None:
    """Open or closed; an erased one stays without a word; the index is then what it would have been from the beginning."""
    app, before = place
    assert found(app, "periwinkle") == [] and found(app, "amaranth") == ["Number 0", "Number 1", "Number 2"]
    assert lacking(app) == Missing(untold=3, texts=0)
    where = ["--data", str(tmp_path / "data"), "--database", database_url]
    done = CliRunner().invoke(main, ["index", *where])
    assert done.exit_code == 0 and "3 put into the index." in done.output, done.output
    assert found(app, "periwinkle") == ["Number 0", "Number 1", "Number 2"]
    with app.engine.database.reading() as connection:
        after = connection.execute(text(DOCUMENTS)).all()
    # The history has the answers in another order than the form sent them.
    assert [(row.item, sorted(row.body.split())) for row in after] == [(row.item, sorted(row.body.split())) for row in before]
    assert "Nothing was missing." in CliRunner().invoke(main, ["index", *where]).output


def test_it_goes_on_where_it_was_stopped(place: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after one, and thrown away after another: what is done stays done, and the rest is what is left to do."""
    app, _ = place
    monkeypatch.setattr(indexing, "PORTION", 1)
    asked = iter([False, True, True, True, True])
    assert list(fill(app.engine, lambda: next(asked))) == [1] and lacking(app) == Missing(2, 0)
    assert next(fill(app.engine)) == 1 and lacking(app) == Missing(1, 0)
    assert list(fill(app.engine)) == [1] and not lacking(app)


def test_texts_without_a_document_get_the_one_the_triggers_write(place: tuple[Any, Any]) -> None:
    """Complaints, messages and comments, as after rows were loaded behind the triggers' back."""
    app, _ = place
    lea = app.accounts.create("lea", "Lea", ["handler"], "correct horse battery")[0]
    app.register.talk.say(app.register.search(text="amaranth")[0], "A word about the gooseberry", actor=lea.actor)
    list(fill(app.engine))
    with app.engine.database.transaction() as connection:
        whole = connection.execute(text(DOCUMENTS)).all()
        connection.execute(text("DELETE FROM search_document"))
    assert {row.kind for row in whole} == {"complaint", "message", "comment"}
    assert lacking(app).texts == len(whole) and found(app, "gooseberry") == []
    assert list(fill(app.engine))[-1] == len(whole)
    with app.engine.database.reading() as connection:
        assert connection.execute(text(DOCUMENTS)).all() == whole
    assert len(found(app, "gooseberry")) == 1
