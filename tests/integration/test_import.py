"""Records from elsewhere are imported and go their recorded way: all of them, once, and nothing is sent."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from records import every_way, line, record, write
from sqlalchemy import func, select

import amends
from amends.application import Application
from amends.engine import NotFound
from amends.engine.complaints.replay import Importer, RowResult, Tally, load_mapping, tallies
from amends.engine.errors import Invalid
from amends.engine.store import tables as t

RECEIVED = datetime(2014, 3, 3, 9, tzinfo=UTC)

OWN = """
received_at = '=date and time(row.day, time("12:00:00Z"))'
channel = "post"
[mapping]
name = "own"
encoding = "cp1252"
delimiter = ";"
[columns]
day = "Tag"
what = "Text"
[dates]
day = "%d.%m.%Y"
[complaint]
description = "=row.what"
product = "Käse"
"""
"""An organisation's own mapping."""


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any) -> Iterator[Application]:
    """An installation with the shipped package, in 2026."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


def take(app: Application, path: Path, as_of: datetime | None = None) -> tuple[list[RowResult], Tally]:
    """Import a file with replay."""
    importer = Importer(app.register, path, load_mapping("cfpb"), replay=True, as_of=as_of)
    results = list(importer.run())
    return results, tallies(app.register, importer.digest, importer.mapping)


def count(app: Application, table: Any, *where: Any) -> int:
    with app.engine.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


def complaint_of(app: Application, line_number: int) -> Any:
    with app.engine.database.reading() as connection:
        found = select(t.import_row.c.instance_id).where(t.import_row.c.line == line_number)
        return app.register.get(instance_id=connection.execute(found).scalar_one())


def test_each_way_a_record_can_have_gone_ends_where_the_record_says(app: Application, tmp_path: Path) -> None:
    """Response, timely and disputed, computed from where the complaint ended, equal the file's; accepted ones are closed, disputed
    ones in review, those in progress open."""
    rows = every_way()
    results, tally = take(app, write(tmp_path / "ways.csv", *rows))
    assert [result.line for result in results] == list(range(2, len(rows) + 2))
    assert {(result.state, result.flags) for result in results} == {("imported", ())}
    assert (tally.rows, tally.imported, tally.unreadable, tally.different) == (len(rows), len(rows), 0, [])
    said = Counter(
        (row["Product"], row["Company response to consumer"], row["Timely response?"], row["Consumer disputed?"].replace("N/A", "No"))
        for row in rows
    )
    assert tally.found == said
    for row, result in zip(rows, results, strict=True):
        complaint = complaint_of(app, result.line)
        disputed, progress = row["Consumer disputed?"] == "Yes", row["Company response to consumer"] == "In progress"
        assert complaint.state == ("open" if disputed or progress else "closed"), row
        assert ("stage:reviewing" in complaint.milestones) == disputed
        assert (complaint.received_at, complaint.historical) == (RECEIVED, True)
        assert app.engine.instance(complaint.instance_id).state in ("active", "completed")


def test_nothing_is_sent_and_every_message_says_so(app: Application, tmp_path: Path) -> None:
    """No file in the mail folder; each journal row is "historical", each message dated as it would have been."""
    take(app, write(tmp_path / "few.csv", *every_way()[:4]))
    assert not (app.data / "mail").exists()
    assert count(app, t.dispatch) > 8 and count(app, t.dispatch, t.dispatch.c.state != "historical") == 0
    app.engine.run_due()
    assert not (app.data / "mail").exists() and count(app, t.message, t.message.c.at > RECEIVED + timedelta(days=300)) == 0


def test_events_say_when_it_happened_and_when_it_was_recorded(app: Application, tmp_path: Path, clock: Any) -> None:
    """What happened in 2014 was recorded today, in order."""
    take(app, write(tmp_path / "one.csv", record()))
    events = app.engine.history(complaint_of(app, 2).instance_id)
    assert {event.recorded_at for event in events} == {clock.time}
    happened = [event.occurred_at for event in events]
    assert happened[0] == RECEIVED and happened == sorted(happened)
    assert RECEIVED + timedelta(days=5) < happened[-1] < RECEIVED.replace(year=2015)


def test_a_second_run_adds_nothing(app: Application, tmp_path: Path) -> None:
    """Nor does one of the same content under another name; a row is known by the file's digest and its line."""
    path = write(tmp_path / "twice.csv", record(number=""), record(number=""), record(number="5"))
    take(app, path)
    before = count(app, t.complaint), count(app, t.history)
    results, tally = take(app, path)
    again, _ = take(app, write(tmp_path / "other.csv", record(number=""), record(number=""), record(number="5")))
    assert (results, again, tally.rows) == ([], [], 3) and (count(app, t.complaint), count(app, t.history)) == before == (3, before[1])


