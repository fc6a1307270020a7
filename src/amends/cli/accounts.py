"""People who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from .common import ACTOR, application, data_options, says_errors


@click.group()
def user() -> None:
    """People who sign in: who there is, what they may, what they were trained for, and how they sign in."""


@contextmanager
def one_of(data: Path, database: str | None, username: str) -> Iterator[tuple[Any, Any]]:
    """The accounts of an installation, and the one of this user name."""
    with application(data, database) as app:
        account = app.accounts.by_username(username)
        if account is None:
            raise click.ClickException(f"There is no account {username!r}; `amends user list` shows all.")
        yield app.accounts, account


@user.command("add")
@click.argument("username")
@click.option("--name", default="", help="As others see it.")
@click.option("--role", "roles", multiple=True, help="A role of the package, or admin, process-owner, auditor, team-lead. May be repeated.")
@data_options
@says_errors
def add(username: str, name: str, roles: tuple[str, ...], data: Path, database: str | None) -> None:
    """Add an account; its password is generated and shown once."""
    with application(data, database) as app:
        account, password = app.accounts.create(username, name or username, list(roles))
    click.echo(f"{account.username}: {password}")


@user.command("list")
@data_options
@says_errors
def list_(data: Path, database: str | None) -> None:
    """List the accounts with their roles, teams and competences."""
    with application(data, database) as app:
        for account in app.accounts.list():
            told = [", ".join(sorted(account.roles)), f"teams: {', '.join(sorted(app.accounts.teams(account.id))) or 'none'}"]
            held = sorted(app.accounts.competences_of(account.id))
            told += [f"competences: {', '.join(held)}"] if held else []
            click.echo(f"{account.username:20} {'' if account.active else 'inactive '}{'; '.join(told)}  {account.display_name}")


@user.command("password")
@click.argument("username")
@data_options
@says_errors
def password(username: str, data: Path, database: str | None) -> None:
    """Give an account a new generated password, shown once; its sessions end."""
    with one_of(data, database, username) as (accounts, account):
        click.echo(f"{username}: {accounts.set_password(account.id, None, actor=ACTOR)}")


@user.command("roles")
@click.argument("username")
@click.option("--role", "roles", multiple=True, help="May be repeated; without any the account keeps none.")
@data_options
@says_errors
def roles(username: str, roles: tuple[str, ...], data: Path, database: str | None) -> None:
    """Give an account exactly these roles."""
    with one_of(data, database, username) as (accounts, account):
        found = accounts.set_roles(account.id, roles, actor=ACTOR)
        click.echo(f"{username}: {', '.join(sorted(found.roles)) or 'no role'}")


@user.command("teams")
@click.argument("username")
@click.option("--team", "teams", multiple=True, help="May be repeated; without any the account is in none.")
@data_options
@says_errors
def teams(username: str, teams: tuple[str, ...], data: Path, database: str | None) -> None:
    """Put an account into exactly these teams."""
    with one_of(data, database, username) as (accounts, account):
        accounts.set_teams(account.id, teams, actor=ACTOR)
        click.echo(f"{username}: {', '.join(sorted(accounts.teams(account.id))) or 'no team'}")


@user.command("trained")
@click.argument("username")
@click.argument("competence")
@click.option("--training", default="", help="What it rests on, in words.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day it is valid; left out: for good.")
@click.option("--take-back", is_flag=True, help="They do not hold it any more.")
@data_options
@says_errors
def trained(
    username: str, competence: str, training: str, until: datetime | None, take_back: bool, data: Path, database: str | None
) -> None:
    """Note that somebody was trained for something that tasks need."""
    ends = None if until is None else datetime.combine(until.date() + timedelta(days=1), time(), UTC)
    with one_of(data, database, username) as (accounts, account):
        if take_back:
            accounts.remove_competence(account.id, competence, actor=ACTOR)
        else:
            accounts.add_competence(account.id, competence, training=training, valid_until=ends, actor=ACTOR)
        click.echo(f"{username}: {', '.join(sorted(accounts.competences_of(account.id))) or 'no competence'}")


@user.command("deactivate")
@click.argument("username")
@data_options
@says_errors
def deactivate(username: str, data: Path, database: str | None) -> None:
    """Let an account sign in no more; its sessions end, and what it did stays."""
    with one_of(data, database, username) as (accounts, account):
        accounts.deactivate(account.id, actor=ACTOR)
        click.echo(f"{username} cannot sign in any more.")


@user.command("activate")
@click.argument("username")
@data_options
@says_errors
def activate(username: str, data: Path, database: str | None) -> None:
    """Let a deactivated account sign in again."""
    with one_of(data, database, username) as (accounts, account):
        accounts.activate(account.id, actor=ACTOR)
        click.echo(f"{username} can sign in again.")


@user.command("sign-out")
@click.argument("username")
@data_options
@says_errors
def sign_out(username: str, data: Path, database: str | None) -> None:
    """End every session of an account."""
    with one_of(data, database, username) as (accounts, account):
        click.echo(f"{username}: {accounts.sessions.end_others(account.id, None, actor=ACTOR)} sessions ended")


@user.command("no-second-factor")
@click.argument("username")
@data_options
@says_errors
def no_second_factor(username: str, data: Path, database: str | None) -> None:
    """Ask an account for no code any more: its owner has lost the app and the recovery codes."""
    with one_of(data, database, username) as (accounts, account):
        accounts.second_factor.remove(account.id, actor=ACTOR)
        click.echo(f"{username} is asked for no code any more.")


@user.command("link")
@click.argument("username")
@click.argument("issuer", required=False)
@click.argument("subject", required=False)
@click.option("--take-back", is_flag=True, help="They sign in by no service any more.")
@data_options
@says_errors
def link(username: str, issuer: str | None, subject: str | None, take_back: bool, data: Path, database: str | None) -> None:
    """Let somebody whom a sign-in service knows (its address, and its claim sub) sign in to an account."""
    with one_of(data, database, username) as (accounts, account):
        if take_back:
            accounts.identities.unlink(account.id, actor=ACTOR)
        else:
            accounts.identities.link(account.id, (issuer or "").rstrip("/"), subject or "", actor=ACTOR)
        click.echo(f"{username}: {', '.join(accounts.identities.linked(account.id)) or 'linked to nobody'}")
