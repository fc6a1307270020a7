"""Files that people send: what they are by their content, and which of them are refused and why."""

from amends.engine.files.dangers import REASONS, Guard, Reason, Unscanned, guard_from
from amends.engine.files.sniffing import UNKNOWN, media_type

__all__ = ["REASONS", "UNKNOWN", "Guard", "Reason", "Unscanned", "guard_from", "media_type"]
