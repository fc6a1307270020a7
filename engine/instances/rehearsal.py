"""What an intervention changes, told before it is made: it is made, looked at, and rolled back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amends.engine.errors import AmendsError
from amends.engine.execution import Execution
from amends.engine.execution.values import decode, encode
from amends.engine.instances.commands import Work
from amends.engine.store import Database


@dataclass(frozen=True, slots=True)
class Effect:
    """What an intervention changes, or changed. Elements are ids, one for each token; `variables` are (before, after) by name.

    `kept` is where the instance stands before and after, `left` where it stands no more, `reached` where it stands newly, `passed`
    what was done on the way; `incidents` are (element, message). A variable that is not there is None.
    """

    instance_id: str
    state: str
    kept: tuple[str, ...]
    left: tuple[str, ...]
    reached: tuple[str, ...]
    passed: tuple[str, ...]
    incidents: tuple[tuple[str, str], ...]
    variables: Mapping[str, tuple[Any, Any]]

    def text(self) -> str:
        """It as text, the instance's id first: an erasure finds it by that."""
        return f"{self.instance_id} {encode({name: getattr(self, name) for name in self.__slots__}).decode()}"

    @classmethod
    def read(cls, text: str) -> Effect:
        """What `text` wrote."""
        plain = decode(text.partition(" ")[2].encode())
        named = {name: tuple(plain[name]) for name in ("kept", "left", "reached", "passed")}
        incidents = tuple((element, message) for element, message in plain["incidents"])
        variables = {name: (before, after) for name, (before, after) in plain["variables"].items()}
        return cls(plain["instance_id"], plain["state"], **named, incidents=incidents, variables=variables)


class _Rehearsed(Exception):
    """Never seen outside: it undoes a rehearsal."""


@contextmanager
def rehearsing(database: Database, dry: bool) -> Iterator[None]:
    """Within: with `dry`, nothing of what is done stays."""
    if not dry:
        yield
        return
    if database.in_transaction():
        raise AmendsError("A rehearsal cannot be part of a batch: it is rolled back as a whole. Ask for it outside.")
    try:
        with database.transaction():
            yield
            raise _Rehearsed
    except _Rehearsed:
        return


class Watch:
    """Looks at an execution before an intervention, and says afterwards what has become of it."""

    def __init__(self, execution: Execution) -> None:
        self._stood = standing(execution)
        self._variables = dict(execution.data)

    def effect(self, work: Work) -> Effect:
        """The difference; `work` is that of the command, done."""
        execution = work.execution
        stands = Counter() if execution.ended is not None else standing(execution)
        before, after = self._variables, execution.data
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        return Effect(
            work.id,
            work.state,
            _elements(self._stood & stands),
            _elements(self._stood - stands),
            _elements(stands - self._stood),
            tuple(note.element_id for note in work.notes if note.kind == "completed"),
            tuple((note.element_id, str((note.values or {}).get("message", ""))) for note in work.notes if note.kind == "incident"),
            {name: (before.get(name), after.get(name)) for name in names},
        )


def standing(execution: Execution) -> Counter[str]:
    """Where an execution stands: its elements, and how often at each."""
    return Counter(token.task_spec.name for token in execution.all_tokens() if not token.passive)


def _elements(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counted.elements()))
