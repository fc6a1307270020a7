"""Any SpiffWorkflow application can use the execution without our store and web: the program in the documentation is one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task

from amends.engine.execution import Execution, ProcessSpec
from amends.engine.execution.elements import Element
from amends.engine.execution.token import Token


def test_the_program_in_the_documentation_runs_without_database_and_web(repository: Path) -> None:
    """It prints what it says, and loads neither SQLAlchemy nor Flask."""
    page = (repository / "docs" / "spiffworkflow-extension.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.S)
    program += "\nimport sys\nprint(sorted({'sqlalchemy', 'flask', 'alembic'} & set(sys.modules)))\n"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "Approve the order ['boss']", "mail", "completed {'amount': 250, 'approved': True, 'total': Decimal('300.0')}",
        "timer late", "completed late", "taken f2", "entered remind", "completed remind", "completed approve", "taken f3",
        "completed total", "ended order", "[]",
    ]  # fmt: skip


def test_the_parts_are_spiffworkflows() -> None:
    """Subclasses: what takes a workflow, a spec or a task of SpiffWorkflow takes ours."""
    for ours, theirs in ((Execution, BpmnWorkflow), (ProcessSpec, BpmnProcessSpec), (Element, BpmnTaskSpec), (Token, Task)):
        assert issubclass(ours, theirs)
