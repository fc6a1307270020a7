"""What a service task may call. `operations()` are all there are: those built in, and those of installed plugins."""

from amends.engine.services.base import Inside, Operation, OperationContext
from amends.engine.services.clocks import CLOCK_OPERATIONS
from amends.engine.services.closing import CloseComplaint
from amends.engine.services.decisions import CommunicateDecision
from amends.engine.services.escalation import Escalate
from amends.engine.services.letters import KEPT_LINK
from amends.engine.services.mailer import Doubtful, FolderMailer, Mailer, NotSent, SmtpMailer, mailer_from
from amends.engine.services.messages import SendMessage, follow_address
from amends.engine.services.publishing import PublishMessage
from amends.engine.services.registry import Registry, plugin_operations
from amends.engine.services.templates import element_templates

BUILT_IN: tuple[type[Operation], ...] = (
    SendMessage, CommunicateDecision, Escalate, PublishMessage, CloseComplaint, *CLOCK_OPERATIONS,
)  # fmt: skip


def operations() -> dict[str, type[Operation]]:
    """Every operation by its type; a plugin's takes the place of one built in that has the same type."""
    return {**{operation.type: operation for operation in BUILT_IN}, **plugin_operations()}


__all__ = [
    "BUILT_IN", "KEPT_LINK", "Doubtful", "FolderMailer", "Inside", "Mailer", "NotSent", "Operation", "OperationContext", "Registry",
    "SmtpMailer", "element_templates", "follow_address", "mailer_from", "operations", "plugin_operations",
]  # fmt: skip
