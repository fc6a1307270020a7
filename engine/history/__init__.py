"""Append-only events with a hash chain: record, read, seal, verify, erase."""

from amends.engine.history.chain import GENESIS, INSTALLATION, READS, Entry, append, append_to
from amends.engine.history.read import Event, events
from amends.engine.history.seal import seal
from amends.engine.history.verify import Fault, Report, verify

__all__ = ["GENESIS", "INSTALLATION", "READS", "Entry", "Event", "Fault", "Report", "append", "append_to", "events", "seal", "verify"]
