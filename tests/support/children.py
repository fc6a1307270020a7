"""Python processes that are spoken to by lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Child = subprocess.Popen[str]


@contextmanager
def children(script: str, *arguments: list[str]) -> Iterator[list[Child]]:
    """One process of this folder's script for each list of arguments, all of them ready; ended afterwards."""
    path = str(Path(__file__).resolve().parent / script)
    running = [
        subprocess.Popen([sys.executable, path, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for given in arguments
    ]
    try:
        for child in running:
            assert hear(child) == "ready"
        yield running
    finally:
        for child in running:
            if child.stdin is not None:
                child.stdin.close()
        for child in running:
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()


def say(child: Child, line: str) -> None:
    """Send it a line."""
    assert child.stdin is not None
    child.stdin.write(line + "\n")
    child.stdin.flush()


def hear(child: Child) -> str:
    """Its next line."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")
