"""Serve."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from types import FrameType

import click

from amends.application import Application

from .common import application, data_options, says_errors


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=int)
@click.option("--demo/--no-demo", default=True, show_default=True, help="On the first run, add a demo organisation.")
@click.option("--threads", default=8, show_default=True, type=int)
@data_options
@says_errors
def run(host: str, port: int, demo: bool, threads: int, data: Path, database: str | None) -> None:
    """Serve the pages and run what is due. On the first run: deploy the ISO 10002 package and make an administrator."""
    _port_is_free(host, port)
    with application(data, database) as app:
        if not app.accounts.list():
            _first_run(app, demo)
        serve(app, host, port, threads)


def _port_is_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another port: make run PORT=8001."
            ) from error


def _first_run(app: Application, demo: bool) -> None:
    app.deploy_shipped()
    _, password = app.accounts.create("admin", "Administrator", ["admin", "process-owner", "auditor"])
    click.echo("")
    click.echo("This is the first run. The administrator's password is shown once, here:")
    click.echo(f"    admin    {password}")
    if demo:
        from amends.demo import make_demo

        click.echo("The demo organisation's people:")
        for username, secret, roles in make_demo(app):
            click.echo(f"    {username:10} {secret}    {', '.join(roles)}")
    click.echo("")


def serve(app: Application, host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C; the request and the job at hand are finished first."""
    from waitress.server import create_server

    from amends.webui import create_app

    server = create_server(create_app(app), host=host, port=port, threads=threads, ident=None)

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    app.runner.start()
    click.echo(f"amends serves on http://{host}:{port}  (Ctrl-C stops it)")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
        app.engine.seal()
        click.echo("Stopped.")
