"""The one thing pyproject.toml cannot say: a wheel is built from nothing stale, and never without its assets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithAssets(build_py):
    """Build the pages' assets first and start from an empty build folder; an editable install does neither."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
            if (ROOT / "scripts" / "prepare.py").exists():
                subprocess.run([sys.executable, str(ROOT / "scripts" / "prepare.py"), "assets"], check=True, cwd=ROOT)
        super().run()


setup(cmdclass={"build_py": BuildWithAssets})
