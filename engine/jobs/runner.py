"""The embedded runner: one thread that runs what is due, for SQLite and small installations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

log = structlog.get_logger()

POLL_SECONDS = 1.0
SEAL_EVERY_SECONDS = 60.0


class RunDue(Protocol):
    """Runs what is due, at most `limit` jobs; how many ran."""

    def __call__(self, *, limit: int) -> int: ...


class EmbeddedRunner:
    """Runs what is due when woken and at least every second, and `tidy` (sealing the history) once a minute, until stopped."""

    def __init__(self, run_due: RunDue, tidy: Callable[[], object]) -> None:
        self._run_due, self._tidy = run_due, tidy
        self._woken = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="amends-runner", daemon=True)
        self._last_round: float | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def started(self) -> bool:
        """Whether this process was asked to run what is due."""
        return self._thread.ident is not None

    @property
    def alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    @property
    def age(self) -> float | None:
        """Seconds since it last looked for work or ran a job; None if it never did."""
        return None if self._last_round is None else time.monotonic() - self._last_round

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Take no further job; does not wait for the one at hand."""
        self._stop.set()
        self._woken.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the job at hand and end."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _loop(self) -> None:
        sealed = time.monotonic()
        while not self._stop.is_set():
            self._woken.wait(POLL_SECONDS)
            self._woken.clear()
            try:
                # One at a time, so that a stop waits for one job and not for all that are due.
                while not self._stop.is_set() and self._round():
                    pass
                if time.monotonic() - sealed >= SEAL_EVERY_SECONDS:
                    self._tidy()
                    sealed = time.monotonic()
            except Exception as error:
                # The database is away or busy, or a job is broken: the thread must live on. Nothing is lost, it is due at the next round.
                log.error("runner could not run what is due", error=type(error).__name__)

    def _round(self) -> int:
        self._last_round = time.monotonic()
        return self._run_due(limit=1)
