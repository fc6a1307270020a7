"""What is sent twice is done once, and what fails inside a step leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from driving import element, flows, process, user

import amends
from amends.engine import Engine
from amends.engine.services import Operation, OperationContext
from amends.engine.store import tables as t


def test_a_complaint_that_is_sent_twice_with_one_key_is_filed_once(tmp_path: Path) -> None:
    """The second answer has the same reference, and a link that works as well as the first."""
    app = amends.open(data=tmp_path)
    app.deploy_shipped()
    first = app.register.file({"description": "It broke."}, actor="complainant", key="form-1")
    second = app.register.file({"description": "It broke."}, actor="complainant", key="form-1")
    assert (second.reference, second.instance_id) == (first.reference, first.instance_id) and second.secret != first.secret
    for filed in (first, second):
        assert app.register.by_secret(filed.reference, filed.secret).instance_id == first.instance_id
    assert len(app.register.search()) == 1
    app.close()


class HalfDone(Operation):
    """Writes, and then fails in a way nobody foresaw."""

    type, title, inside = "half-done", "Half done", True

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        assert context.connection is not None
        context.connection.execute(t.setting.insert(), {"name": "half", "body": "1"})
        raise ZeroDivisionError("nobody foresaw this")


def test_an_operation_that_fails_inside_a_step_is_an_incident_and_wrote_nothing(database_url: str, bpmn: Callable[..., Path]) -> None:
    """The command around it is sound: what was done before it stays done."""
    engine = Engine(database_url, services={"half-done": HalfDone})
    ext = '<zeebe:taskDefinition type="half-done"/>'
    engine.deploy(bpmn(process(element("startEvent", "s") + user("a") + element("serviceTask", "t", ext=ext) + flows("s>a", "a>t"))))
    instance_id = engine.start("p", {}, actor="jo")
    engine.complete(engine.user_tasks(instance_id)[0].id, {"x": 1}, actor="jo")
    view = engine.instance(instance_id)
    assert view.state == "incident" and "nobody foresaw this" in view.incidents[0].message and dict(view.variables) == {"x": 1}
    with engine.database.reading() as connection:
        assert connection.execute(t.setting.select()).all() == []
    engine.close()
