"""SpiffWorkflow, extended: its workflow, tasks and specs carrying the BPMN that Camunda Modeler draws, with FEEL.

Nothing here knows a database: any SpiffWorkflow application can read a diagram with `amends.engine.definitions`, compile it
with `compile_process`, run it with `Execution` and keep it with `dump` and `load`.
"""

from amends.engine.execution.catching import as_key
from amends.engine.execution.codec import dump, load
from amends.engine.execution.compile import ProcessSpec, compile_process
from amends.engine.execution.faults import BpmnError, Fault
from amends.engine.execution.moving import Moved, Stop, move
from amends.engine.execution.script_engine import Decided, FeelScriptEngine
from amends.engine.execution.workflow import Execution, Note, Scope

__all__ = [
    "BpmnError", "Decided", "Execution", "Fault", "FeelScriptEngine", "Moved", "Note", "ProcessSpec", "Scope", "Stop", "as_key",
    "compile_process", "dump", "load", "move",
]  # fmt: skip
