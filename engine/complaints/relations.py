"""Complaints that belong together: suggested by who complained and by what was said, linked by a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from amends.engine.complaints.records import Complaint
from amends.engine.complaints.search import matching, words_of
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import Note
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.api import Engine

KINDS: Final = ("related", "duplicate")
ALIKE: Final = 0.25
"""The cosine of two texts' weighted words from which they are suggested as alike."""
COMPARED: Final = 200
"""How many complaints with some of the same words are compared word by word."""
SUGGESTED: Final = 8
ASKED_WORDS: Final = 8
SHORTEST_WORD: Final = 4
WORDS: Final = r"(?u)\b\w{3,}\b"


@dataclass(frozen=True, slots=True)
class Relation:
    """A complaint linked to another one: the other's instance, how, when and by whom."""

    instance_id: str
    kind: str
    noted_at: datetime
    noted_by: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A complaint that may belong to another one, and why; `alike` is 0 to 1 for similar texts."""

    reference: str
    instance_id: str
    subject: str
    state: str
    received_at: datetime
    why: str
    alike: float = 0.0


class Relations:
    """Suggests and links; asks the engine's policy for both complaints."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def link(self, complaint: Complaint, other: Complaint, kind: str, *, actor: str) -> None:
        """Say that two complaints belong together, or that one says again what the other says; a later word replaces an earlier one."""
        if kind not in KINDS:
            raise Invalid(f"{kind!r} is no way to belong together; choose one of {', '.join(KINDS)}.")
        if complaint.instance_id == other.instance_id:
            raise Conflict("A complaint is not linked to itself; nothing was changed.")
        pair = self._pair(complaint, other, actor)
        with self._both(complaint, other, actor, "linked", kind) as connection:
            r = t.complaint_relation.c
            values = {"kind": kind, "noted_at": self.engine.now(), "noted_by": actor}
            where = (r.one_id == pair["one_id"], r.other_id == pair["other_id"])
            if not connection.execute(update(t.complaint_relation).where(*where).values(**values)).rowcount:
                connection.execute(insert(t.complaint_relation), {**pair, **values})

    def unlink(self, complaint: Complaint, other: Complaint, *, actor: str) -> None:
        """Take a link back. Raises `NotFound` where there is none."""
        pair = self._pair(complaint, other, actor)
        with self._both(complaint, other, actor, "unlinked", "") as connection:
            r = t.complaint_relation.c
            where = (r.one_id == pair["one_id"], r.other_id == pair["other_id"])
            if not connection.execute(delete(t.complaint_relation).where(*where)).rowcount:
                raise NotFound("These two are not linked any more; nothing was changed.")

    def _pair(self, complaint: Complaint, other: Complaint, actor: str) -> dict[str, str]:
        for one in (complaint, other):
            self.engine.authorise(actor, "write", instance_id=one.instance_id)
        return dict(zip(("one_id", "other_id"), sorted((complaint.instance_id, other.instance_id)), strict=True))

    @contextmanager
    def _both(self, complaint: Complaint, other: Complaint, actor: str, what: str, kind: str) -> Iterator[Connection]:
        """Both complaints in the hands of one transaction, always in the same order, with a note in the history of each."""
        pair = sorted((complaint, other), key=lambda one: one.instance_id)
        with self.engine.database.transaction() as connection:
            for one, another in (pair, pair[::-1]):
                with self.engine.commands.on(one.instance_id, what, actor, ended_too=True) as work:
                    work.execution.notes.append(Note(what, "", 0, {"other": another.reference, "kind": kind}))
            yield connection

    def of(self, complaint: Complaint) -> list[Relation]:
        """What a complaint is linked to, the latest link first."""
        r, me = t.complaint_relation.c, complaint.instance_id
        query = select(t.complaint_relation).where(or_(r.one_id == me, r.other_id == me)).order_by(r.noted_at.desc(), r.one_id)
        with self.engine.database.reading() as connection:
            rows = connection.execute(query).all()
        return [Relation(row.other_id if row.one_id == me else row.one_id, row.kind, row.noted_at, row.noted_by) for row in rows]

    def suggest(self, complaint: Complaint, *, actor: str) -> list[Suggestion]:
        """Complaints that may belong to this one: of the same complainant first, then those whose text is most alike.

        Only what `actor` may read, and what is not linked yet.
        """
        linked = [one.instance_id for one in self.of(complaint)]
        c = t.complaint.c
        may = [c.instance_id.not_in([complaint.instance_id, *linked]), *self.engine.visible(actor, c.instance_id)]
        same = self._same(complaint, may)
        known = {one.instance_id for one in same}
        alike = [one for one in self._alike(complaint, may) if one.instance_id not in known]
        return (same + alike)[:SUGGESTED]

    def _same(self, complaint: Complaint, may: Sequence[ColumnElement[bool]]) -> list[Suggestion]:
        c = t.complaint.c
        whom = [c.email == complaint.email] if complaint.email else []
        whom += [c.complainant_name == complaint.complainant_name] if complaint.complainant_name else []
        if not whom:
            return []
        query = select(t.complaint).where(or_(*whom), *may).order_by(c.received_at.desc(), c.instance_id).limit(SUGGESTED)
        with self.engine.database.reading() as connection:
            return [_suggestion(row, "From the same complainant") for row in connection.execute(query)]

    def _alike(self, complaint: Complaint, may: Sequence[ColumnElement[bool]]) -> list[Suggestion]:
        c = t.complaint.c
        with self.engine.database.reading() as connection:
            told = connection.execute(select(c.subject, c.told).where(c.instance_id == complaint.instance_id)).one()
            mine = f"{told.subject} {told.told}"
            words = _telling(mine)
            if not words:
                return []
            some = c.instance_id.in_(matching(connection, words, any=True))
            query = select(t.complaint).where(some, *may).order_by(c.received_at.desc(), c.instance_id).limit(COMPARED)
            rows = connection.execute(query).all()
        scores = _cosines(mine, [f"{row.subject} {row.told}" for row in rows])
        found = [_suggestion(row, "Says much the same", score) for row, score in zip(rows, scores, strict=True) if score >= ALIKE]
        return sorted(found, key=lambda one: (-one.alike, one.reference))


def _suggestion(row: Any, why: str, alike: float = 0.0) -> Suggestion:
    return Suggestion(row.reference, row.instance_id, row.subject, row.state, row.received_at, why, round(alike, 2))


def _telling(text: str) -> list[str]:
    """The words that tell a text from others, roughly: long ones, those said often first."""
    counted = Counter(word.lower() for word in words_of_all(text) if len(word) >= SHORTEST_WORD and not word.isdigit())
    return [word for word, _ in sorted(counted.items(), key=lambda one: (-one[1], -len(one[0]), one[0]))[:ASKED_WORDS]]


def words_of_all(text: str) -> list[str]:
    """Every word of a text."""
    return [word for line in text.split() for word in words_of(line)]


def _cosines(mine: str, others: list[str]) -> list[float]:
    """How alike a text is to each of others, 0 to 1: the cosine of their words, weighted by how rare they are (TF-IDF)."""
    if not others:
        return []
    # Imported here: it takes a second, and most processes never ask.
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", token_pattern=WORDS)
    try:
        matrix = weights.fit_transform([mine, *others])
    except ValueError:
        return [0.0] * len(others)  # no word of three letters in any of them
    return [float(one) for one in (matrix[1:] @ matrix[0].T).toarray().ravel()]
