"""Several processes behind one port: one socket, opened before they are forked, that each of them accepts from."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import click

BACKLOG = 1_024
SIGNALS = (signal.SIGTERM, signal.SIGINT)
SHORT_LIFE_SECONDS = 5.0
MOST_SHORT_LIVES = 5
"""So many processes in a row that die at once are no accident: there is no use in starting another."""

Serve = Callable[[int, socket.socket], None]


class Processes:
    """Keeps `number` processes serving until SIGTERM or Ctrl-C, which every one of them gets; one that dies is started anew.

    `serve` is called in each with its place (0 is the first) and the socket. Nothing that is not to be shared (connections, threads)
    may be open when `run` is called.
    """

    def __init__(self, host: str, port: int, number: int, serve: Serve) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._number, self._serve = number, serve
        self._places: dict[int, tuple[int, float]] = {}  # process id → its place, when it was started
        self._stopping = False
        self._short_lives = 0

    def run(self) -> int:
        """Start them and wait; the exit code: 1 if they could not be kept alive."""
        for number in SIGNALS:
            signal.signal(number, self._stop)
        for place in range(self._number):
            if not self._stopping:
                self._start(place)
        while self._places:
            try:
                ended, _ = os.wait()
            except ChildProcessError:
                break
            place, since = self._places.pop(ended, (0, 0.0))
            if not self._stopping:
                self._again(place, since)
        return int(self._short_lives >= MOST_SHORT_LIVES)

    def _start(self, place: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal waits until the child is written down here, and until there the child no longer takes itself for the parent.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        child = os.fork()
        if child:
            self._places[child] = (place, time.monotonic())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return
        code = 1
        try:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._serve(place, self._listener)
            code = 0
        except click.ClickException as error:
            error.show()
        finally:
            # Not sys.exit: what the parent had under way is not the child's to clean up.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _again(self, place: int, since: float) -> None:
        self._short_lives = self._short_lives + 1 if time.monotonic() - since < SHORT_LIFE_SECONDS else 0
        if self._short_lives >= MOST_SHORT_LIVES:
            click.echo("The processes end as soon as they are started; giving up.", err=True)
            self._stop(signal.SIGTERM, None)
            return
        click.echo("A process has ended unasked; another one takes its place.", err=True)
        self._start(place)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for child in list(self._places):
            os.kill(child, signal.SIGTERM)
