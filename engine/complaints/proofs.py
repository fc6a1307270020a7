"""What people say became of a letter in the post room: written into the send journal as its proof, and read from there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from amends.engine.services import outbox

POSTED: Final = "posted"
TOLD: Final = "told by telephone"
OTHERWISE: Final = "Dealt with another way"
NOT_GIVEN: Final = "Could not be given, said"
_WAYS: Final = {POSTED: "posted", TOLD: "said", OTHERWISE: "another way", NOT_GIVEN: "not given"}
_SAID = re.compile(rf"(?:^|.* )({'|'.join(_WAYS)}) by (\S+), (\d{{4}}-\d\d-\d\d \d\d:\d\d) UTC\.?", re.DOTALL)
_WAITS: Final = {outbox.TO_PRINT: "to post", outbox.TO_SAY: "to say"}


class Way(NamedTuple):
    """`to post`, `to say`, `posted`, `said`, `another way`, `not given`, or empty for what did not go through the post room.

    When, and by whom, somebody said so.
    """

    way: str = ""
    at: datetime | None = None
    by: str = ""


def proof_of(how: str, actor: str, at: datetime) -> str:
    """The proof that somebody gave: how, who, when."""
    return f"{how} by {actor}, {at:%Y-%m-%d %H:%M} UTC"


def way_of(state: str, proof: str, sent_at: datetime | None) -> Way:
    """What a row of the journal says of this."""
    if state in _WAITS:
        return Way(_WAITS[state])
    said = _SAID.fullmatch(proof) if state in (outbox.SENT, outbox.SHOWN, outbox.FAILED) else None
    if said is None:
        return Way()
    return Way(_WAYS[said[1]], sent_at or datetime.strptime(said[3], "%Y-%m-%d %H:%M").replace(tzinfo=UTC), said[2])
