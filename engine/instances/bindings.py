"""Find the version that an element's binding means, among all that are deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import desc, select

from amends.engine.definitions.package import version_tag_of
from amends.engine.execution import Decided, Fault, ProcessSpec
from amends.engine.execution.bindings import DEPLOYMENT, LATEST, Binding
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.instances.versions import Version, Versions


class Bindings:
    """Answers an execution's calls that say which version they mean."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    def process(self, process_id: str, deployment_id: str | None, bound: Binding) -> tuple[ProcessSpec, str | None]:
        """A called process, and the deployment it is of; a `Fault` where none is as bound."""
        found = self._of(bound, deployment_id, self._with_process(process_id))
        version = next((one for one in found if self._fits(one, process_id, bound)), None)
        if version is None:
            raise Fault(f"There is no process {process_id!r} {_as(bound)}; deploy it, or choose another binding.")
        return version.spec(process_id), version.id

    def decision(self, decision_id: str, context: Mapping[str, Any], deployment_id: str | None, bound: Binding) -> Decided:
        """What a decision gives; a `Fault` where none is as bound."""
        for version in self._of(bound, deployment_id, self._with_tables()):
            body = version.package.decision(decision_id)
            if body is not None and bound.tag in (None, version_tag_of(body, decision_id)):
                return version.decide(decision_id, context)
        raise Fault(f"There is no decision {decision_id!r} {_as(bound)}; deploy it, or choose another binding.")

    def _fits(self, version: Version, process_id: str, bound: Binding) -> bool:
        process = version.package.processes.get(process_id)
        return process is not None and bound.tag in (None, process.version_tag)

    def _of(self, bound: Binding, deployment_id: str | None, others: Iterator[str]) -> Iterator[Version]:
        if bound.kind != DEPLOYMENT:
            yield from map(self._versions.get, others)
        elif deployment_id is not None:
            yield self._versions.get(deployment_id)

    def _with_process(self, process_id: str) -> Iterator[str]:
        p = t.process_definition.c
        query = select(p.deployment_id).where(p.process_id == process_id, p.executable).order_by(desc(p.position))
        yield from self._read(query)

    def _with_tables(self) -> Iterator[str]:
        d, f = t.deployment.c, t.deployment_file.c
        holds = select(f.deployment_id).where(f.path.like("%.dmn"))
        yield from self._read(select(d.id).where(d.id.in_(holds)).order_by(desc(d.deployed_at), desc(d.id)))

    def _read(self, query: Any) -> list[str]:
        with self._versions.database.reading() as connection:
            return list(connection.execute(query).scalars())


def _as(bound: Binding) -> str:
    if bound.kind == LATEST:
        return "in any version"
    return "in this version" if bound.kind == DEPLOYMENT else f"with the version tag {bound.tag!r}"
