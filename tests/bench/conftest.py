"""What is measured here is named after what it measures, not test_…: `make bench` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the files of this folder that measure something."""
    named = {Path(arg.split("::")[0]).resolve() for arg in parent.config.args}  # pytest collects those itself
    measures = file_path.suffix == ".py" and file_path.name.startswith(("engine_", "import_", "feel_", "decisions_", "check_", "web_"))
    if not measures or file_path.resolve() in named:
        return None
    return pytest.Module.from_parent(parent, path=file_path)
