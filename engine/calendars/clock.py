"""A clock: a running deadline as data, the one truth that task due dates, timers, the register and pages read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amends.engine.calendars import reckoning
from amends.engine.calendars.calendar import Calendar
from amends.engine.calendars.lengths import read_extension, read_length, read_warning
from amends.engine.errors import Invalid

RUNNING: Final = "running"  # not due yet, and no warning has been reached
SOON: Final = "soon"  # a warning has been reached, and it is not due yet
LATE: Final = "late"  # past due and not met
PAUSED: Final = "paused"  # stands still, so it has no due instant
MET: Final = "met"  # the obligation was fulfilled at the due instant or before
MET_LATE: Final = "met late"  # the obligation was fulfilled after the due instant
CANCELLED: Final = "cancelled"  # the obligation fell away


@dataclass(frozen=True)
class Pause:
    """The clock stood still from `at` until `resumed_at`; None: it still does, or did until the clock ended."""

    at: datetime
    resumed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Extension:
    """The deadline was put off by a length, for a reason, by somebody."""

    by: str
    reason: str
    at: datetime
    actor: str | None = None


@dataclass(frozen=True)
class Clock:
    """A deadline: what was promised from when, and what has happened to it since. Immutable; operations return a new one.

    It holds no due instant: `due` computes it from these values and the calendar, so both can never disagree.
    All instants are aware UTC. Sources: ISO 10002 4.15 and 7.3 (timeliness, tracking).
    """

    name: str
    start: datetime
    length: str  # see lengths.read_length
    calendar: str  # the name of a calendar; calendar time needs its zone
    warnings: tuple[str, ...] = ()  # see lengths.read_warning
    pauses: tuple[Pause, ...] = ()  # oldest first, not overlapping
    extensions: tuple[Extension, ...] = ()
    met_at: datetime | None = None
    stopped_at: datetime | None = None  # when it was cancelled
    reason: str | None = None  # why it was cancelled

    @classmethod
    def begin(cls, name: str, at: datetime, length: str, calendar: str = "default", warnings: Sequence[str] = ()) -> Clock:
        """Start a clock.

        Takes its name, the aware instant it starts at (receipt, acknowledgement or awareness: the caller knows), its length, the
        name of the calendar it is measured by, and its warnings. Raises `Invalid` by field for a length or warning that cannot be read.
        """
        problems: dict[str, list[str]] = {}
        if isinstance(warnings, str):
            warnings = (warnings,)
        for field, texts, read in (("length", (length,), read_length), ("warnings", tuple(warnings), read_warning)):
            for text in texts:
                try:
                    read(text)
                except Invalid as error:
                    problems.setdefault(field, []).append(str(error))
        if not isinstance(name, str) or not name.strip():
            problems["name"] = [f"A clock's name must be a text, not {name!r}."]
        if problems:
            told = " ".join(message for messages in problems.values() for message in messages)
            raise Invalid(f"The clock {name!r} cannot start: {told}", problems)
        return cls(name, _utc(at), length, calendar, tuple(warnings))

    @property
    def ended(self) -> bool:
        """Whether it was met or cancelled."""
        return self.met_at is not None or self.stopped_at is not None

    @property
    def is_paused(self) -> bool:
        """Whether it stands still now."""
        return not self.ended and bool(self.pauses) and self.pauses[-1].resumed_at is None

    def paused(self, at: datetime, reason: str | None = None) -> Clock:
        """Let it stand still from `at`. Raises `Invalid` if it has ended, is paused, or ran later than `at`."""
        at = self._running("be paused", at)
        if self.is_paused:
            raise Invalid(f"The clock {self.name!r} is already paused, since {_said(self.pauses[-1].at)}; resume it first.")
        self._in_order(at, "paused")
        return replace(self, pauses=(*self.pauses, Pause(at, None, reason)))

    def resumed(self, at: datetime) -> Clock:
        """Let it go on from `at`, with as much time left as when it was paused. Raises `Invalid` if it is not paused."""
        at = self._running("be resumed", at)
        if not self.is_paused:
            raise Invalid(f"The clock {self.name!r} is not paused, so it cannot be resumed.")
        self._in_order(at, "resumed")
        return replace(self, pauses=(*self.pauses[:-1], replace(self.pauses[-1], resumed_at=at)))

    def extended(self, by: str, reason: str, at: datetime, actor: str | None = None) -> Clock:
        """Put the deadline off by a length, whatever its kind. Raises `Invalid` if it has ended, or without a reason."""
        at = self._running("be extended", at)
        if not isinstance(reason, str) or not reason.strip():
            raise Invalid(f"The clock {self.name!r} was not extended: an extension needs a reason.", {"reason": ["Give the reason."]})
        try:
            read_extension(by)
        except Invalid as error:
            raise Invalid(f"The clock {self.name!r} was not extended: {error}", {"by": [str(error)]}) from None
        return replace(self, extensions=(*self.extensions, Extension(by, reason, at, actor)))

    def met(self, at: datetime) -> Clock:
        """The obligation was fulfilled at `at`, which may be told later and may lie before a pause, or before the start."""
        return replace(self, met_at=self._running("be met", at))

    def cancelled(self, at: datetime, reason: str | None = None) -> Clock:
        """The obligation fell away at `at`. Raises `Invalid` if the clock has ended."""
        return replace(self, stopped_at=self._running("be cancelled", at), reason=reason)

    def due(self, calendars: Mapping[str, Calendar]) -> datetime | None:
        """The due instant in UTC, None while paused. Raises `NotFound` if its calendar is not among `calendars`."""
        return reckoning.due(self, calendars)

    def warning_instants(self, calendars: Mapping[str, Calendar]) -> tuple[datetime, ...]:
        """When its warnings are reached, earliest first, none before the start; empty while paused and after the end."""
        return reckoning.warning_instants(self, calendars)

    def state(self, now: datetime, calendars: Mapping[str, Calendar]) -> str:
        """One of "running", "soon", "late", "paused", "met", "met late", "cancelled"."""
        if self.stopped_at is not None:
            return CANCELLED
        if self.is_paused:
            return PAUSED
        due = reckoning.promised(self, calendars)
        if self.met_at is not None:
            return MET if self.met_at <= due else MET_LATE
        if now > due:
            return LATE
        return SOON if any(warning <= now for warning in self.warning_instants(calendars)) else RUNNING

    def remaining(self, now: datetime, calendars: Mapping[str, Calendar]) -> reckoning.Remaining:
        """What is left of it: now, or when it was paused, met or cancelled; negative by how much it is late."""
        return reckoning.remaining(self, now, calendars)

    def fraction(self, now: datetime, calendars: Mapping[str, Calendar]) -> float:
        """The share of its time that has passed, from 0 to 1, in its own kind of time."""
        return reckoning.fraction(self, now, calendars)

    def to_plain(self) -> dict[str, Any]:
        """The clock as JSON values; instants are ISO 8601 texts. What is absent is left out."""
        plain: dict[str, Any] = {"name": self.name, "start": self.start.isoformat(), "length": self.length, "calendar": self.calendar}
        plain |= {"warnings": list(self.warnings)} if self.warnings else {}
        plain |= {"pauses": [_plain(pause) for pause in self.pauses]} if self.pauses else {}
        plain |= {"extensions": [_plain(extension) for extension in self.extensions]} if self.extensions else {}
        return plain | _plain(self, ("met_at", "stopped_at", "reason"))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Clock:
        """The clock that `to_plain` gave. Raises `Invalid` for anything else."""
        try:
            clock = cls(
                name=plain["name"],
                start=_instant(plain["start"]),
                length=plain["length"],
                calendar=plain["calendar"],
                warnings=tuple(plain.get("warnings", ())),
                pauses=tuple(_pause(row) for row in plain.get("pauses", ())),
                extensions=tuple(_extension(row) for row in plain.get("extensions", ())),
                met_at=_instant_or_none(plain.get("met_at")),
                stopped_at=_instant_or_none(plain.get("stopped_at")),
                reason=plain.get("reason"),
            )
            read_length(clock.length)
            for warning in clock.warnings:
                read_warning(warning)
            return clock
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Invalid(f"These values are no clock ({error!r}); give what Clock.to_plain gave.") from error

    def _running(self, what: str, at: datetime) -> datetime:
        if self.met_at is not None:
            raise Invalid(f"The clock {self.name!r} was met on {_said(self.met_at)}, so it cannot {what}.")
        if self.stopped_at is not None:
            raise Invalid(f"The clock {self.name!r} was cancelled on {_said(self.stopped_at)}, so it cannot {what}.")
        return _utc(at)

    def _in_order(self, at: datetime, what: str) -> None:
        before, last = "starts", self.start
        if self.pauses:
            pause = self.pauses[-1]
            before, last = ("was resumed", pause.resumed_at) if pause.resumed_at else ("was paused", pause.at)
        if at < last:
            raise Invalid(f"The clock {self.name!r} {before} on {_said(last)}; it cannot be {what} before that, on {_said(at)}.")


def _plain(value: Any, names: Sequence[str] | None = None) -> dict[str, Any]:
    given = {name: getattr(value, name) for name in names or value.__dataclass_fields__}
    return {name: part.isoformat() if isinstance(part, datetime) else part for name, part in given.items() if part is not None}


def _pause(row: Mapping[str, Any]) -> Pause:
    return Pause(_instant(row["at"]), _instant_or_none(row.get("resumed_at")), row.get("reason"))


def _extension(row: Mapping[str, Any]) -> Extension:
    read_extension(row["by"])
    return Extension(row["by"], row["reason"], _instant(row["at"]), row.get("actor"))


def _instant(text: str) -> datetime:
    return _utc(datetime.fromisoformat(text))


def _instant_or_none(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)


def _utc(at: datetime) -> datetime:
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise Invalid(f"{at!r} is no instant; give a datetime with a time zone.")
    return at.astimezone(UTC)


def _said(at: datetime) -> str:
    return (at - timedelta(microseconds=at.microsecond)).strftime("%Y-%m-%d %H:%M:%S UTC")
