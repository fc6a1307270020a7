"""People who sign in."""

from __future__ import annotations

from pathlib import Path

import click

from .common import application, data_options, says_errors


@click.group()
def user() -> None:
    """People who sign in: add, list, roles, password, deactivate."""


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
    """List the accounts."""
    with application(data, database) as app:
        for account in app.accounts.list():
            click.echo(f"{account.username:20} {'' if account.active else 'inactive '}{', '.join(account.roles)}  {account.display_name}")


@user.command("password")
@click.argument("username")
@data_options
@says_errors
def password(username: str, data: Path, database: str | None) -> None:
    """Give an account a new generated password, shown once; its sessions end."""
    with application(data, database) as app:
        account = next((item for item in app.accounts.list() if item.username == username), None)
        if account is None:
            raise click.ClickException(f"There is no account {username!r}; `amends user list` shows all.")
        click.echo(f"{username}: {app.accounts.set_password(account.id, None, actor='system')}")
