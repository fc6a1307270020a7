"""How often one address may try something: the `limits` library that flask-limiter is made of, without its hooks.

flask-limiter's extension reads the host's RATELIMIT_* settings and counts every request of the host; mounted in an
organisation's application we must touch nothing but our own pages. Counts are kept in memory, per server process.
"""

from __future__ import annotations

from flask import request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from amends.webui.speech import say
from amends.webui.state import setting, web


class Limits:
    """Counts of attempts in a moving window."""

    def __init__(self) -> None:
        """Start with no attempts counted."""
        self._strategy = MovingWindowRateLimiter(MemoryStorage())
        self._parsed: dict[str, RateLimitItem] = {}

    def hit(self, limit: str | None, *key: str) -> bool:
        """Count one attempt; False when it is one too many."""
        if not limit:
            return True
        item = self._parsed.get(limit) or self._parsed.setdefault(limit, parse(limit))
        return self._strategy.hit(item, *key)


def count_attempt(what: str) -> None:
    """Count this request against the limit for `what` (sign_in, file, follow) of its address; raises TooManyRequests.

    Only by address: a limit by user name would let anybody keep somebody else out. Accounts slow down guessing by themselves.
    """
    if not web().limits.hit(setting(f"AMENDS_LIMIT_{what.upper()}"), what, request.remote_addr or "unknown"):
        raise TooManyRequests(say("You have tried too often. Wait a minute, then try again; nothing was changed."), retry_after=60)
