"""Prometheus metrics: commands are counted as they happen, the state of things is read from the database when somebody asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from amends.engine.api import Engine
from amends.engine.errors import AmendsError, Conflict
from amends.engine.instances.commands import Work
from amends.engine.operating.figures import Figures, figures
from amends.engine.operating.ready import Runner
from amends.engine.store.outages import OUTAGES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
log = structlog.get_logger()
KEPT_SECONDS = 10.0
"""The database is asked at most so often, however often somebody scrapes."""
GAUGES = {
    "jobs_due": ("amends_jobs_due", "Jobs that are due now"),
    "jobs_late": ("amends_jobs_late", "Jobs that have been due for more than a minute"),
    "jobs_failed": ("amends_jobs_failed", "Jobs that were given up and have an incident"),
    "jobs_stuck": ("amends_jobs_stuck", "Jobs whose runner has let its lease end and that nobody has taken over"),
    "oldest_due_age": ("amends_oldest_due_job_age_seconds", "How long the oldest due job has been due"),
    "incidents": ("amends_incidents", "Incidents that nobody has resolved"),
    "clocks_breached": ("amends_clocks_breached", "Running clocks that are past their due time"),
    "unsealed_age": ("amends_unsealed_age_seconds", "Age of the oldest history row that is not sealed yet"),
}


class Metrics:
    """Counts the commands of one engine from now on, and tells its figures. Labels are kinds, packages and states: never a person.

    With `tells`, each command is a line of the log as well: its kind, the ids of its instance and actor, and how long it took.
    """

    def __init__(self, engine: Engine, runner: Runner) -> None:
        self.registry = CollectorRegistry()
        self.tells = False
        about: dict[str, Any] = {"labelnames": ["kind"], "registry": self.registry}
        self._done = Counter("amends_commands", "Commands that were committed, by kind", **about)
        self._conflicts = Counter("amends_conflicts", "Commands refused because somebody else was faster", **about)
        self._failed = Counter("amends_command_errors", "Commands that changed nothing for another reason", **about)
        self._seconds = Histogram("amends_command_seconds", "How long a command took", buckets=BUCKETS, **about)
        self._kinds: dict[str, tuple[Any, Any]] = {}
        self.registry.register(_State(engine, runner))
        self._count(engine)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)

    def serve(self, port: int) -> None:
        """Serve them by a thread, to this machine only, for a process that has no pages."""
        try:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError as error:
            raise AmendsError(f"Cannot serve metrics on port {port}: {error.strerror}. Choose another one.") from error

    def _count(self, engine: Engine) -> None:
        """Put a clock around the two ways into an instance: a few microseconds a command, and no statement."""
        commands = engine.commands
        on, start = commands.on, commands.start

        def counted_on(instance_id: str, command: str, actor: str, **more: Any) -> AbstractContextManager[Work]:
            return _Counted(self, command, on(instance_id, command, actor, **more), instance_id, actor)

        def counted_start(*given: Any, **more: Any) -> str:
            began = time.perf_counter()
            try:
                instance_id = start(*given, **more)
            except BaseException as error:
                self.failed("start", error, actor=str(more.get("actor", "")))
                raise
            self.done("start", time.perf_counter() - began, instance_id, str(more.get("actor", "")))
            return instance_id

        commands.on = counted_on  # type: ignore[method-assign, assignment]
        commands.start = counted_start  # type: ignore[method-assign]

    def done(self, kind: str, seconds: float, instance_id: str = "", actor: str = "") -> None:
        """A command was committed (or will be, with the batch around it)."""
        if self.tells:
            log.info("command", kind=kind, instance=instance_id, actor=actor, ms=round(seconds * 1000, 1))
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = (self._done.labels(kind), self._seconds.labels(kind))
        known[0].inc()
        known[1].observe(seconds)

    def failed(self, kind: str, error: BaseException, instance_id: str = "", actor: str = "") -> None:
        """A command changed nothing. What the error says may name somebody; its kind does not."""
        if self.tells:
            log.info("command refused", kind=kind, instance=instance_id, actor=actor, error=type(error).__name__)
        (self._conflicts if isinstance(error, Conflict) else self._failed).labels(kind).inc()


class _Counted(AbstractContextManager[Work]):
    """A command with a clock around it."""

    __slots__ = ("_about", "_began", "_inner", "_kind", "_metrics")

    def __init__(self, metrics: Metrics, kind: str, inner: AbstractContextManager[Work], instance_id: str = "", actor: str = "") -> None:
        self._metrics, self._kind, self._inner, self._about = metrics, kind, inner, (instance_id, actor)

    def __enter__(self) -> Work:
        self._began = time.perf_counter()
        try:
            return self._inner.__enter__()
        except BaseException as error:
            self._metrics.failed(self._kind, error, *self._about)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        try:
            swallowed = self._inner.__exit__(kind, error, trace)
        except BaseException as failure:
            self._metrics.failed(self._kind, failure, *self._about)
            raise
        if error is None:
            self._metrics.done(self._kind, time.perf_counter() - self._began, *self._about)
        else:
            self._metrics.failed(self._kind, error, *self._about)
        return swallowed


class _State(Collector):
    """What the database says, kept for some seconds."""

    def __init__(self, engine: Engine, runner: Runner) -> None:
        self._engine, self._runner = engine, runner
        self._lock = threading.Lock()
        self._kept: Figures | None = None
        self._at = float("-inf")

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database when the registry is made."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges; while the database does not answer, only that."""
        found = self._figures()
        yield GaugeMetricFamily("amends_database_up", "Whether the database answers", value=float(found is not None))
        age = self._runner.age
        if age is not None:
            told = "Since the runner of this process last looked"
            yield GaugeMetricFamily("amends_runner_round_age_seconds", told, value=age)
        if found is None:
            return
        for field, (name, told) in GAUGES.items():
            yield GaugeMetricFamily(name, told, value=float(getattr(found, field)))
        instances = GaugeMetricFamily("amends_instances", "Process instances by version and state", labels=["package", "version", "state"])
        for (package, number, state), many in sorted(found.instances.items()):
            instances.add_metric([package, str(number), state], many)
        yield instances

    def _figures(self) -> Figures | None:
        with self._lock:
            if time.monotonic() - self._at < KEPT_SECONDS:
                return self._kept
            try:
                with self._engine.database.reading() as connection:
                    self._kept = figures(connection, self._engine.now())
            except OUTAGES:
                self._kept = None
            self._at = time.monotonic()
            return self._kept
