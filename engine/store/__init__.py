"""Tables, transactions and migrations."""

from .database import Database

__all__ = ["Database"]
