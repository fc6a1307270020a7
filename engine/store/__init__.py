"""Tables, transactions and migrations."""

from amends.engine.store.database import Database

__all__ = ["Database"]
