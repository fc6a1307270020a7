"""How large a value is when it is written out: inside an evaluation a part may stand in many places and is there once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from amends.engine.feel.errors import BudgetError
from amends.engine.feel.limits import MAX_VALUE_DEPTH
from amends.engine.feel.values import Range

_CHARACTERS: dict[type, int] = {type(None): 4, bool: 5}
_NUMBER, _LONG_NUMBER = 12, 40
_TEMPORAL = 32
_CONTAINERS = (list, dict)


def characters_of(value: Any) -> int:
    """Roughly the characters of a value that is no list and no context."""
    kind = type(value)
    if kind is str:
        return len(value) + 2
    if kind is Decimal:
        digits = abs(value.adjusted())  # as a text, a number has no exponent
        return _NUMBER if digits < _LONG_NUMBER else digits
    if kind is Range:
        return 4 + characters_of(value.low) + characters_of(value.high)
    return _CHARACTERS.get(kind, _TEMPORAL)


class Extent:
    """Measures one value in depth, looking at each list and context once, wherever and however often it stands.

    charge: takes the steps of looking. After `of`, `looked` are the entries that were looked at.
    """

    def __init__(self, charge: Callable[[int], None]) -> None:
        self._charge = charge
        self._known: dict[int, tuple[int, int, int]] = {}
        self.looked = 0

    def of(self, part: Any, depth: int = 1) -> tuple[int, int, int]:
        """Entries, characters, and lists within lists of a list or context. Raises BudgetError for one nested too deeply."""
        own = 1 + len(part)
        self._charge(own)
        self.looked += own
        entries, characters, height = own, 2 * own, 0
        items = part
        if type(part) is dict:
            characters += 4 * len(part) + sum(map(len, part))
            items = part.values()
        for item in items:
            if type(item) not in _CONTAINERS:
                characters += characters_of(item)
                continue
            found = self._known.get(id(item))
            if found is None and depth < MAX_VALUE_DEPTH:
                found = self.of(item, depth + 1)
            if found is None or found[2] >= MAX_VALUE_DEPTH:
                raise BudgetError(f"The value has lists or contexts nested more than {MAX_VALUE_DEPTH} deep. Make it flatter.")
            entries += found[0]
            characters += found[1]
            height = max(height, found[2])
        self._known[id(part)] = measured = entries, characters, height + 1
        return measured
