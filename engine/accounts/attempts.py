"""How fast secrets can be guessed, without letting the guesses of one keep another out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FREE_FAILURES: Final = 5
"""Wrong answers in a row before the next attempt has to wait."""
LONGEST_WAIT: Final = timedelta(seconds=30)
"""However often others guess, there is a try within this time."""


def waits(failures: int, failed_at: datetime | None, now: datetime) -> bool:
    """Whether the next attempt has to wait after the last failure: 1 s, 2 s, 4 s … up to the longest wait."""
    if failures < FREE_FAILURES or failed_at is None:
        return False
    wait = min(timedelta(seconds=2 ** min(failures - FREE_FAILURES, 10)), LONGEST_WAIT)
    return failed_at <= now < failed_at + wait