def test_odd_rows_are_imported_and_flagged_with_line_and_reason(app: Application, tmp_path: Path) -> None:
    """Sent on before it was received; without a number."""
    results, tally = take(app, write(tmp_path / "odd.csv", record(), record(sent="2014-02-01"), record(number="")))
    assert [(result.line, result.state, result.flags) for result in results] == [
        (2, "imported", ()), (3, "imported", ("sent on before it was received",)), (4, "imported", ("no complaint number",)),
    ]  # fmt: skip
    assert tally.flagged == 2 and tally.equal


def test_rows_that_cannot_be_read_are_reported_and_stop_nothing(app: Application, tmp_path: Path) -> None:
    """Bad dates, wrong numbers of cells, quotes, bytes that are no text, dates no calendar has: each is reported with its line; the
    rows around it are there, whatever is in them."""
    rows: list[tuple[Any, str]] = [
        (record(number="1"), ""),
        (record(received="03/03/2014"), "which is no date of the form"),
        (record(received=""), "has no date it was received on"),
        ("only,three,cells\r\n", "3 cells, the header 19"),
        (line(record()).replace("A Bank", '"A" Bank'), "cannot be read"),
        (line(record()).replace("A Bank", '"A Bank'), "cannot be read"),
        (record(number="2", issue="Two\nlines, and a \"quote\""), ""),
        (line(record()).encode().replace(b"A Bank", b"Caf\xe9 Bank"), "not written in utf-8"),
        (record(issue="zero\0byte"), "zero byte"),
        (record(received="9999-12-31", sent="9999-12-31"), ""),
        (record(received="0001-01-01", sent="0001-01-01"), ""),
        (record(number="3", issue="A café, 漢字 and 🙂"), ""),
        (line(record()).rstrip().replace("A Bank", '"never closed'), "cannot be read"),
    ]  # fmt: skip
    results, tally = take(app, write(tmp_path / "broken.csv", *(row for row, _ in rows)))
    told = {result.line: result for result in results}
    number = 2
    for row, reason in rows:
        result = told.pop(number)
        number += 2 if isinstance(row, dict) and "\n" in row["Issue"] else 1
        if reason:
            assert result.state == "unreadable" and reason in "; ".join(result.flags), result
        elif isinstance(row, dict) and row["Complaint ID"] in "23":
            assert result.state == "imported", result
    assert told == {} and tally.rows == len(rows) == tally.imported + tally.unreadable
    assert complaint_of(app, 13 + 1).subject.startswith("A café")
    assert app.engine.verify().faults == [] and count(app, t.complaint) == tally.imported


