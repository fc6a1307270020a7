"""The embedded runner: one thread that runs what is due, for SQLite and small installations."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()

POLL_SECONDS = 1.0
SEAL_EVERY_SECONDS = 60.0


class EmbeddedRunner:
    """Runs `run_due` when woken and at least every second, and `tidy` (sealing the history) once a minute, until stopped."""

    def __init__(self, run_due: Callable[[], int], tidy: Callable[[], object]) -> None:
        self._run_due, self._tidy = run_due, tidy
        self._woken = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="amends-runner", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do now."""
        self._woken.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the job at hand and end."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _loop(self) -> None:
        rounds = 0
        while not self._stop.is_set():
            self._woken.wait(POLL_SECONDS)
            self._woken.clear()
            rounds += 1
            try:
                self._run_due()
                if rounds % int(SEAL_EVERY_SECONDS / POLL_SECONDS) == 0:
                    self._tidy()
            except SQLAlchemyError as error:
                # The database is away or busy: nothing is lost, the jobs are still due at the next round.
                log.error("runner cannot reach the database", error=type(error).__name__)
