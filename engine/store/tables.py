"""Every table, in one place: a column's meaning stands beside it.

Times are aware UTC and stored as integer microseconds since 1970, so that both databases sort and compare them alike.
Values that may be personal live only in the columns listed in `PERSONAL_PLACES`; a test fails for a table that is in neither list.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    cast,
    text,
)
from sqlalchemy.types import TypeDecorator

from amends.engine.store.packing import pack, unpack

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive instant: nobody could say later what it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give an aware instant")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give the instant back in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Packed(TypeDecorator[bytes]):
    """Bytes of JSON, kept small (see `packing`)."""

    impl = LargeBinary
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """As bytes, also where somebody has put text there: that may be no text at all, which the driver would refuse to give."""
        return cast(column, self)

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Pack."""
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Unpack; SQLite takes anything in any column, and what is no bytes comes back as it is."""
        return unpack(bytes(value)) if isinstance(value, bytes | bytearray | memoryview) else value


NEVER_DUE = datetime(9999, 1, 1, tzinfo=UTC)
"""What has no due time comes last."""
NEVER_DUE_MICROSECONDS = (NEVER_DUE - _EPOCH) // _MICROSECOND

naming = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=naming)


def _table(name: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts)


# --- Definitions: immutable once deployed --------------------------------------------------------------------------
deployment = _table(
    "deployment",
    Column("id", String(40), primary_key=True),
    Column("package", String(80), nullable=False),  # the package's name
    Column("number", Integer, nullable=False),  # 1, 2, 3 … of this package
    Column("title", Text, nullable=False),
    Column("version", String(80), nullable=False),  # what the package calls itself
    Column("digest", String(64), nullable=False),  # SHA-256 over sorted paths and contents; an older content may come back
    Column("deployed_at", Instant, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("package", "number"),
)
blob = _table(  # file contents, once each: versions share what did not change
    "blob",
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
deployment_file = _table(
    "deployment_file",
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("path", String(400), primary_key=True),
    Column("digest", ForeignKey("blob.digest"), nullable=False),
)
process_definition = _table(
    "process_definition",
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("process_id", String(200), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("executable", Boolean, nullable=False),
    Column("position", Integer, nullable=False),  # grows with every deployment: the highest is the latest
    Index(None, "process_id", "position"),
)
start_subscription = _table(  # message and signal starts, and timers that start, of the latest version of each process
    "start_subscription",
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("process_id", String(200), nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # message, signal
    Column("name", String(200), nullable=False),
    Index(None, "kind", "name"),
)

# --- Running -------------------------------------------------------------------------------------------------------
instance = _table(
    "instance",
    Column("id", String(40), primary_key=True),
    Column("process_id", String(200), nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("business_key", String(200), index=True),
    Column("state", String(20), nullable=False),  # active, completed, terminated, incident, suspended
    Column("version", Integer, nullable=False),  # plus one per command: guards the in-process cache
    Column("body", Packed),  # compact state; empty once ended
    Column("seq", Integer, nullable=False),  # of the last history row
    Column("head", String(64), nullable=False),  # its hash
    Column("held", Boolean, nullable=False, server_default=text("false")),  # replay: the runner does not see its jobs
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("rests_by", String(40)),  # the suspension of its process that it rests by (after a dash: rested); empty: by its own, or never
    Index(None, "process_id", "state"),
    Index(None, "deployment_id", "state"),
)
user_task = _table(
    "user_task",
    Column("id", String(60), primary_key=True),  # instance id, a dot, the token's number
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("token", Integer, nullable=False),
    Column("process_id", String(200), nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("assignee", String(120)),
    Column("form", String(200)),
    Column("due_at", Instant),
    Column("follow_up_at", Instant),
    Column("priority", Integer, nullable=False, server_default="50"),
    Column("created_at", Instant, nullable=False),
    Column("state", String(20), nullable=False),  # open, completed, cancelled
    Column("ended_at", Instant),
    Column("ended_by", String(120)),
    Column("competence", String(120), nullable=False, server_default=""),  # what one has to hold to do it; empty: nothing
    Column("due_order", Instant, nullable=False, server_default=text(str(NEVER_DUE_MICROSECONDS))),  # due_at; without one, NEVER_DUE
    Column("rank", Integer, nullable=False, server_default="-50"),  # minus the priority: inboxes are in this order
    Column("owner", String(120)),  # who delegated it, and gets it back
    Index("ix_user_task_waiting", "created_at", "id", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    Index(None, "instance_id", "state"),  # a loop has thousands that have ended
    Index("ix_user_task_inbox", "due_order", "rank", "id", sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    Index(
        "ix_user_task_mine", "assignee", "due_order", "rank", "id",
        sqlite_where=text("state = 'open' AND assignee IS NOT NULL"), postgresql_where=text("state = 'open' AND assignee IS NOT NULL"),
    ),
)  # fmt: skip
user_task_group = _table(  # candidate groups, a row each, so that an inbox is an index look-up
    "user_task_group",
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", String(120), primary_key=True),
    Column("offered", String(10)),  # free, taken; empty once the task has ended
    Column("due_order", Instant, nullable=False, server_default=text(str(NEVER_DUE_MICROSECONDS))),  # the task's, as is the rank
    Column("rank", Integer, nullable=False, server_default="-50"),
    Index(
        "ix_user_task_group_inbox", "group_id", "offered", "due_order", "rank", "task_id",
        sqlite_where=text("offered IS NOT NULL"), postgresql_where=text("offered IS NOT NULL"),
    ),
)  # fmt: skip
user_task_barred = _table(  # who may not have an open task, because they did what it has to be independent of
    "user_task_barred",
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", String(120), primary_key=True),
)
job = _table(
    "job",
    Column("id", String(60), primary_key=True),
    Column("instance_id", ForeignKey("instance.id")),  # a start has none yet
    Column("token", Integer, nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # timer, service, signal, start (a timer that starts a process), lost link
    Column("type", String(200)),  # the operation's type, for a service job; the name, for a signal; the process, for a start
    Column("body", LargeBinary),  # the variables a signal brings; of a start, its version and how it repeats; what an errand is about
    Column("due_at", Instant, nullable=False),
    Column("state", String(20), nullable=False),  # due, running, failed (has an incident), open (no operation claims it), waiting (outside)
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retries", Integer, nullable=False, server_default="3"),
    Column("lease_until", Instant),  # running: after this instant another runner may take it
    Column("error", Text),
    Index(None, "instance_id"),
    Index("ix_job_due", "state", "held", "due_at", "id"),
    Index(None, "type", "state"),
)
subscription = _table(
    "subscription",
    Column("id", String(60), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("token", Integer, nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # message, signal
    Column("name", String(200), nullable=False),
    Column("key", String(400), nullable=False, server_default=""),
    Index(None, "kind", "name", "key"),
)
buffered_message = _table(
    "buffered_message",
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("key", String(400), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "name", "key"),
)
clock = _table(  # what pages and the inbox read; the same clocks are in the instance's state
    "clock",
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("due_at", Instant),  # empty while paused
    Column("ended_at", Instant),  # met or cancelled
    Column("late", Boolean, nullable=False, server_default=text("false")),  # met after it was due
    Index(None, "ended_at", "due_at"),
)
incident = _table(
    "incident",
    Column("id", String(60), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("token", Integer, nullable=False),
    Column("element_id", String(200), nullable=False),
    Column("message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("resolved_at", Instant),
)
idempotency = _table(
    "idempotency",
    Column("key", String(200), primary_key=True),
    Column("command", String(40), nullable=False),
    Column("answer", Text),
    Column("recorded_at", Instant, nullable=False),
)

# --- Operating -----------------------------------------------------------------------------------------------------
suspension = _table(  # what rests: a process (all of it, or one version), an operation while its server is down
    "suspension",
    Column("kind", String(20), primary_key=True),  # process, operation
    Column("name", String(200), primary_key=True),  # the process's id, or the operation's type
    Column("deployment_id", String(40), primary_key=True, server_default=""),  # of a process: one version; empty: all
    Column("id", String(40), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# --- Moving instances to another version -----------------------------------------------------------------------------
migration = _table(  # one batch: what goes where, who wanted it and why
    "migration",
    Column("id", String(40), primary_key=True),
    Column("process_id", String(200), nullable=False),
    Column("from_deployment", ForeignKey("deployment.id"), nullable=False),
    Column("to_deployment", ForeignKey("deployment.id"), nullable=False),
    Column("mapping", Text, nullable=False),  # JSON: element id before → element id after, where they differ
    Column("actor", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
)
migration_item = _table(  # an instance of a batch
    "migration_item",
    Column("migration_id", ForeignKey("migration.id"), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("state", String(20), nullable=False),  # waiting, moved, stopped, gone (it ended, or moved by other hands, before its turn)
    Column("problem", Text, nullable=False, server_default=""),  # what stopped it: names elements, never values
    Index(None, "migration_id", "state"),
)

# --- History: append-only ------------------------------------------------------------------------------------------
history = _table(
    "history",
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("chain", String(60), nullable=False),  # an instance's id, "installation", or "reads:YYYY-MM-DD"
    Column("seq", Integer, nullable=False),
    Column("body", Packed, nullable=False),  # canonical JSON: exactly what was hashed
    Column("hash", String(64), nullable=False),  # SHA-256 over the previous hash, a newline, the body
    UniqueConstraint("chain", "seq"),
)
unsealed = _table(  # rows of the history that no seal covers yet: a row itself is never changed
    "unsealed",
    Column("chain", String(60), primary_key=True),
    Column("seq", Integer, primary_key=True),
)
value = _table(  # values apart from the chain, so that they can be erased and the chain still verifies
    "value",
    Column("id", String(40), primary_key=True),
    Column("chain", String(60), nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Packed),  # empty once erased
)
seal = _table(
    "seal",
    Column("number", Integer, primary_key=True),
    Column("sealed_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical JSON: the heads of all chains that grew
    Column("hash", String(64), nullable=False),
)

# --- People --------------------------------------------------------------------------------------------------------
account = _table(
    "account",
    Column("id", String(40), primary_key=True),
    Column("username", String(120), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("email", Text),
    Column("password_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("session_mark", String(40), nullable=False),  # changes when all sessions must end
    Column("created_at", Instant, nullable=False),
    Column("failed_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("capacity", Integer),  # how many open tasks are a full desk; empty: as the setting says
)
account_role = _table(
    "account_role",
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("role", String(120), primary_key=True),
)
account_team = _table(
    "account_team",
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("team", String(80), primary_key=True),
)
account_competence = _table(  # what somebody was trained for (ISO 10002, 4.14)
    "account_competence",
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("competence", String(120), primary_key=True),
    Column("training", Text, nullable=False, server_default=""),  # what it rests on, in words
    Column("noted_at", Instant, nullable=False),
    Column("valid_until", Instant),  # empty: for good
)
account_absence = _table(  # somebody is away, and somebody else does their work meanwhile
    "account_absence",
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("cover_id", ForeignKey("account.id"), index=True),  # empty: nobody does
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)
saved_filter = _table(  # a list of the inbox that somebody keeps; it holds what tasks are like, nothing of complainants
    "saved_filter",
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("shared", Boolean, nullable=False, server_default=text("false")),  # with everybody who works on complaints
    Column("made_at", Instant, nullable=False),
)
account_session = _table(  # who is signed in, from where: listed for people, and ended by them
    "account_session",
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of what the browser holds: 256 random bits
    Column("id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("mark", String(40), nullable=False),  # the account's when it began: another one now means it is over
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),  # to the minute
    Column("method", String(40), nullable=False),  # password, password and code, or the sign-in service
    Column("agent", Text, nullable=False, server_default=""),  # what the browser calls itself
    Column("address", String(64), nullable=False, server_default=""),
)
account_device = _table(  # browsers somebody has signed in with: guesses from elsewhere cannot keep these out
    "account_device",
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("seen_at", Instant, nullable=False),
    Column("failed_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
)
account_totp = _table(  # the second factor: RFC 6238
    "account_totp",
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("secret", String(64), nullable=False),  # sealed (ADR 65); base 32 where it was not used since it was kept in the clear
    Column("confirmed_at", Instant),  # empty: begun, not in use yet
    Column("last_step", BigInteger, nullable=False, server_default="0"),  # a code counts once
    Column("failed_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
)
account_recovery = _table(  # codes for who has lost the second factor; each counts once
    "account_recovery",
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)
account_identity = _table(  # who somebody is at a sign-in service (OpenID Connect)
    "account_identity",
    Column("issuer", String(400), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("linked_at", Instant, nullable=False),
)
setting = _table(
    "setting",
    Column("name", String(200), primary_key=True),
    Column("body", Text, nullable=False),  # JSON
)

# --- Complaints ----------------------------------------------------------------------------------------------------
complaint = _table(
    "complaint",
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("reference", String(40), nullable=False, unique=True),
    Column("secret_hash", String(64), nullable=False, index=True),  # of the first link; see follow_link
    Column("received_at", Instant, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("complainant_name", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("product", Text, nullable=False, server_default=""),
    Column("category", Text, nullable=False, server_default=""),
    Column("priority", String(40), nullable=False, server_default=""),
    Column("severity", String(40), nullable=False, server_default=""),
    Column("stage", String(80), nullable=False, server_default=""),
    Column("state", String(20), nullable=False),  # open, closed
    Column("outcome", String(80), nullable=False, server_default=""),
    Column("closed_at", Instant),
    Column("historical", Boolean, nullable=False, server_default=text("false")),  # replayed from another system's record
    Column("told", Text, nullable=False, server_default=""),  # all that was filed, in words: what it is found and compared by
    Column("team", String(80), nullable=False, server_default=""),  # whose it is; empty: everybody's who works on complaints
    Column("confidential", Boolean, nullable=False, server_default=text("false")),  # only for who has its work, leads, and the admitted
    Index(None, "state", "received_at"),
    Index(None, "stage", "state"),
    Index("ix_complaint_email", "email", sqlite_where=text("email <> ''"), postgresql_where=text("email <> ''")),
    Index(
        "ix_complaint_complainant_name",
        "complainant_name",
        sqlite_where=text("complainant_name <> ''"),
        postgresql_where=text("complainant_name <> ''"),
    ),
)
complaint_person = _table(  # what stands between somebody who works here and a complaint (ISO 10002, 4.7 and 4.10)
    "complaint_person",
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("part", String(20), primary_key=True),  # involved (complained about), conflict (of interest), admitted (to a marked one)
    Column("noted_at", Instant, nullable=False),
    Column("noted_by", String(120), nullable=False),
    Index(None, "account_id"),
)
comment = _table(  # what staff say among themselves about a complaint
    "comment",
    Column("id", String(40), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("author", String(120), nullable=False),
    Column("body", Text, nullable=False),
)
comment_mention = _table(  # whom a comment names with @, until they have seen it
    "comment_mention",
    Column("comment_id", ForeignKey("comment.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("seen_at", Instant),
    Index("ix_comment_mention_unseen", "account_id", sqlite_where=text("seen_at IS NULL"), postgresql_where=text("seen_at IS NULL")),
)
complaint_relation = _table(  # linked by a person; the smaller id first
    "complaint_relation",
    Column("one_id", ForeignKey("instance.id"), primary_key=True),
    Column("other_id", ForeignKey("instance.id"), primary_key=True, index=True),
    Column("kind", String(20), nullable=False),  # related, duplicate
    Column("noted_at", Instant, nullable=False),
    Column("noted_by", String(120), nullable=False),
)
presence = _table(  # when somebody last looked at a complaint: within a minute they are looking now
    "presence",
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("messages_at", Instant),  # when a page last showed them its messages; none where it never did
    Column("comments_at", Instant),
)
search_document = _table(  # what is searched, kept by triggers on complaints, messages and comments: no writer can forget it
    "search_document",
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("instance_id", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # complaint, message, comment
    Column("item", String(40), nullable=False),  # the id of the message or comment, the complaint's instance
    Column("body", Text, nullable=False),
    UniqueConstraint("kind", "item"),
)
follow_link = _table(  # links given out after the first, by letters and by staff; the secrets themselves are kept nowhere
    "follow_link",
    Column("secret_hash", String(64), primary_key=True),  # SHA-256 of a secret of 128 random bits
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant),  # empty: some time after closing, as the setting says
    Column("why", String(200), nullable=False),  # the letter that held it, or "renewed"
)
milestone = _table(
    "milestone",
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("at", Instant, nullable=False),  # the first time it was reached
    Column("actor", String(120), nullable=False),
)
message = _table(  # the thread with the complainant
    "message",
    Column("id", String(40), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("direction", String(10), nullable=False),  # in, out
    Column("channel", String(40), nullable=False),  # web, email, phone, post, visit, internal
    Column("author", String(120), nullable=False),
    Column("recipient", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    Column("letter", String(120), nullable=False, server_default=""),
    Column("visible", Boolean, nullable=False, server_default=text("true")),  # to the complainant
)
dispatch = _table(  # the send journal: one row per message that leaves, keyed so that it leaves once
    "dispatch",
    Column("key", String(120), primary_key=True),
    Column("message_id", ForeignKey("message.id")),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("state", String(20), nullable=False),  # sending, sent, doubtful, historical, to print, to say, shown, returned, unsent, failed
    Column("attempted_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("proof", Text, nullable=False, server_default=""),  # what the server answered, or the file's name
    Column("mail_id", String(32), index=True),  # the first part of its Message-ID, by which answers to it are known
)
attachment = _table(
    "attachment",
    Column("id", String(40), primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), index=True),  # empty while the form is not sent yet
    Column("name", Text, nullable=False),
    Column("media_type", String(120), nullable=False),  # by content, not by name
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", String(120), nullable=False),
)
incoming_mail = _table(  # mail that came in: kept whole until it is taken in, and known by its id for good, so that none comes twice
    "incoming_mail",
    Column("id", String(32), primary_key=True),  # of its Message-ID, or of all of it where it has none
    Column("received_at", Instant, nullable=False),
    Column("state", String(20), nullable=False),  # new, taken, aside (a person looks), dismissed
    Column("kind", String(20), nullable=False, server_default=""),  # person, automatic, bulk, returned, loop
    Column("instance_id", ForeignKey("instance.id"), index=True),  # the complaint it is part of
    Column("raw", LargeBinary),  # as it came; empty once taken in or dismissed
    Column("content_digest", String(64), nullable=False, server_default=""),  # SHA-256 of what it says: Message-IDs are reused
    Column("sender_digest", String(64), nullable=False, server_default=""),  # SHA-256 of the address
    Column("text_digest", String(64), nullable=False, server_default=""),  # SHA-256 of address and words: finds what machines repeat
    Column("why", Text, nullable=False, server_default=""),  # what was made of it, or why not yet
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index(None, "state", "received_at"),
    Index(None, "sender_digest", "received_at"),
    Index(None, "text_digest", "received_at"),
)
import_run = _table(
    "import_run",
    Column("id", String(40), primary_key=True),
    Column("file_digest", String(64), nullable=False),
    Column("mapping", String(120), nullable=False),
    Column("as_of", Instant),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
)
import_row = _table(
    "import_row",
    Column("file_digest", String(64), primary_key=True),
    Column("line", Integer, primary_key=True),  # of the file, the header is line 1
    Column("instance_id", ForeignKey("instance.id")),
    Column("state", String(20), nullable=False),  # imported, unreadable
    Column("place", String(80), nullable=False, server_default=""),  # where the replay ended
    Column("flags", Text, nullable=False, server_default=""),  # what is odd about the row
    Column("facts", Text, nullable=False, server_default=""),  # JSON: the row's own product, response, timely, disputed
)

PERSONAL_PLACES = {
    "instance.body", "buffered_message.body", "buffered_message.key", "clock.body", "incident.message", "job.error", "job.body",
    "idempotency.answer", "subscription.key", "value.body", "account.username", "account_session.agent", "account_session.address",
    "account_identity.subject", "account.display_name", "account.email", "account_competence.training", "complaint.subject",
    "complaint.complainant_name", "complaint.email", "message.recipient", "message.subject", "message.body", "dispatch.proof",
    "attachment.name", "attachment.body", "attachment.digest", "import_row.facts", "import_row.flags", "incoming_mail.raw",
    "incoming_mail.why", "incoming_mail.content_digest", "incoming_mail.sender_digest", "incoming_mail.text_digest",
    "saved_filter.name", "complaint.told", "comment.body", "search_document.body",
}  # fmt: skip
"""Every column that may hold somebody's data: what an erasure must reach."""
