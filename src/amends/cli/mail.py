"""Mail that comes in: piped by a mail server, or fetched from a mailbox."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from amends.engine.errors import AmendsError, Invalid

from .common import application, data_options

TRY_AGAIN = 75
"""What a mail server that pipes a message reads as: keep it, and try again later (EX_TEMPFAIL)."""
REFUSED = 65
"""The message itself is refused: too long (EX_DATAERR)."""


@click.command()
@click.option("--fetch", is_flag=True, help="Fetch from the mailbox that AMENDS_IMAP_HOST names, once, instead of reading a message.")
@click.option("--waiting", is_flag=True, help="List the mails that wait for a person.")
@data_options
def mail(fetch: bool, waiting: bool, data: Path, database: str | None) -> None:
    """Take in a message from standard input, as a mail server pipes it: a new complaint, or part of one.

    Exit code 75 if it could not be kept: the mail server tries again.
    """
    try:
        with application(data, database) as app:
            if waiting:
                for one in app.mail_in.list():
                    click.echo(f"{one.received_at:%Y-%m-%d %H:%M}  {one.id}  {one.kind:10} {one.why}")
            elif fetch:
                if app.poller.mailbox is None:
                    raise click.UsageError("No mailbox is set up. Set AMENDS_IMAP_HOST and what belongs to it; see docs/mail.md.")
                kept, taken = app.poller.round()
                click.echo(f"{kept} mails fetched, {taken} taken in.")
            else:
                raw = sys.stdin.buffer.read(app.mail_in.most + 1)
                if not raw.strip():
                    raise click.UsageError("There is no message on standard input. Pipe one: amends mail < message.eml")
                id, new = app.mail_in.keep(raw)
                app.mail_in.take(id)
                click.echo(f"{id}: {'kept' if new else 'known already'}.")
    except Invalid as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(REFUSED) from error
    except AmendsError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(TRY_AGAIN) from error
