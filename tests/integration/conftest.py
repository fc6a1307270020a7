"""An engine on each database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from driving import HEAD

import amends
from amends.application import Application
from amends.engine import Engine


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **span: float) -> datetime:
        """Let time pass."""
        self.time += timedelta(**span)
        return self.time


@pytest.fixture
def clock() -> TestClock:
    """The engine's clock: Monday 2 March 2026, 9:00 UTC."""
    return TestClock()


@pytest.fixture
def engine(database_url: str, clock: TestClock) -> Iterator[Engine]:
    """An engine on an empty database."""
    engine = Engine(database_url, clock=clock)
    yield engine
    engine.close()


@pytest.fixture
def bpmn(tmp_path: Path) -> Callable[..., Path]:
    """Write a diagram's body to a file that can be deployed."""

    def write(body: str, name: str = "test.bpmn") -> Path:
        path = tmp_path / name
        path.write_text(HEAD.format(body), encoding="utf-8")
        return path

    return write


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: TestClock) -> Iterator[Application]:
    """An installation with the shipped package, which says where it is reached, and one handler."""
    app = amends.open(database_url, data=tmp_path / "data", clock=clock, settings={"base_url": "https://complaints.example.org"})
    app.deploy_shipped()
    app.accounts.create("hanna", "Hanna Handler", ["handler"], "correct horse battery")
    yield app
    app.close()
