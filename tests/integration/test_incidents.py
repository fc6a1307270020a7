"""All open incidents of an installation can be listed, the oldest first, without reading what complaints hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from driving import element, flows, process

from amends.engine import Engine
from amends.engine.complaints import Register
from amends.engine.services import Operation, OperationContext

MANIFEST = b'[package]\nname = "small"\ntitle = "Small"\nversion = "1"\n[complaints]\nprocess = "p"\nform = "f"\n'
FORM = b'{"id": "f", "type": "default", "schemaVersion": 16, "components": []}'


class Fails(Operation):
    """Always fails."""

    type, title = "fails", "Fails"

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        raise ConnectionError("the server is away")


def test_open_incidents_of_all_instances_page_by_page(database_url: str, clock: Any, bpmn: Callable[..., Path]) -> None:
    """ISO 10002, 8.2: each with element, process, version, reference, message, attempts and since when; resolved ones are gone."""
    engine = Engine(database_url, clock=clock, services={"fails": Fails})
    register = Register(engine)
    body = element("startEvent", "s") + element("serviceTask", "t", ext='<zeebe:taskDefinition type="fails" retries="1"/>') + flows("s>t")
    diagram = bpmn(process(body)).read_bytes()
    deployed = engine.deploy({"package.toml": MANIFEST, "f.form": FORM, "p.bpmn": diagram})
    assert engine.incidents() == []
    filed = []
    for _ in range(3):
        filed.append(register.file({"description": "It leaks", "name": "Jo"}, actor="complainant"))
        engine.run_due()
        clock.move(minutes=1)
    found = engine.incidents()
    assert [one.reference for one in found] == [one.reference for one in filed]
    first = found[0]
    assert (first.instance_id, first.process_id, first.deployment_id) == (filed[0].instance_id, "p", deployed.id)
    assert (first.element_id, first.attempts, first.created_at) == ("t", 1, clock() - timedelta(minutes=3))
    assert "the server is away" in first.message
    assert engine.incidents(limit=1) == found[:1] and engine.incidents(limit=5, after=first.id) == found[1:]
    engine.cancel(filed[1].instance_id, reason="withdrawn", actor="system")
    engine.retry_incident(first.id, actor="system")
    assert [one.id for one in engine.incidents()] == [found[2].id] == [one.id for one in engine.incidents(after=first.id)]
    engine.close()