def test_as_of_stops_the_replay_at_that_day(app: Application, tmp_path: Path) -> None:
    """Timers up to it have fired, later ones wait; a record that goes on is flagged, and left out of the tallies."""
    stop = RECEIVED + timedelta(days=2)
    results, tally = take(app, write(tmp_path / "stop.csv", record(), record(received="2014-05-01", sent="2014-05-02")), as_of=stop)
    assert [result.state for result in results] == ["imported", "imported"]
    assert "would be later than the replay goes" in results[0].flags[0]
    assert results[1].flags[0] == "its receipt would be later than the replay goes"
    assert (tally.later, tally.rows, tally.said, tally.equal) == (2, 2, Counter(), True)
    complaint = complaint_of(app, 2)
    assert complaint.state == "open" and max(event.occurred_at for event in app.engine.history(complaint.instance_id)) <= stop
    waits = [item.due_at for item in app.engine.waiting(complaint.instance_id) if item.kind == "timer" and item.due_at is not None]
    assert waits and min(waits) > stop
    assert app.engine.run_due() > 0  # from here on it is a complaint like any other, and long late


def test_two_imports_of_one_file_at_once_take_each_row_once(app: Application, tmp_path: Path) -> None:
    """The slower one finds the row taken when it comes to write it down, and undoes its own."""
    path = write(tmp_path / "both.csv", record(), record(number="2"))
    slow, fast = (Importer(app.register, path, load_mapping("cfpb"), replay=True) for _ in range(2))
    rows = list(slow.rows())
    assert len(list(fast.run())) == 2
    again = [slow.take(row) for row in rows]
    assert {result.flags for result in again} == {("another import of this file took the row at the same time",)}
    assert (count(app, t.complaint), count(app, t.instance), count(app, t.import_row)) == (2, 2, 2) and app.engine.verify().faults == []


def test_a_file_that_does_not_fit_its_mapping_is_refused_before_the_first_row(app: Application, tmp_path: Path) -> None:
    """With a sentence that names the columns, or the encoding."""
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Invalid, match="has no column 'Date received'"):
        take(app, tmp_path / "other.csv")
    (tmp_path / "map.toml").write_text('[mapping]\nencoding = "martian"\n')
    with pytest.raises(Invalid, match="no encoding 'martian'"):
        load_mapping(tmp_path / "map.toml")
    assert count(app, t.complaint) == 0


def test_a_mapping_says_the_encoding_and_the_delimiter(app: Application, tmp_path: Path) -> None:
    """A file in cp1252 with semicolons, without replay: filed as complaints that arrive now, with what they say of their receipt."""
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "own.csv").write_bytes("Tag;Text\n05.01.2026;Die Tür klemmt\n99.01.2026;x\n".encode("cp1252"))
    importer = Importer(app.register, tmp_path / "own.csv", load_mapping(tmp_path / "own.toml"), replay=False)
    assert [result.state for result in importer.run()] == ["imported", "unreadable"]
    complaint = complaint_of(app, 2)
    assert (complaint.subject, complaint.product, complaint.channel, complaint.historical) == ("Die Tür klemmt", "Käse", "post", False)
    assert complaint.received_at == datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_an_erased_record_is_accounted_for_but_no_longer_compared(app: Application, tmp_path: Path) -> None:
    """The tallies leave it out; the row stays known, so that it does not come back with the next run."""
    path = write(tmp_path / "erase.csv", record(), record(disputed="Yes"))
    take(app, path)
    app.register.erase(complaint_of(app, 2), reason="retention", actor="system")
    results, tally = take(app, path)
    assert (results, tally.rows, tally.erased, sum(tally.said.values()), tally.equal) == ([], 2, 1, 1, True)
    with pytest.raises(NotFound):
        app.register.get("C-00000000")


def test_every_two_hundredth_real_record_ends_as_recorded(tmp_path: Path, shared: Path, clock: Any) -> None:
    """A slice of the public sample: all accounted for, tallies equal, history whole."""
    source = shared / "data" / "cfpb_sample.csv"
    if not source.is_file():
        pytest.skip(f"there is no {source}")
    with source.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    with (tmp_path / "slice.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([rows[0], *rows[1::200]])
    app = amends.open(data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    results, tally = take(app, tmp_path / "slice.csv")
    assert len(results) == tally.rows == tally.imported == len(rows[1::200]) and tally.equal
    assert app.engine.verify().faults == [] and {result.state for result in results} == {"imported"}
    app.close()
