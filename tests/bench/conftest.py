"""What is measured here is named after what it measures, not test_…: `make bench` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the files of this folder that measure something."""
    if file_path.suffix != ".py" or not file_path.name.startswith(("engine_", "import_")) or file_path in map(Path, parent.config.args):
        return None
    return pytest.Module.from_parent(parent, path=file_path)
