"""Import records, and read and verify the history."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from amends.engine.complaints.indexing import fill
from amends.engine.complaints.rebuilding import Rebuilding
from amends.engine.complaints.replay import Importer, Tally, load_mapping, tallies

from .common import ACTOR, application, data_options, says_errors


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapping_name", required=True, help="A mapping file, or the name of one that comes with amends (cfpb).")
@click.option("--replay", is_flag=True, help="Let each complaint go its recorded way on its own dates; nothing is sent.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="How far the replay goes (default: now).")
@click.option("--show-odd", is_flag=True, help="List every odd row with its reasons.")
@data_options
@says_errors
def import_(file: Path, mapping_name: str, replay: bool, as_of: datetime | None, show_odd: bool, data: Path, database: str | None) -> None:
    """Import complaints from a CSV file. An import that was stopped goes on where it was; a second one adds nothing."""
    with application(data, database) as app:
        until = None if as_of is None else as_of.replace(tzinfo=UTC)
        importer = Importer(app.register, file, load_mapping(mapping_name), replay=replay, as_of=until)
        total, before = importer.count(), len(importer.done())
        began, taken, odd = time.monotonic(), 0, 0
        with click.progressbar(length=total, label="Importing", show_pos=True, file=sys.stderr) as bar:
            bar.update(before)
            for result in importer.run():
                taken += 1
                odd += bool(result.flags)
                if show_odd and result.flags:
                    click.echo(f"line {result.line}: {result.state}: {'; '.join(result.flags)}")
                bar.update(1)
        app.engine.seal()
        seconds = time.monotonic() - began
        click.echo(f"{taken} rows imported now, {before} were there before; {odd} odd ones. {seconds:.1f} s.")
        if replay:
            tally = tallies(app.register, importer.digest, importer.mapping)
            _say(tally)
            raise SystemExit(0 if tally.equal else 1)


def _say(tally: Tally) -> None:
    click.echo(f"{tally.rows} rows accounted for: {tally.imported} imported, {tally.unreadable} unreadable, {tally.flagged} flagged.")
    if tally.later:
        click.echo(f"The record of {tally.later} goes on after the day given by --as-of; the tallies leave them out.")
    if tally.erased:
        click.echo(f"{tally.erased} of them have been erased since; the tallies leave them out.")
    if tally.equal:
        click.echo(
            f"The tallies by {' × '.join(tally.facts)} computed from the complaints equal the file's, all {len(tally.said)} of them."
        )
        return
    click.echo(f"The tallies differ for {len(tally.different)} rows:")
    for line, said, found in tally.different[:20]:
        click.echo(f"  line {line}: the file says {' / '.join(said)}, the complaint came to {' / '.join(found)}")


@click.command()
@click.option("--head", metavar="HASH", help="The last seal as an earlier run showed it: is it still among the seals?")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@data_options
@says_errors
def verify(head: str | None, as_json: bool, data: Path, database: str | None) -> None:
    """Read the whole history and find any edit, removal, swap or insertion. Exit code 1 if there is one."""
    with application(data, database) as app:
        report = app.engine.verify(head)
    if as_json:
        faults = [{"chain": fault.chain, "seq": fault.seq, "message": fault.message} for fault in report.faults]
        numbers = {name: getattr(report, name) for name in ("rows", "chains", "seals", "sealed", "unsealed", "erased", "head")}
        click.echo(json.dumps({**numbers, "faults": faults}, indent=2))
    else:
        click.echo(f"{report.rows} rows in {report.chains} chains, {report.seals} seals; {report.erased} values erased on purpose.")
        click.echo(f"Sealed: {report.sealed} rows. Not sealed yet, and so not protected yet: {report.unsealed} rows.")
        click.echo(f"Last seal: {report.head}")
        for fault in report.faults:
            click.secho(f"{fault.chain}, row {fault.seq}: {fault.message}", fg="red")
        click.echo("Nothing is wrong." if not report.faults else f"{len(report.faults)} things are wrong.")
    raise SystemExit(1 if report.faults else 0)


@click.command()
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it stays in the history, so do not name the person.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_options
@says_errors
def erase(reference: str, reason: str, yes: bool, data: Path, database: str | None) -> None:
    """Erase the personal data of a closed complaint for good; what statistics are made of stays, and the history still verifies."""
    with application(data, database) as app:
        complaint = app.register.get(reference)
        if not yes:
            click.confirm(f"Erase everything personal of {complaint.reference}? It cannot be brought back", abort=True)
        erased = app.register.erase(complaint, reason=reason, actor=ACTOR)
    click.echo(f"{complaint.reference}: {erased} values of its history are erased, and what the register and the mail folder held of it.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--after", metavar="REFERENCE", help="Go on after this complaint, where an earlier run was stopped.")
@data_options
@says_errors
def rebuild(dry_run: bool, after: str | None, data: Path, database: str | None) -> None:
    """Fill rows of the register that an earlier version has emptied, from the history.

    Open complaints become what their process says; of closed ones only what is empty is filled. It may be stopped and begun again.
    """
    looked = written = 0
    last = after
    with application(data, database) as app:
        rebuilding = Rebuilding(app.register)
        with click.progressbar(length=rebuilding.count(after), label="Rebuilding", show_pos=True, file=sys.stderr) as bar:
            try:
                for one in rebuilding.run(actor=ACTOR, after=after, dry=dry_run):
                    looked, written, last = looked + 1, written + bool(one.written), one.reference
                    if one.written:
                        click.echo(f"{one.reference}: {', '.join(one.written)} {'would be' if dry_run else 'is'} written")
                    bar.update(1)
            except KeyboardInterrupt:
                click.echo(f"Stopped; nothing is half done. Go on with --after {last}." if last else "Stopped before the first one.")
    click.echo(f"{written} of {looked} complaints {'would be' if dry_run else 'were'} rebuilt.")


@click.command()
@data_options
@says_errors
def seal(data: Path, database: str | None) -> None:
    """Seal the history that has been written since the last seal."""
    with application(data, database) as app:
        number = app.engine.seal()
    click.echo("There was nothing new to seal." if number is None else f"Seal {number} is set.")


@click.command()
@data_options
@says_errors
def index(data: Path, database: str | None) -> None:
    """Put what the full-text search misses into its index, as after an upgrade, while amends runs. Stopped, it goes on where it was."""
    with application(data, database) as app:
        done = 0
        for done in fill(app.engine):
            click.echo(f"{done} put into the index …", err=True)
    click.echo(f"{done} put into the index." if done else "Nothing was missing.")


@click.command()
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@data_options
@says_errors
def history(reference: str, as_json: bool, data: Path, database: str | None) -> None:
    """Print everything that happened to a complaint."""
    with application(data, database) as app:
        complaint = app.register.get(reference)
        for event in app.engine.history(complaint.instance_id):
            if as_json:
                row = {
                    "seq": event.seq,
                    "at": event.occurred_at.isoformat(),
                    "recorded": event.recorded_at.isoformat(),
                    "actor": event.actor,
                }
                click.echo(json.dumps({**row, "kind": event.kind, "element": event.element_id, "data": event.data}, default=str))
            else:
                click.echo(f"{event.occurred_at:%Y-%m-%d %H:%M:%S}  {event.actor:24} {event.kind:10} {event.element_id}")
