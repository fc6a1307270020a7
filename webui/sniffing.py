"""What kind of file somebody sent, by its content: the engine looks, for what comes by mail as well."""

from amends.engine.files.sniffing import UNKNOWN, media_type

__all__ = ["UNKNOWN", "media_type"]
