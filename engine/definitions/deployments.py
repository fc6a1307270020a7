"""Deploy a package as an immutable version, and find versions again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, desc, func, insert, select
from uuid_utils import uuid7

from amends.engine.definitions.model import Process
from amends.engine.definitions.package import Package, read_package
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version of a package. `number` counts the package's versions from 1; `processes` are the ids it can start."""

    id: str
    package: str
    title: str
    version: str
    number: int
    digest: str
    deployed_at: datetime
    actor: str
    reason: str
    processes: tuple[str, ...]


def find_same(connection: Connection, package: Package, name: str) -> Deployment | None:
    """The newest version of this package, if it is identical to it; going back to an older content is a new version."""
    d = t.deployment.c
    row = connection.execute(select(d.id, d.digest).where(d.package == name).order_by(desc(d.number)).limit(1)).first()
    return get(connection, row.id) if row is not None and row.digest == package.digest else None


def store(connection: Connection, package: Package, name: str, *, actor: str, reason: str, now: datetime) -> Deployment:
    """Write a package as the next version of `name`; its processes are the latest from now on."""
    deployment_id = uuid7().hex
    number = (connection.execute(select(func.max(t.deployment.c.number)).where(t.deployment.c.package == name)).scalar() or 0) + 1
    connection.execute(
        insert(t.deployment),
        {
            "id": deployment_id, "package": name, "number": number, "title": package.manifest.title or name,
            "version": package.manifest.version or str(number), "digest": package.digest, "deployed_at": now,
            "actor": actor, "reason": reason,
        },
    )  # fmt: skip
    for path, body in package.files.items():
        digest = hashlib.sha256(body).hexdigest()
        if connection.execute(select(t.blob.c.digest).where(t.blob.c.digest == digest)).first() is None:
            connection.execute(insert(t.blob), {"digest": digest, "body": body})
        connection.execute(insert(t.deployment_file), {"deployment_id": deployment_id, "path": path, "digest": digest})
    position = (connection.execute(select(func.max(t.process_definition.c.position))).scalar() or 0) + 1
    for diagram in package.diagrams:
        for process in diagram.processes:
            _store_process(connection, deployment_id, process, position)
    return get(connection, deployment_id)


def _store_process(connection: Connection, deployment_id: str, process: Process, position: int) -> None:
    connection.execute(
        insert(t.process_definition),
        {
            "deployment_id": deployment_id, "process_id": process.id, "name": process.name,
            "executable": process.executable, "position": position,
        },
    )  # fmt: skip
    if not process.executable:
        return
    connection.execute(delete(t.start_subscription).where(t.start_subscription.c.process_id == process.id))
    # What the version before was to start by itself is this one's to say.
    connection.execute(delete(t.job).where(t.job.c.kind == "start", t.job.c.type == process.id))
    for start, event in process.started_by:
        if event.kind in ("message", "signal") and event.ref_name:
            connection.execute(
                insert(t.start_subscription),
                {
                    "process_id": process.id, "deployment_id": deployment_id, "element_id": start.id,
                    "kind": event.kind, "name": event.ref_name,
                },
            )  # fmt: skip


def get(connection: Connection, deployment_id: str) -> Deployment:
    """One version; raises LookupError where there is none."""
    found = [item for item in every(connection, deployment_id)]
    if not found:
        raise LookupError(f"There is no deployment {deployment_id}.")
    return found[0]


_D, _P = t.deployment.c, t.process_definition.c
_VERSIONS: Select[Any] = (
    select(t.deployment, _P.process_id, _P.executable)
    .outerjoin(t.process_definition, _P.deployment_id == _D.id)
    .order_by(desc(_D.deployed_at), desc(_D.id), _P.process_id)
)
_EVERY, _DEPLOYED = Fixed(_VERSIONS), Fixed(_VERSIONS.where(_D.id == bindparam("id")))


def every(connection: Connection, deployment_id: str | None = None) -> list[Deployment]:
    """All versions, newest first."""
    rows = _EVERY.all(connection, {}) if deployment_id is None else _DEPLOYED.all(connection, {"id": deployment_id})
    found: dict[str, tuple[dict[str, object], list[str]]] = {}
    for row in rows:
        fields = {
            name: getattr(row, name) for name in ("id", "package", "title", "version", "number", "digest", "deployed_at", "actor", "reason")
        }
        _, processes = found.setdefault(row.id, (fields, []))
        if row.process_id is not None and row.executable:
            processes.append(row.process_id)
    return [Deployment(**fields, processes=tuple(processes)) for fields, processes in found.values()]  # type: ignore[arg-type]


def package_of(connection: Connection, deployment_id: str) -> Package:
    """The package as it was deployed."""
    f = t.deployment_file.c
    query = select(f.path, t.blob.c.body).join(t.blob, t.blob.c.digest == f.digest).where(f.deployment_id == deployment_id)
    return read_package({row.path: bytes(row.body) for row in connection.execute(query)})
