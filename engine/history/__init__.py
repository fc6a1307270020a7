"""Append-only events with a hash chain: record, read, seal, verify, erase."""

from amends.engine.history.chain import GENESIS, INSTALLATION, Entry, append, append_to
from amends.engine.history.read import Event, events
from amends.engine.history.seal import Fault, Report, seal, verify

__all__ = ["GENESIS", "INSTALLATION", "Entry", "Event", "Fault", "Report", "append", "append_to", "events", "seal", "verify"]
