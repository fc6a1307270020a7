"""What staff say among themselves about a complaint, whom they call in, and who is looking at it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils import uuid7

from amends.engine.complaints.records import Complaint
from amends.engine.errors import Forbidden, Invalid
from amends.engine.execution import Note
from amends.engine.store import tables as t
from amends.engine.store.tables import Instant

if TYPE_CHECKING:
    from amends.engine.api import Engine

LONGEST: Final = 10_000
MOST_MENTIONED: Final = 20
_MENTION = re.compile(r"(?<![\w@])@([^\s@:,;!?()<>]+)")
REMEMBERED: Final = timedelta(days=90)
"""How long it is kept when somebody last looked, so that a list can say what is new to them."""
NEVER: Final = literal(datetime(1970, 1, 1, tzinfo=UTC), Instant)
LOOKING: Final = timedelta(minutes=1)
"""How long after the last sign of them somebody still counts as looking."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Something somebody said; `mentions` are the actors it names."""

    id: str
    at: datetime
    author: str
    body: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A comment that names somebody, and that they have not seen."""

    instance_id: str
    at: datetime
    author: str


class Talk:
    """Comments; asks the engine's policy first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def say(self, complaint: Complaint, body: str, *, actor: str) -> str:
        """Say something about a complaint; the comment's id. Whoever is named with @ and a user name is told.

        Raises `Invalid` for an empty or too long one, a name that nobody has, and somebody who may not see the complaint: what is
        said to them would never reach them.
        """
        self.engine.authorise(actor, "write", instance_id=complaint.instance_id)
        body = body.strip()
        if not body or len(body) > LONGEST:
            raise Invalid("A comment needs some words.", {"comment": [f"Write something, at most {LONGEST:,} characters"]})
        named = self._named(complaint, body)
        id = uuid7().hex
        with self.engine.commands.on(complaint.instance_id, "comment", actor, ended_too=True) as work:
            row = {"id": id, "instance_id": complaint.instance_id, "at": self.engine.now(), "author": actor, "body": body}
            work.connection.execute(insert(t.comment), row)
            if named:
                work.connection.execute(insert(t.comment_mention), [{"comment_id": id, "account_id": one} for one in named])
            work.execution.notes.append(Note("comment", "", 0, {"comment": id, "mentions": [f"account:{one}" for one in named]}))
        return id

    def _named(self, complaint: Complaint, body: str) -> list[str]:
        names = list(dict.fromkeys(name.rstrip(".").casefold() for name in _MENTION.findall(body)))[:MOST_MENTIONED]
        a = t.account.c
        with self.engine.database.reading() as connection:
            rows = connection.execute(select(a.username, a.id).where(a.username.in_(names), a.active.is_(True)))
            found = {row.username: row.id for row in rows}
        problems = [f"Nobody here is called @{name}" for name in names if name not in found]
        for name, id in found.items():
            try:
                if self.engine.access is not None:
                    self.engine.access.check(f"account:{id}", "read", instance_id=complaint.instance_id)
            except Forbidden:
                problems.append(f"@{name} may not see this complaint")
        if problems:
            raise Invalid("Not everybody who is named can be told.", {"comment": problems})
        return [found[name] for name in names]

    def of(self, complaint: Complaint) -> list[Comment]:
        """What was said, oldest first."""
        c, m = t.comment.c, t.comment_mention.c
        with self.engine.database.reading() as connection:
            rows = connection.execute(select(t.comment).where(c.instance_id == complaint.instance_id).order_by(c.at, c.id)).all()
            ids = [row.id for row in rows]
            named: dict[str, list[str]] = {}
            for row in connection.execute(select(m.comment_id, m.account_id).where(m.comment_id.in_(ids)).order_by(m.account_id)):
                named.setdefault(row.comment_id, []).append(f"account:{row.account_id}")
        return [Comment(row.id, row.at, row.author, row.body, tuple(named.get(row.id, ()))) for row in rows]

    def unseen(self, account_id: str, limit: int = 50) -> list[Mention]:
        """Comments that name somebody and that they have not seen, oldest first; only of complaints they may still read."""
        c, m = t.comment.c, t.comment_mention.c
        query = select(c.instance_id, c.at, c.author).join(t.comment_mention, m.comment_id == c.id)
        query = query.where(m.account_id == account_id, m.seen_at.is_(None), *self.engine.visible(f"account:{account_id}", c.instance_id))
        with self.engine.database.reading() as connection:
            return [Mention(*row) for row in connection.execute(query.order_by(c.at, c.id).limit(limit))]

    def seen(self, complaint: Complaint, account_id: str) -> None:
        """Somebody has seen what was said of a complaint: it has their eye, and is not listed for them any more."""
        c, m = t.comment.c, t.comment_mention.c
        of_it = select(c.id).where(c.instance_id == complaint.instance_id)
        mine = (m.account_id == account_id, m.seen_at.is_(None), m.comment_id.in_(of_it))
        with self.engine.database.reading() as connection:
            if connection.execute(select(func.count()).select_from(t.comment_mention).where(*mine)).scalar_one() == 0:
                return
        with self.engine.database.transaction() as connection:
            connection.execute(update(t.comment_mention).where(*mine).values(seen_at=self.engine.now()))


