"""What a deployed version is at run time: its specs, decisions, calendars and settings, made once per process and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, desc, select

from amends.engine.calendars import Calendar, feel_functions
from amends.engine.decisions import Model, resolve_among
from amends.engine.decisions import load as load_decisions
from amends.engine.definitions import deployments
from amends.engine.definitions.package import Package
from amends.engine.errors import NotFound
from amends.engine.execution import Decided, Fault, FeelScriptEngine, ProcessSpec, compile_process
from amends.engine.instances import suspensions
from amends.engine.instances.bindings import Bindings
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

_P, _S = t.process_definition.c, t.suspension.c
_RESTING = select(_S.id.label("rests_by")).where(_S.kind == suspensions.PROCESS, _S.name == bindparam("process")).limit(1)
_RESTS = Fixed(_RESTING.where(_S.deployment_id.in_(["", bindparam("deployment")])))
_LATEST = Fixed(
    select(_P.deployment_id, _RESTING.where(_S.deployment_id.in_(["", _P.deployment_id])).scalar_subquery().label("rests_by"))
    .where(_P.process_id == bindparam("process"), _P.executable)
    .order_by(desc(_P.position))
    .limit(1)
)

_PLAIN_CALENDAR = {
    "name": "default",
    "timezone": "UTC",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}


class Version:
    """One deployment, ready to run. Everything is worked out when it is first needed."""

    def __init__(self, deployment_id: str, package: Package, versions: Versions) -> None:
        self.id = deployment_id
        self.package = package
        self._versions = versions
        self._specs: dict[str, ProcessSpec] = {}
        self._models: dict[str, Model] = {}
        manifest = package.manifest
        data = {"default": _PLAIN_CALENDAR, **{name: {"name": name, **body} for name, body in manifest.calendars.items()}}
        self.calendars: dict[str, Calendar] = {name: Calendar.from_data(body) for name, body in data.items()}
        self.settings: dict[str, Any] = {**manifest.settings, **versions.settings()}
        self.script_engine = FeelScriptEngine(
            functions=feel_functions(self.calendars, "default"),
            now=versions.now,
            constants={"settings": self.settings},
            decide=self.decide,
            process=versions.process,
            bound_process=versions.bindings.process,
            bound_decision=versions.bindings.decision,
            operations=versions.operations,
            calendars=self.calendars,
        )

    def spec(self, process_id: str) -> ProcessSpec:
        """The compiled process; raises `Fault` where the version has none of this id."""
        if process_id not in self._specs:
            process = self.package.processes.get(process_id)
            if process is None:
                raise Fault(f"This version has no process {process_id!r}.")
            self._specs[process_id] = compile_process(process, deployed=True)
        return self._specs[process_id]

    def decide(self, decision_id: str, context: Mapping[str, Any]) -> Decided:
        """Evaluate a decision of this version; a table that no rule matches is a fault that shows its inputs."""
        path = self.package.decisions.get(decision_id)
        if path is None:
            raise Fault(f"There is no decision {decision_id!r} in this version; add its table and deploy again.")
        if path not in self._models:
            self._models[path] = load_decisions(self.package.files[path], resolve=resolve_among(self.package.files))
        engine = self.script_engine.outside
        explanation = self._models[path].explain(decision_id, dict(context), functions=engine.functions, now=engine.now)
        why = explanation.to_plain()
        if explanation.value is None:
            warnings = "; ".join(str(warning) for warning in explanation.warnings) or "no rule matches"
            raise Fault(f"The decision {decision_id!r} gives nothing: {warnings}. Add a rule for this case.")
        return Decided(explanation.value, why)


class Versions:
    """The versions in use, by deployment id."""

    def __init__(self, database: Database, now: Callable[[], datetime], operations: Any, settings: Callable[[], Mapping[str, Any]]) -> None:
        self.database = database
        self.bindings = Bindings(self)
        self.now = now
        self.operations = operations
        self.settings = settings
        self._versions: dict[str, Version] = {}
        self._lock = threading.RLock()

    def get(self, deployment_id: str) -> Version:
        """One version; raises `NotFound`."""
        version = self._versions.get(deployment_id)
        if version is not None:
            return version
        with self._lock, self.database.reading() as connection:
            package = deployments.package_of(connection, deployment_id)
            if not package.files:
                raise NotFound(f"There is no deployment {deployment_id}.")
            version = self._versions[deployment_id] = Version(deployment_id, package, self)
        return version

    def latest(self, process_id: str) -> Version:
        """The latest version of a process; raises `NotFound`."""
        with self.database.reading() as connection:
            return self._latest(connection, process_id)[0]

    def to_start(self, connection: Connection, process_id: str, version: Version | None) -> tuple[Version, str | None]:
        """What an instance of a process starts on, the latest version unless one is given, and the suspension that it rests by.

        Raises `NotFound` where there is none, or the version given has no such process.
        """
        if version is None:
            return self._latest(connection, process_id)
        if process_id not in version.package.processes:
            raise NotFound(f"The deployment {version.id} has no process {process_id!r}.")
        rests = _RESTS.first(connection, {"process": process_id, "deployment": version.id})
        return version, None if rests is None else rests.rests_by

    def _latest(self, connection: Connection, process_id: str) -> tuple[Version, str | None]:
        found = _LATEST.first(connection, {"process": process_id})
        if found is None:
            raise NotFound(f"No process {process_id!r} is deployed. Deploy the package that holds it first.")
        return self.get(found.deployment_id), found.rests_by

    def process(self, process_id: str, deployment_id: str | None) -> tuple[ProcessSpec, str | None]:
        """A called process: that of the caller's version, else the latest there is."""
        if deployment_id is not None:
            version = self.get(deployment_id)
            if process_id in version.package.processes:
                return version.spec(process_id), deployment_id
        try:
            version = self.latest(process_id)
        except NotFound as error:
            raise Fault(str(error)) from error
        return version.spec(process_id), version.id

    def forget_settings(self) -> None:
        """Settings have changed: work versions out again."""
        with self._lock:
            self._versions.clear()
