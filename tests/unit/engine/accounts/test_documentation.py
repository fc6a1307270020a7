"""docs/accounts.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from amends.engine import Engine
from amends.engine.accounts import BUILT_IN_ROLES, Accounts, Policy


def test_the_example_runs(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code people copy works as it stands."""
    (code,) = re.findall(r"```python\n(.*?)```", (repository / "docs" / "accounts.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(code, "accounts.md", "exec"), names)
    assert names["accounts"].list() == [names["administrator"]]
    names["engine"].close()


def in_first_column(part: str) -> set[str]:
    """The names in the first column of a table."""
    return {name for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", row)}


def test_every_action_and_built_in_role_is_documented(repository: Path, tmp_path: Path) -> None:
    """The tables name all actions that have a rule, and all built-in roles."""
    text = (repository / "docs" / "accounts.md").read_text()
    _, roles, policy = re.split(r"^## (?:Roles|The policy)$", text, flags=re.MULTILINE)[:3]
    engine = Engine(f"sqlite:///{tmp_path / 'amends.db'}")
    assert in_first_column(roles) == BUILT_IN_ROLES.keys()
    assert in_first_column(policy) == Policy(Accounts(engine))._rules.keys()
    engine.close()


def test_accounts_work_on_both_databases(database_url: str) -> None:
    """The life of an account, on SQLite and on PostgreSQL."""
    engine = Engine(database_url)
    accounts = Accounts(engine)
    first, password = accounts.create("ada", "Ada", ["admin"], email="ada@example.org")
    assert password is not None
    for _ in range(3):
        assert accounts.authenticate("ada", "wrong wrong wrong") is None
        assert accounts.authenticate("nobody", "wrong wrong wrong") is None
    assert accounts.authenticate("ada", password) == first
    accounts.create("eve", "Eve", ["admin", "handler"])
    accounts.set_roles(first.id, ["handler"])
    accounts.deactivate(first.id)
    assert accounts.authenticate("ada", password) is None
    assert [account.username for account in accounts.list(role="handler")] == ["ada", "eve"]
    assert engine.verify().faults == []
    engine.close()