@dataclass(frozen=True, slots=True)
class News:
    """What came to a complaint since somebody last looked: messages that came in, and what others said among staff."""

    messages: int
    comments: int


class Presence:
    """Who looks at a complaint, and when they last did. It is nobody's record: what counts as a read is in the history already."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def look(
        self, instance_id: str, account_id: str, *, messages: datetime | None = None, comments: datetime | None = None
    ) -> list[str]:
        """Note that somebody is looking; the actors of the others who are.

        `messages` and `comments` say when those they are shown were read; a page that only stands open shows nothing new.
        """
        p, now = t.presence.c, self.engine.now()
        shown = {"messages_at": messages, "comments_at": comments}
        noted = {"seen_at": now, **{name: at for name, at in shown.items() if at is not None}}
        row = {"instance_id": instance_id, "account_id": account_id, **noted}
        with self.engine.database.transaction(beside=True) as connection:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            query = dialect.insert(t.presence).values(row)
            connection.execute(query.on_conflict_do_update(index_elements=["instance_id", "account_id"], set_=noted))
            here = (p.instance_id == instance_id, p.account_id != account_id, p.seen_at >= now - LOOKING)
            others = select(p.account_id).where(*here)
            return [f"account:{one}" for one in connection.execute(others.order_by(p.account_id)).scalars()]

    def forget(self) -> int:
        """Let go of who looked too long ago; how many there were."""
        with self.engine.database.transaction() as connection:
            return connection.execute(delete(t.presence).where(t.presence.c.seen_at < self.engine.now() - REMEMBERED)).rowcount

    def news(self, account_id: str, instance_ids: Sequence[str]) -> dict[str, News]:
        """What is new to somebody of these complaints, by instance; those of which they were shown nothing lately are not in it."""
        p, m, c = t.presence.c, t.message.c, t.comment.c
        came = select(func.count()).where(m.instance_id == p.instance_id, m.direction == "in", m.at > func.coalesce(p.messages_at, NEVER))
        others, lately_said = c.author != f"account:{account_id}", c.at > func.coalesce(p.comments_at, NEVER)
        said = select(func.count()).where(c.instance_id == p.instance_id, others, lately_said)
        query = select(p.instance_id, came.scalar_subquery(), said.scalar_subquery())
        shown = or_(p.messages_at.is_not(None), p.comments_at.is_not(None))
        lately = p.seen_at >= self.engine.now() - REMEMBERED
        query = query.where(p.account_id == account_id, p.instance_id.in_(dict.fromkeys(instance_ids)), lately, shown)
        with self.engine.database.reading() as connection:
            return {row[0]: News(*row[1:]) for row in connection.execute(query)} if instance_ids else {}
