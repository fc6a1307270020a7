"""amends measures itself: against bare SpiffWorkflow in one run, and among a million open tasks (docs/performance.md)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect

from amends.engine.api import Engine
from amends.engine.errors import AmendsError
from amends.engine.operating.bench import speed
from amends.engine.operating.bench.scale import DUE_AT_ONCE, FEW, Figures, Scale
from amends.engine.operating.bench.size import bytes_each
from amends.engine.store import Database

__all__ = ["Line", "Scale", "check_new", "measure_engine", "measure_scale"]

MOST_RATIO = {"sqlite": 1.0, "postgresql": 1.6}
MOST_STATEMENTS = 8
MOST_BYTES = 6_000


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what it is of, how much, in which unit, and what it must not exceed (None: it is only told)."""

    what: str
    figure: float
    unit: str
    most: float | None = None

    @property
    def held(self) -> bool:
        """Whether it does not exceed that."""
        return self.most is None or self.figure <= self.most


def check_new(url: str) -> None:
    """Raise `AmendsError` unless the database is empty: what is measured writes, and wants nothing else there."""
    database = Database(url)
    try:
        with database.reading() as connection:
            if inspect(connection).get_table_names():
                raise AmendsError(f"The database {database.url.database} has tables. Measure on a new one, or without --database.")
    finally:
        database.close()


def measure_engine(url: str, rounds: int, instances: int) -> list[Line]:
    """Completion, start, statements and size, on a new database."""
    engine = Engine(url)
    try:
        speed.deploy(engine)
        taken = speed.measure(engine, rounds)
        statements, commits = speed.statements(engine)
        size = bytes_each(engine, instances)
        faults = len(engine.verify().faults)
    finally:
        engine.close()
    most = MOST_RATIO[engine.database.url.get_backend_name()]
    lines = [Line(f"{what}, {who}", 1e3 * _middle(taken, what, side), "ms") for what in ("completion", "start") for side, who in _SIDES]
    return [
        *lines,
        Line("completion, amends by bare SpiffWorkflow", taken.completion_ratio, "times", most),
        Line("start, amends by bare SpiffWorkflow", taken.start_ratio, "times", most),
        Line("statements of a completion", statements, "", MOST_STATEMENTS),
        Line("commits of a completion", commits, "", 1),
        Line("a finished instance with its history", size, "bytes", MOST_BYTES),
        Line("faults in the history afterwards", faults, "", 0),
    ]


_SIDES = ((0, "amends, durable and audited"), (1, "bare SpiffWorkflow, load + run + save"))


def _middle(taken: speed.Speed, what: str, side: int) -> float:
    found = sorted(pair[side] for pair in (taken.starts if what == "start" else taken.completions))
    return found[len(found) // 2]


def measure_scale(url: str, many: int) -> list[Line]:
    """Inbox, completion and sweep among `many` open tasks and timers by the same among a thousand, on a new database."""
    scale = Scale(url)
    try:
        scale.grow(FEW)
        few = scale.measure()
        scale.grow(many - FEW)
        lots = scale.measure()
        fired, each = scale.fire()
        faults = len(scale.engine.verify().faults)
    finally:
        scale.engine.close()
    return [
        *_times(few, f"among {FEW:,}"),
        *_times(lots, f"among {many:,}"),
        Line("first page and count, many by few", max(lots.first[name] / few.first[name] for name in few.first), "times", 2),
        Line("thousandth page and count, many by few", max(lots.later[name] / few.first[name] for name in few.first), "times", 2),
        Line("completion, many by few", lots.completion / few.completion, "times", 1.2),
        Line("sweep, many by few", lots.sweep / few.sweep, "times", 2),
        Line(f"timers of {DUE_AT_ONCE:,} due at once that did not fire once", DUE_AT_ONCE - fired, "", 0),
        Line("one of them by a completion", each / lots.completion, "times", 2),
        Line("faults in the history afterwards", faults, "", 0),
    ]


def _times(figures: Figures, among: str) -> list[Line]:
    pages = [(f"first page and count of {name!r}", seconds) for name, seconds in figures.first.items()]
    pages += [(f"thousandth page and count of {name!r}", figures.later[name]) for name in figures.later if "1,000" not in among[-6:]]
    every = [*pages, ("completion", figures.completion), ("sweep", figures.sweep)]
    return [Line(f"{what} {among}", 1e3 * seconds, "ms") for what, seconds in every]
