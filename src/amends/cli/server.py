"""Serve."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server

from amends.application import Application

from .common import application, data_options, says_errors
from .operating import needs_procrastinate
from .processes import Processes

if TYPE_CHECKING:
    from amends.engine.jobs.queue import Nudge

SERVES = "amends serves on http://{}:{}  (Ctrl-C stops it)"
GRACE_SECONDS = 30.0
"""How long a stop waits for requests that run."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=int)
@click.option("--demo/--no-demo", default=True, show_default=True, help="On the first run, add a demo organisation.")
@click.option("--threads", default=8, show_default=True, type=int)
@click.option("--runner/--no-runner", default=True, show_default=True, help="Run what is due here, or leave it to amends worker.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="How many processes share the port.")
@data_options
@says_errors
def run(host: str, port: int, demo: bool, threads: int, runner: bool, processes: int, data: Path, database: str | None) -> None:
    """Serve the pages and run what is due. On the first run: deploy the ISO 10002 package and make an administrator."""
    _port_is_free(host, port)
    with application(data, database) as app:
        if not app.accounts.list():
            _first_run(app, demo)
        if processes == 1:
            serve(app, host, port, threads, runner=runner)
            return

    def one(place: int, listener: socket.socket) -> None:
        # One of them runs what is due: the others would only look for the same rows.
        with application(data, database) as own:
            serve(own, host, port, threads, runner=runner and place == 0, listener=listener, first=place == 0, nudge=not runner)

    shared = Processes(host, port, processes, one)
    click.echo(SERVES.format(host, port))
    code = shared.run()
    click.echo("Stopped.")
    raise SystemExit(code)


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


def serve(
    app: Application, host: str, port: int, threads: int, *, runner: bool = True, listener: socket.socket | None = None,
    first: bool = True, nudge: bool = True,
) -> None:  # fmt: skip
    """Serve until SIGTERM or Ctrl-C; the requests and the job at hand are finished first.

    Without `runner` this process runs nothing that is due: on PostgreSQL it tells the workers (`amends worker`) instead, with `nudge`.
    `listener` is a socket that is open already and that others accept from, too; only the `first` takes mail in.
    """
    from amends.webui import create_app

    app.metrics.tells = True
    server = Server(create_app(app), host, port, threads, listener)
    telling = None
    if runner:
        app.runner.start()
    elif nudge and not app.engine.database.sqlite:
        telling = _tell_workers(app)
    if first:
        app.take_in_mail()
    if listener is None:
        click.echo(SERVES.format(host, port))
    try:
        server.run(at_stop=app.runner.ask_to_stop)
    finally:
        if telling is not None:
            telling.stop()
        app.runner.stop()
        app.engine.seal()
        if listener is None:
            click.echo("Stopped.")


def _tell_workers(app: Application) -> Nudge:
    with needs_procrastinate():
        from amends.engine.jobs.queue import Nudge
    nudge = Nudge(app.engine.database.url)
    app.engine.commands.wake = nudge.wake
    nudge.start()
    return nudge


class Server:
    """waitress, with an end that cuts nothing in half.

    Its own stop gives requests up after five seconds, and sends no answer that is not on its way yet.
    """

    def __init__(self, wsgi: Any, host: str, port: int, threads: int, listener: socket.socket | None = None) -> None:
        self._map: dict[int, Any] = {}
        where: dict[str, Any] = {"host": host, "port": port} if listener is None else {"sockets": [listener]}
        self._server = create_server(wsgi, map=self._map, threads=threads, ident=None, **where)
        self._stopping = False

    def run(self, at_stop: Callable[[], None]) -> None:
        """Serve until a signal, call `at_stop`, then answer what has been asked, for at most `GRACE_SECONDS`.

        A second signal ends at once.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            while not self._stopping:
                self._poll(0.5)
            at_stop()
            self._drain()
        except KeyboardInterrupt:
            click.echo("Stopped at once; what was under way is taken up again at the next start.")
        finally:
            self._server.task_dispatcher.shutdown(timeout=1)
            wasyncore.close_all(self._map)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            raise KeyboardInterrupt
        self._stopping = True

    def _poll(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._map, use_poll=True, count=1)

    def _drain(self) -> None:
        """Take in who has knocked already, close the door, and go on until everybody inside has an answer."""
        for _ in range(20):
            self._poll(0)
        for listener in [one for one in self._map.values() if getattr(one, "accepting", False)]:
            # Not its own close(): that also takes away the trigger by which finished requests wake this loop.
            wasyncore.dispatcher.close(listener)
        until = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < until:
            self._poll(0.1)
            channels = [one for one in self._map.values() if isinstance(one, HTTPChannel)]
            busy = [one for one in channels if one.requests or one.request is not None or one.total_outbufs_len]
            if not busy:
                return
            for channel in channels:
                if channel not in busy:
                    channel.handle_close()
        click.echo(f"Requests still run after {GRACE_SECONDS:.0f} s; they are given up.", err=True)
