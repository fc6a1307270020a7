"""Further looks of the doctor: the machine's clock, what rests, how long personal data is kept, how large everything is; the key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text

from amends.engine.accounts.vault import KEY_FILE, KEY_VARIABLE, MARK, Vault
from amends.engine.api import Engine
from amends.engine.complaints.indexing import missing
from amends.engine.history.encoding import plain
from amends.engine.operating.finding import OK, PROBLEM, WARNING, Finding
from amends.engine.operating.keeping import Keeper, sizes
from amends.engine.store import tables as t

APART = timedelta(seconds=10)
"""Further the clocks of two machines must not be apart."""
MOST_DUE = 1_000


def machine_clock(engine: Engine) -> Finding:
    """Timers go by this machine's clock: it has to be that of the database's machine, and never behind what was written."""
    help = "Let the machines keep their time by NTP. Order in the history does not depend on it, but timers and dates do."
    now = engine.now()
    h = t.history.c
    with engine.database.reading() as connection:
        body = connection.execute(select(h.body).order_by(h.id.desc()).limit(1)).scalar()
        if not engine.database.sqlite:
            there = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
            apart = abs(datetime.fromtimestamp(float(there), UTC) - datetime.now(UTC))
            if apart > APART:
                return Finding("machine clock", PROBLEM, f"It is {apart.total_seconds():.0f} s from that of the database's machine.", help)
    try:
        written = None if body is None else datetime.fromisoformat(plain(bytes(body))["r"])
    except (ValueError, KeyError, TypeError):
        written = None  # the row cannot be read: that is for verify to say
    if written is not None and written - now > APART:
        told = f"The newest history is from {written:%Y-%m-%d %H:%M} UTC, and here it is {now:%Y-%m-%d %H:%M} UTC: it was set back."
        return Finding("machine clock", PROBLEM, told, help)
    return Finding("machine clock", OK, "It is not behind what was written.")


def resting(engine: Engine) -> Finding:
    """What rests must not be forgotten."""
    rests = engine.suspensions()
    if not rests:
        return Finding("resting", OK, "No process and no operation is suspended.")
    told = "; ".join(f"the {one.kind} {one.name} since {one.since:%Y-%m-%d %H:%M} UTC" for one in rests)
    return Finding("resting", WARNING, f"Suspended: {told}.", "Let them go on when the cause is gone: amends instance resume.")


def retention(engine: Engine) -> Finding:
    """Whether settings can be read, and whether what they say is done."""
    keeper = Keeper(engine)
    periods = keeper.periods()
    problems = [one.problem for one in periods if one.problem]
    if problems:
        return Finding("retention", PROBLEM, " ".join(problems), "Write a duration such as P3Y, or: for ever.")
    due = sum(len(keeper.due(one, MOST_DUE)) for one in periods)
    if due:
        told = f"Personal data of {due} instances that ended is kept longer than settings say."
        return Finding("retention", WARNING, told, "Whoever runs jobs erases it every hour: see that one runs, or run amends archive.")
    kept = "; ".join(f"{one.process_id} {one.said}" for one in periods)
    return Finding("retention", OK, f"Nothing is kept longer than settings say ({kept or 'no process is deployed'}).")


def searched(engine: Engine) -> Finding:
    """Whether the full-text search knows all there is: complaints of before there was one are not in it by themselves."""
    with engine.database.reading() as connection:
        found = missing(connection)
    if not found:
        return Finding("search", OK, "Complaints, messages and comments are in the full-text index.")
    told = f"{found.untold} complaints are not found by what was filed, and {found.texts} texts not at all."
    return Finding("search", WARNING, told, "amends index puts them into it, while amends runs.")


def second_factors(engine: Engine, vault: Vault | None) -> Finding:
    """Whether the key is there that the secrets of second factors were sealed with: otherwise their owners cannot sign in by their app."""
    f = t.account_totp.c
    with engine.database.reading() as connection:
        rows = connection.execute(select(f.secret, f.account_id).where(f.confirmed_at.is_not(None))).all()
    sealed = [row for row in rows if row.secret.startswith(MARK)]
    lost = [row for row in sealed if vault is None or vault.open(row.secret, row.account_id) is None]
    if not lost:
        return Finding("second factors", OK, f"All that are in use ({len(rows)}) can be read." if rows else "Nobody uses one.")
    gone = f"the key is not there ({KEY_FILE}, or {KEY_VARIABLE})"
    other = "they were sealed with another key than the one that is there"
    told = f"{len(lost)} of {len(rows)} cannot be read: {gone if vault is None else other}. Their owners need a recovery code to sign in."
    help = "Put back the key they were sealed with. If it is lost, amends user no-second-factor lets somebody set up another one."
    return Finding("second factors", PROBLEM, told, help)


def size(engine: Engine) -> Finding:
    """How large everything is."""
    with engine.database.reading() as connection:
        found = sizes(connection)
    largest = ", ".join(f"{name} {many / 1e6:.1f} MB" for name, many in list(found.items())[1:5])
    return Finding("size", OK, f"The database has {found['total'] / 1e6:.1f} MB{f': {largest}' if largest else ''}.")
