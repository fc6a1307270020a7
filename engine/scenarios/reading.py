"""Read the scenarios of a package: `tests/*.toml` and `tests/*.yaml`, each key checked, with the line every step stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from amends.engine.definitions.manifest import FILE as MANIFEST
from amends.engine.scenarios.lines import Place, places
from amends.engine.scenarios.model import Expectation, Failure, Scenario, ScenarioError, Step
from amends.engine.yaml_text import Lines, YamlError, read_yaml

FOLDER = "tests"
SUFFIXES = (".toml", ".yaml", ".yml")
ACTIONS: Mapping[str, frozenset[str]] = {
    "complete": frozenset({"with", "as", "refused"}),
    "message": frozenset({"with", "as", "key", "refused"}),
    "signal": frozenset({"with", "as", "refused"}),
    "error": frozenset({"task", "with", "as", "refused"}),
    "after": frozenset(),
    "until": frozenset(),
    "at": frozenset(),
    "mail": frozenset(),
    "retry": frozenset(),
    "posted": frozenset(),
}
"""What can happen in a step, and the keys each takes beside it."""
EXPECTED = frozenset(
    {
        "task", "tasks", "stage", "state", "clock", "letter", "letters", "variable", "decision", "waiting", "escalated", "operation",
        "incident", "ran", "end", "outcome", "post_room",
    }
)  # fmt: skip
_SCENARIO = frozenset({"name", "at", "file", "start", "channel", "people", "settings", "mail", "steps"})
_FILE = frozenset({"scenario", "data", "people", "at", "file"})


@dataclass(slots=True)
class Suite:
    """The scenarios of a package in the order of their files; `broken` are those that could not be read."""

    folder: Path
    scenarios: list[Scenario] = field(default_factory=list)
    broken: list[Failure] = field(default_factory=list)


def read_suite(path: Path) -> Suite:
    """Read the scenarios of a package folder, or one file of them.

    What cannot be read is in `broken`, by file and line. Raises `ScenarioError` for a single file that lies in no package.
    """
    folder = path if path.is_dir() else next((parent for parent in path.resolve().parents if (parent / MANIFEST).is_file()), None)
    if folder is None:
        raise ScenarioError(f"{path} lies in no package: there is no {MANIFEST} above it. Put it into the folder {FOLDER} of a package.")
    suite = Suite(folder)
    read = [_parsed(suite, file) for file in scenario_files(folder)]
    files = [item for item in read if item is not None]
    shared: dict[str, Any] = {}
    for name, content, _ in files:
        for key, data in content.get("data", {}).items():
            if key in shared or not isinstance(data, dict):
                _broken(suite, name, 1, f"[data.{key}] must be a table, and there must be one of that name only.")
            shared[key] = data
    wanted = None if path.is_dir() else path.resolve().relative_to(folder).as_posix()
    for name, content, where in files:
        if wanted in (None, name):
            _read_file(suite, name, content, where, shared)
    return suite


def scenario_files(folder: Path) -> list[Path]:
    """The files `tests/*.toml`, `*.yaml` and `*.yml` of a package, at any depth below `tests`."""
    inside = folder / FOLDER
    return sorted(file for file in inside.rglob("*") if file.suffix in SUFFIXES and file.is_file()) if inside.is_dir() else []


def _broken(suite: Suite, file: str, line: int, message: str, step: str = "cannot be read") -> None:
    suite.broken.append(Failure(file, line, step, message))


def _parsed(suite: Suite, path: Path) -> tuple[str, dict[str, Any], list[Place]] | None:
    name = path.relative_to(suite.folder).as_posix()
    read = _read_toml if path.suffix == ".toml" else _read_yaml
    try:
        content, where = read(path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        _broken(suite, name, 1, "UTF-8; save the file as that.")
    except (ValueError, RecursionError) as error:  # also of a number or a list that Python does not read
        _broken(suite, name, _line_of(str(error)), f"TOML: {error}")
    except YamlError as error:
        _broken(suite, name, error.line, f"YAML: {error}")
    else:
        if isinstance(content, dict) and isinstance(content.get("data", {}), dict):
            return name, content, where
        _broken(suite, name, 1, "[data.NAME] tables; data is something else here." if isinstance(content, dict) else "keys and values.")
    return None


def _read_toml(text: str) -> tuple[Any, list[Place]]:
    return tomllib.loads(text, parse_float=Decimal), places(text)


def _read_yaml(text: str) -> tuple[Any, list[Place]]:
    content, lines = read_yaml(text)
    told = lines.inside.get("scenario", Lines(1)).inside.values()
    return content, [Place(item.line, [step.line for step in item.inside.get("steps", Lines(1)).inside.values()]) for item in told]


def _line_of(message: str) -> int:
    _, _, place = message.rpartition("at line ")
    number = place.split(",")[0]
    return int(number) if number.isdigit() else 1


def _read_file(suite: Suite, name: str, content: dict[str, Any], where: list[Place], shared: Mapping[str, Any]) -> None:
    for key in content.keys() - _FILE:
        _broken(suite, name, 1, f"one of {_listed(_FILE)}; there is {key!r}.{_meant(key, _FILE)}")
    told = content.get("scenario", [])
    if not isinstance(told, list) or not all(isinstance(item, dict) for item in told):
        _broken(suite, name, 1, "[[scenario]], with two brackets: a file can hold several.")
        return
    for number, item in enumerate(told):
        place = where[number] if number < len(where) else Place(1)
        try:
            suite.scenarios.append(_Reader(name, place, content, shared).scenario(item))
        except _Misread as error:
            _broken(suite, name, error.line, str(error), error.step)


class _Misread(Exception):
    def __init__(self, line: int, message: str, step: str = "cannot be read") -> None:
        super().__init__(message)
        self.line, self.step = line, step


@dataclass(slots=True)
class _Reader:
    """Reads one scenario of a file whose `common` tables hold for all of them."""

    file: str
    place: Place
    common: Mapping[str, Any]
    shared: Mapping[str, Any]

    def scenario(self, told: Mapping[str, Any]) -> Scenario:
        line = self.place.line
        self.only(told, _SCENARIO, line)
        at = told.get("at", self.common.get("at"))
        if not isinstance(at, datetime):
            raise _Misread(line, "at = a date and a time, such as 2026-03-02T10:00:00: when the scenario begins.")
        if "file" in told and "start" in told:
            raise _Misread(line, "either file (a complaint) or start (a process); there are both.")
        start = told.get("start", {})
        if not isinstance(start, dict) or ("start" in told and not isinstance(start.get("process"), str)):
            raise _Misread(line, 'start = { process = "id", with = {…} }.')
        self.only(start, frozenset({"process", "with", "key"}), line)
        filed = told.get("file", self.common.get("file") if "start" not in told else None)
        steps = told.get("steps", [])
        if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
            raise _Misread(line, "steps = [ { … }, … ]: what happens, in order.")
        lines = self.place.steps if len(self.place.steps) == len(steps) else [line] * len(steps)
        return Scenario(
            file=self.file,
            line=line,
            name=str(told.get("name", f"scenario at line {line}")),
            at=at,
            steps=tuple(self.step(step, number, lines[number - 1]) for number, step in enumerate(steps, 1)),
            begins="start" if start else "file" if filed is not None else "",
            process=start.get("process", ""),
            key=start.get("key"),
            channel=str(told.get("channel", "web")),
            data=self.data(start.get("with", {}) if start else filed if filed is not None else {}, line),
            people=self.people({**self.table(self.common, "people"), **self.table(told, "people")}),
            settings=self.table(told, "settings"),
            mail=self.mail(told.get("mail", "up"), line),
        )

    def table(self, told: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = told.get(key, {})
        if not isinstance(value, dict):
            raise _Misread(self.place.line, f"{key} = {{ name = … }}.")
        return value

    def people(self, told: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        if not all(isinstance(roles, str | list) for roles in told.values()):
            raise _Misread(self.place.line, 'people = { ann = "handler", ben = ["handler", "manager"] }.')
        return {name: (roles,) if isinstance(roles, str) else tuple(roles) for name, roles in told.items()}

    def mail(self, value: Any, line: int) -> bool:
        if value not in ("up", "down"):
            raise _Misread(line, f'mail = "up" or "down"; there is {value!r}.')
        return bool(value == "up")

    def step(self, told: Mapping[str, Any], number: int, line: int) -> Step:
        actions = [key for key in told if key in ACTIONS]
        allowed = {"expect", "expect_no", *actions, *(ACTIONS[actions[0]] if actions else ())}
        for key in told:
            if key not in allowed:
                known = allowed | ACTIONS.keys()
                raise _Misread(line, f"one of {_listed(known)}; there is {key!r}.{_meant(key, known)}", f"step {number}")
        if len(actions) > 1:
            raise _Misread(line, f"one thing that happens; there are {' and '.join(actions)}.", f"step {number}")
        expectations = (*self.expected(told, "expect", number, line), *self.expected(told, "expect_no", number, line))
        if not actions:
            if not expectations:
                raise _Misread(line, "something that happens, or expect.…; there is neither.", f"step {number}")
            return Step(line, number, expectations=expectations)
        action = actions[0]
        arguments = {key: told[key] for key in ("as", "key", "task") if key in told}
        value = told[action]
        if action == "mail":
            value = "up" if self.mail(value, line) else "down"
        elif not isinstance(value, datetime if action == "at" else str):
            raise _Misread(line, f"{action} = {'a date and a time' if action == 'at' else 'a text'}; there is {value!r}.", f"step {number}")
        if action == "error" and not isinstance(told.get("task"), str):
            raise _Misread(line, 'error = "CODE", task = "the element that throws it".', f"step {number}")
        if "with" in told:
            arguments["with"] = self.data(told["with"], line)
        refused = told.get("refused")
        return Step(line, number, action, value, arguments, expectations, None if refused is None else str(refused))

    def expected(self, told: Mapping[str, Any], key: str, number: int, line: int) -> Iterator[Expectation]:
        given = told.get(key, {})
        if not isinstance(given, dict):
            raise _Misread(line, f"{key}.task, {key}.stage and so on; there is {given!r}.", f"step {number}")
        for kind, want in given.items():
            if kind not in EXPECTED:
                wanted = f"one of {_listed(EXPECTED)} after {key}; there is {kind!r}.{_meant(kind, EXPECTED)}"
                raise _Misread(line, wanted, f"step {number}")
            yield Expectation(kind, want, key == "expect_no")

    def data(self, told: Any, line: int) -> dict[str, Any]:
        """Data as a table, the name of a `[data.NAME]`, or a list of both: later ones add to and replace what is before them."""
        if isinstance(told, dict):
            return dict(told)
        if isinstance(told, str):
            if told not in self.shared:
                raise _Misread(line, f"the data {told!r}, but there is no [data.{told}].{_meant(told, self.shared)}")
            return dict(self.shared[told])
        if isinstance(told, list):
            return {key: value for part in told for key, value in self.data(part, line).items()}
        raise _Misread(line, f"data as a table, a name, or a list of both; there is {told!r}.")

    def only(self, told: Mapping[str, Any], known: frozenset[str], line: int) -> None:
        for key in told:
            if key not in known:
                raise _Misread(line, f"one of {_listed(known)}; there is {key!r}.{_meant(key, known)}")


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _meant(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), 1)
    return f" Is {near[0]!r} meant?" if near else ""
