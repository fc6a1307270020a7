"""Take in complaints another system has recorded, and let each go its recorded way on its own dates."""

from amends.engine.complaints.replay.importer import Importer, RowResult
from amends.engine.complaints.replay.mapping import Mapping, load_mapping, shipped_mappings
from amends.engine.complaints.replay.tally import Tally, tallies

__all__ = ["Importer", "Mapping", "RowResult", "Tally", "load_mapping", "shipped_mappings", "tallies"]
