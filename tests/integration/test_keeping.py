"""What has ended is kept as long as settings say and no longer; messages nobody came for are removed; sizes are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from driving import HEAD, element, flows, process, user
from sqlalchemy import select

import amends
from amends.application import Application
from amends.cli import main
from amends.engine.operating import keeping, sizes
from amends.engine.operating.looks import machine_clock, resting, retention, size
from amends.engine.store import tables as t

LINE = process(element("startEvent", "s") + user("a") + element("endEvent", "e") + flows("s>a", "a>e"))
OTHER = LINE.replace('id="p"', 'id="q"')
MANIFEST = b"""[package]
name = "small"
title = "Small"
version = "1"
[settings]
keep_personal_data = "P1Y"
keep_personal_data_q = "for ever"
"""


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with a process whose data is kept for a year, and one whose data is kept for ever."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.engine.deploy({"package.toml": MANIFEST, "p.bpmn": HEAD.format(LINE).encode(), "q.bpmn": HEAD.format(OTHER).encode()})
    yield app
    app.close()


def ended(app: Application, process_id: str = "p") -> str:
    instance_id = app.engine.start(process_id, {"who": "Zephyrine"}, actor="system")
    app.engine.complete(app.engine.user_tasks(instance_id)[0].id, {}, actor="system")
    return instance_id


def erased(app: Application, instance_id: str) -> bool:
    return any(event.kind == "erased" for event in app.engine.history(instance_id))


def test_personal_data_goes_when_its_time_has_come_and_the_history_verifies(app: Application, clock: Any) -> None:
    """Of what ended a year ago; not of what runs, what ended later, or of a process whose data is kept for ever."""
    old, running, of_the_other = ended(app), app.engine.start("p", {"who": "Zephyrine"}, actor="system"), ended(app, "q")
    clock.move(days=200)
    young = ended(app)
    clock.move(days=164)
    assert app.keeper.erase_due(50) == 0 and not erased(app, old)
    clock.move(days=2)
    assert retention(app.engine).state == "warning"
    assert app.keeper.erase_due(50) == 1 and app.keeper.erase_due(50) == 0
    assert [erased(app, one) for one in (old, running, young, of_the_other)] == [True, False, False, False]
    assert "Zephyrine" not in repr(app.engine.history(old))
    (event,) = (event for event in app.engine.history(old) if event.kind == "erased")
    assert (event.actor, event.data["reason"]) == ("system", "kept for P1Y after its end, as the settings say")
    assert app.engine.verify().faults == [] and retention(app.engine).state == "ok"
    clock.move(days=200)
    assert app.keeper.erase_due(50) == 1 and erased(app, young)


def test_an_installation_has_its_own_setting_and_what_cannot_be_read_keeps(app: Application, clock: Any) -> None:
    """A shorter time reaches back; a setting that is no duration erases nothing and is said."""
    old = ended(app)
    clock.move(days=40)
    app.change_setting("keep_personal_data", "a while", actor="system")
    assert app.keeper.erase_due(50) == 0 and "no duration" in retention(app.engine).message
    app.change_setting("keep_personal_data", "P1M", actor="system")
    assert app.keeper.erase_due(50) == 1 and erased(app, old)


def test_many_are_erased_some_at_a_time_and_the_rest_soon(app: Application, clock: Any, monkeypatch: Any) -> None:
    """A runner's tidying takes a portion; as long as there is more it does not wait an hour."""
    monkeypatch.setattr(keeping, "PORTION", 2)
    ids = [ended(app) for _ in range(5)]
    clock.move(days=400)
    done = []
    for _ in range(4):
        app.keeper.tidy()
        done.append(sum(erased(app, one) for one in ids))
    assert done == [2, 4, 5, 5]


def test_messages_nobody_came_for_are_removed_and_counted(app: Application, clock: Any) -> None:
    """Those whose time is over, and no others; how many of which name is in the installation's history."""
    app.engine.correlate("hello", "1", {"said": "x"}, actor="system", ttl=timedelta(hours=1))
    app.engine.correlate("hello", "2", {"said": "y"}, actor="system", ttl=timedelta(hours=1))
    app.engine.correlate("hello", "3", {"said": "z"}, actor="system", ttl=timedelta(days=9))
    assert app.keeper.forget_messages() == 0
    clock.move(hours=2)
    assert app.keeper.forget_messages() == 2
    with app.engine.database.reading() as connection:
        assert list(connection.execute(select(t.buffered_message.c.key)).scalars()) == ["3"]
    (event,) = (event for event in app.engine.history("installation") if event.kind == "expired")
    assert (event.element_id, event.data) == ("hello", {"messages": 2}) and app.engine.verify().faults == []


def test_the_command_does_it_now_and_to_the_end(app: Application, clock: Any, database_url: str) -> None:
    """With --dry-run it only says what is due; sizes are told by table."""
    old = ended(app)
    app.change_setting("keep_personal_data", "-P1D", actor="system")  # already over when it begins: the command has the machine's clock
    arguments = ["archive", "--data", str(app.data), "--database", database_url]
    dry = CliRunner().invoke(main, [*arguments, "--dry-run"])
    assert dry.exit_code == 0 and "1 to be erased" in dry.output and not erased(app, old)
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0 and "1 instances erased" in done.output and erased(app, old)
    assert "total" in done.output and " MB" in done.output
    app.change_setting("keep_personal_data", "a while", actor="system")
    assert CliRunner().invoke(main, arguments).exit_code == 1


def test_sizes_are_told_by_table(app: Application) -> None:
    """The whole, and what is in it."""
    with app.engine.database.reading() as connection:
        found = sizes(connection)
    total = found.pop("total")
    assert total > 0 and sum(found.values()) <= total and (not found or {"history", "value", "instance"} <= found.keys())
    assert size(app.engine).state == "ok"


def test_a_clock_that_was_set_back_and_what_rests_are_said(app: Application, clock: Any) -> None:
    """The doctor's looks; the order of the history does not depend on the clock."""
    assert (machine_clock(app.engine).state, resting(app.engine).state) == ("ok", "ok")
    ended(app)
    clock.move(hours=-1)
    found = machine_clock(app.engine)
    assert found.state == "problem" and "set back" in found.message
    app.engine.suspend_operation("send-message", reason="down", actor="system")
    found = resting(app.engine)
    assert found.state == "warning" and "the operation send-message since 2026-03-02 08:00" in found.message
    assert app.engine.verify().faults == []
