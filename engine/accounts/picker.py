"""The people who work here, for forms that ask for some of them."""

from __future__ import annotations

from typing import Any

from amends.engine.accounts.accounts import Accounts

OPTIONS_KEY = b'"staff"'
"""A form that names the key `staff` (as `valuesKey` of a list) is given the active accounts as its options."""


class Picker:
    """Gives forms the active accounts: the value of an option is the actor, its label the name."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def __call__(self, body: bytes) -> dict[str, Any]:
        """What a form may offer; nothing for one that does not ask, as most do not."""
        if OPTIONS_KEY not in body:
            return {}
        people = (one for one in self._accounts.list() if one.active)
        return {"staff": [{"label": f"{one.display_name} ({one.username})", "value": one.actor} for one in people]}
