"""Take in complaints another system has recorded, and let each go its recorded way on its own dates."""

from .importer import Importer, RowResult
from .mapping import Mapping, load_mapping, shipped_mappings
from .tally import Tally, tallies

__all__ = ["Importer", "Mapping", "RowResult", "Tally", "load_mapping", "shipped_mappings", "tallies"]
