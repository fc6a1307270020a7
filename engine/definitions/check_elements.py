"""Whether each element is one that is executed, and has what its type needs (BPMN 2.0, 10.3 to 10.6)."""

from __future__ import annotations

from collections.abc import Callable

from amends.engine.definitions import xml
from amends.engine.definitions.findings import Findings, called, flow_called, the, words
from amends.engine.definitions.model import ACTIVITY_TYPES, Element, EventDefinition, Process, Scope, Zeebe
from amends.engine.definitions.publishing import THROWS_MESSAGES
from amends.engine.definitions.unplayed import done_by_nobody, not_played

_ZEEBE = f"{{{xml.ZEEBE}}}"
_REFUSED_TYPES = {
    "complexGateway": ("its activation rule has no agreed meaning between tools", "Use inclusive, exclusive and parallel gateways."),
    "choreographyTask": ("choreographies describe talk between organisations", "Draw a process."),
    "subChoreography": ("choreographies describe talk between organisations", "Draw a process."),
    "callChoreography": ("choreographies describe talk between organisations", "Draw a process."),
}
READ_AT = {
    **dict.fromkeys(("userTask", "assignmentDefinition", "taskSchedule", "priorityDefinition", "formDefinition"), frozenset({"userTask"})),
    "calledDecision": frozenset({"businessRuleTask"}),
    "script": frozenset({"scriptTask"}),
    "calledElement": frozenset({"callActivity"}),
    "adHoc": frozenset({"adHocSubProcess"}),
    "publishMessage": THROWS_MESSAGES,
    "versionTag": frozenset({"process"}),
    **dict.fromkeys(("subscription", "loopCharacteristics", "conditionalFilter"), frozenset[str]()),
}
"""Where extensions are read that are not read everywhere; the last ones on a message, a loop and a conditional event definition."""
_ANYWHERE = frozenset({"properties"})
_READ_AT_EVENTS = {
    "message": _ANYWHERE | {"taskDefinition", "taskHeaders", "publishMessage"},
    "conditional": _ANYWHERE | {"conditionalFilter"},
}
"""The same within event definitions."""
_SEVERAL = {"message", "timer", "signal", "conditional"}
_LEGAL_EVENTS = {
    "start": {"none", "message", "timer", "signal"},
    "subprocess": {"none"},
    "event subprocess": {*_SEVERAL, "error", "escalation", "compensation"},
    "intermediateCatchEvent": {*_SEVERAL, "link"},
    "intermediateThrowEvent": {"none", "message", "signal", "escalation", "link", "compensation"},
    "boundaryEvent": {*_SEVERAL, "error", "escalation", "compensation", "cancel"},
    "endEvent": {"none", "message", "signal", "error", "escalation", "terminate", "compensation", "cancel"},
}
_CONVERT = "`amends convert FILE` writes an equal diagram in our dialect. Or fill in anew what it says, and delete it."
_ANEW = "Fill in anew in the modeler what it says, and delete it."
_DIALECTS = {
    "http://camunda.org/schema/1.0/bpmn": ("camunda", _CONVERT),
    "http://spiffworkflow.org/bpmn/schema/1.0/core": ("spiffworkflow", _CONVERT),
    "http://activiti.org/bpmn": ("activiti", _ANEW),
    "http://flowable.org/bpmn": ("flowable", _ANEW),
}
"""The extensions of other engines by which a diagram would run elsewhere, and what to do about them."""
_IDLE = frozenset({"exclusive", "asyncBefore", "asyncAfter", "async", "historyTimeToLive", "isStartableInTasklist", "diagramRelationId"})
"""Those of them that change nothing about what happens."""
_ALWAYS_INTERRUPT = {
    "error": "an error always does",
    "cancel": "cancelling a transaction always does",
    "compensation": "what it undoes has ended already",
}
_AFTER_EVENT_GATEWAY = {"message", "timer", "signal", "conditional"}


def check_elements(found: Findings, process: Process) -> None:
    """Each element of a process by itself and by its neighbours."""
    _extensions(found, process.itself)
    _scope(found, process, "start")


def _scope(found: Findings, scope: Scope, starts: str) -> None:
    _links(found, scope)
    for element in scope.elements.values():
        _executed(found, element, starts)
        _extensions(found, element)
        _boundary(found, scope, element)
        if element.is_gateway or element.default is not None or element.type in ACTIVITY_TYPES:
            _outgoing(found, scope, element)
        if element.type == "eventBasedGateway":
            _event_gateway(found, scope, element)
        check = _CHECKS.get(element.type)
        if check is not None:
            check(found, element)
        if element.scope is not None:
            _scope(found, element.scope, "event subprocess" if element.is_event_subprocess else "subprocess")


def _executed(found: Findings, element: Element, starts: str) -> None:
    """Refuse what is not executed, rather than run it as something else."""
    if element.type in _REFUSED_TYPES:
        reason, help = _REFUSED_TYPES[element.type]
        found.add(element, "refused", f"{called(element)} is not executed: {reason}.", help)
    unplayed = not_played(element)
    if unplayed is not None:
        found.add(element, "refused", f"{called(element)} is not executed: {unplayed[0]}.", unplayed[1])
    elif element.type == "adHocSubProcess":
        _ad_hoc(found, element)
    if done_by_nobody(element):
        kind = f"{_article(words(element.type))} {words(element.type)}"
        message = f"{called(element)} has a task type, which is not read there: no operation does {kind}."
        found.warn(element, "unknown-extension", message, "Make it a service task, or delete its task definition.")
    if element.instantiates:
        _begins(found, element, starts)
    if element.event is None or element.type in ("receiveTask", "sendTask"):
        return
    kind = element.event.kind
    place = starts if element.type == "startEvent" else element.type
    if kind == "multiple":
        _several(found, element, element.event, place)
        return
    if kind == "conditional" and place == "start":
        message = f"{called(element)} is not executed: outside an instance there are no variables to make it true."
        found.add(element, "refused", message, "Use a message, signal or timer start event, and an exclusive gateway behind it.")
        return
    if kind not in _LEGAL_EVENTS[place] and not (place == "event subprocess" and kind == "none"):
        where = {"start": "A process", "subprocess": "A subprocess", "event subprocess": "An event subprocess"}.get(place)
        what = f"{where} cannot begin with" if where else "There is no"
        allowed = ", ".join(sorted(_LEGAL_EVENTS[place]))
        message = f"{called(element)} is misplaced: {what} {_article(kind)} {kind} {words(element.type)}."
        found.add(element, "event-misplaced", message, f"It can be: {allowed}.")
    if kind in _ALWAYS_INTERRUPT and not element.interrupting:
        message = f"{called(element)} does not interrupt, but {_ALWAYS_INTERRUPT[kind]}."
        found.add(element, "event-misplaced", message, "Make it interrupting, or use an escalation.")


def _ad_hoc(found: Findings, element: Element) -> None:
    """An ad-hoc subprocess runs the elements of a list; without one it would be for people to say what runs when (10.3.5)."""
    reason = ""
    if not element.ext.active_elements:
        reason, help = "nothing says which of its elements run", "Fill in the collection of active elements, a list of ids."
    elif element.ext.task_type:
        reason, help = "a job worker would have to say which of its elements run", "Fill in the collection of active elements."
    elif element.ext.collected or element.ext.collected_element:
        reason, help = "what its elements give is not collected", "Let each of them set a variable of its own."
    elif element.completion_condition and element.attributes.get("cancelRemainingInstances", "").strip() in ("false", "0"):
        reason, help = "its condition could not end it while others of its elements run", "Let it cancel remaining instances."
    elif element.scope is not None and (element.scope.start_events or not element.scope.implicit_starts):
        reason, help = "it has start events, or no element that could be chosen", "Leave tasks that no flow leads to, and what follows."
    if reason:
        found.add(element, "refused", f"{called(element)} is not executed: {reason}.", help)


def _begins(found: Findings, element: Element, starts: str) -> None:
    """A receive task may begin an instance of its process, if nothing else leads to it (10.3.3.3)."""
    if element.type != "receiveTask":
        message = f"{called(element)} begins an instance by itself, which is not executed: tools differ in which of its events do."
        found.add(element, "refused", message, "Use several message start events.")
    elif starts != "start" or element.incoming or element.loop is not None:
        why = "in a subprocess" if starts != "start" else "but a flow leads to it" if element.incoming else "but runs several times"
        found.add(element, "event-misplaced", f"{called(element)} begins an instance, {why}.", "Use a message start event.")


def _several(found: Findings, element: Element, event: EventDefinition, place: str) -> None:
    """An event with several triggers: catching, the first to happen counts (10.5.2)."""
    why = ""
    if event.parallel:
        why = "that all of its triggers have happened is not kept"
    elif place in ("intermediateThrowEvent", "endEvent"):
        why = "nothing says in what order it throws"
    else:
        wrong = sorted({part.kind for part in event.parts} - (_SEVERAL & _LEGAL_EVENTS[place]))
        why = f"{_article(wrong[0])} {wrong[0]} trigger cannot be one of several" if wrong else ""
    if why:
        found.add(element, "refused", f"{called(element)} is not executed: {why}.", "Draw one event for each trigger.")


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


def _extensions(found: Findings, element: Element) -> None:
    """Of two extensions of one kind only the last would be read, of a kind nobody knows, or at another place, none."""
    _read(found, element, element.ext)
    for name in dict.fromkeys(element.ext.present):
        if name in READ_AT and element.type not in READ_AT[name]:
            message = f"{called(element)} has the extension zeebe:{name}, which is not read there: {_belongs(READ_AT[name])}."
            found.warn(element, "unknown-extension", message, "Delete it, or put it where it is read.")
    for event in element.events:
        _read(found, element, event.ext)
        for name in dict.fromkeys(event.ext.present):
            if name not in _READ_AT_EVENTS.get(event.kind, _ANYWHERE):
                message = f"{called(element)} has the extension zeebe:{name} in its event definition, where it is not read."
                found.warn(element, "unknown-extension", message, "Delete it, or put it at the event itself.", line=event.line)
    if element.performer:
        message = f"{called(element)} says who does it by BPMN's {element.performer}, which is not read."
        help = "Fill in an assignee, candidate groups or candidate users in the modeler, or put it in a lane."
        found.warn(element, "no-assignment", message, help)


def _read(found: Findings, element: Element, ext: Zeebe) -> None:
    """What is there twice, or is not known."""
    for other in ext.other:
        if other.name.startswith(_ZEEBE):
            message = f"{called(element)} has the extension zeebe:{other.name.removeprefix(_ZEEBE)}, which is not read."
            found.warn(element, "unknown-extension", message, "Delete it, or draw what it is to do.", line=other.line)
    for name in ext.unread:
        message = f"{called(element)} has {name}, which is not read."
        found.warn(element, "unknown-extension", message, "Delete it, or draw what it is to do.")
    _foreign(found, element, ext)
    for name in dict.fromkeys(ext.repeated):
        if name == "userTaskForm":
            continue  # a process may hold several forms, one for each task
        message = f"{called(element)} has the extension zeebe:{name} more than once."
        found.add(element, "repeated-extension", message, "Delete all but one in the XML, or choose its settings anew in a modeler.")
    for name in dict.fromkeys(ext.same_names):
        message = f"{called(element)} has the {name} more than once: the last one counts."
        found.warn(element, "repeated-extension", message, "Leave the one that is meant.")


def _foreign(found: Findings, element: Element, ext: Zeebe) -> None:
    """What another engine would do: its words are not read, and nobody would see that from the diagram."""
    names = [*ext.attributes, *(other.name for other in ext.other)]
    for space, (prefix, help) in _DIALECTS.items():
        said = [name.removeprefix(f"{{{space}}}") for name in names if name.startswith(f"{{{space}}}")]
        said = [f"{prefix}:{name}" for name in dict.fromkeys(said) if name not in _IDLE]
        if said:
            more = f" and {len(said) - 3} more" if len(said) > 3 else ""
            message = f"{called(element)} has {', '.join(said[:3])}{more}, of another engine, which is not read."
            found.warn(element, "unknown-extension", message, help)


def _belongs(places: frozenset[str]) -> str:
    return f"it belongs to {' or '.join(sorted(words(place) for place in places))}" if places else "it belongs to what is inside of it"


def _boundary(found: Findings, scope: Scope, element: Element) -> None:
    if element.type != "boundaryEvent":
        return
    host = scope.elements.get(element.attached_to or "")
    if host is None:
        what = f"there is no {element.attached_to!r} beside it" if element.attached_to else "it names no activity"
        found.add(element, "boundary-unattached", f"{called(element)} is attached to nothing: {what}.", "Put it on a task or subprocess.")
    elif not host.is_activity or host.is_event_subprocess:
        message = f'{called(element)} is attached to the {words(host.type)} "{host.name or host.id}", which cannot carry one.'
        found.add(element, "boundary-unattached", message, "Put it on a task, subprocess or call activity.")


def _outgoing(found: Findings, scope: Scope, element: Element) -> None:
    """Conditions and defaults of the flows that leave an element (10.6.2, 13.4)."""
    flows = scope.outgoing(element.id)
    if element.default is not None and element.default not in element.outgoing:
        message = f"The default flow {element.default!r} of {the(element)} does not leave it."
        found.add(element, "default-flow", message, "Choose one of its own flows as the default.")
    choosing = element.type in ("exclusiveGateway", "inclusiveGateway")
    for flow in flows:
        is_default = flow.id == element.default
        if choosing and len(flows) > 1 and flow.condition is None and not is_default:
            message = f"{flow_called(flow, scope)} has no condition and is not the default of {the(element)}."
            found.add(flow, "unconditional-flow", message, "Give it a condition, or make it the default flow.")
        if flow.condition is not None and not scope.reads(flow):
            why = "it is the default" if is_default else f"it leaves a {words(element.type)}"
            found.warn(flow, "condition-ignored", f"The condition of the {flow_called(flow, scope)[4:]} is not read: {why}.", "Remove it.")


def _event_gateway(found: Findings, scope: Scope, element: Element) -> None:
    """An event-based gateway waits for what stands behind each of its flows (10.6.6)."""
    if element.outgoing and len(element.outgoing) < 2:
        found.warn(element, "event-gateway", f"{called(element)} has one way only.", "Add a second event, or remove the gateway.")
    for flow in scope.outgoing(element.id):
        target = scope.elements.get(flow.target)
        if target is None:
            continue
        waits = target.type in ("intermediateCatchEvent", "receiveTask") and target.kind in (*_AFTER_EVENT_GATEWAY, "multiple")
        if not waits:
            message = f'{called(element)} leads to "{target.name or target.id}", which waits for no message, timer, signal or condition.'
            found.add(element, "event-gateway", message, "Put a catch event or receive task behind each of its flows.")
        elif len(target.incoming) > 1:
            message = f'{called(element)} leads to "{target.name or target.id}", which other flows lead to as well.'
            found.add(element, "event-gateway", message, "Let only the gateway lead there.")
        elif target.type == "receiveTask" and scope.boundaries(target.id):
            message = f'{called(element)} leads to the receive task "{target.name or target.id}", which has boundary events.'
            found.add(element, "event-gateway", message, "Use an intermediate catch event, and the timer as another way.")


def _links(found: Findings, scope: Scope) -> None:
    """Link throw and catch events pair by name within a scope (10.5.5.8)."""
    catches: dict[str, list[Element]] = {}
    for element in scope.elements.values():
        if element.kind == "link" and element.event is not None and element.type == "intermediateCatchEvent":
            if not element.event.link_name:
                found.add(element, "link", f"{called(element)} has no link name.", "Give the pair of events the same link name.")
            catches.setdefault(element.event.link_name or "", []).append(element)
    for name, several in catches.items():
        for element in several[1:]:
            message = f"{called(element)} is a second catch event for the link {name!r}."
            found.add(element, "link", message, "Give it another link name: a link leads to one place.")
    for element in scope.elements.values():
        if element.kind == "link" and element.event is not None and element.type == "intermediateThrowEvent":
            if element.event.link_name not in catches:
                message = f"{called(element)} throws the link {element.event.link_name or ''!r}, which nothing beside it catches."
                found.add(element, "link", message, "Add a link catch event with the same link name.")


def _job(found: Findings, element: Element) -> None:
    if not element.ext.task_type:
        help = "Choose an operation (element template) or fill in the type of its task definition."
        found.add(element, "no-task-type", f"{called(element)} names no operation: it has no task type.", help)


def _send(found: Findings, element: Element) -> None:
    if element.event is None:
        _job(found, element)


def _one_of(found: Findings, element: Element, what: str) -> None:
    message = f"{called(element)} has a task type and {what}, of which only one could be meant."
    found.add(element, "repeated-extension", message, "Choose in the modeler how it is done; delete the other.")


def _decision(found: Findings, element: Element) -> None:
    if element.ext.task_type:
        if element.ext.called_decision:
            _one_of(found, element, "calls a decision")
        return
    if not element.ext.called_decision:
        help = "Fill in the id of a decision of a .dmn file."
        found.add(element, "no-decision", f"{called(element)} calls no decision.", help)
    elif not element.ext.result_variable:
        help = "Fill in the result variable."
        found.add(element, "no-result-variable", f"{called(element)} puts the result of its decision nowhere.", help)


def _script(found: Findings, element: Element) -> None:
    if element.ext.task_type:
        if element.ext.script:
            _one_of(found, element, "a FEEL expression")
        return
    if not element.ext.script:
        foreign = " Its script is not FEEL in a zeebe:script." if element.script else ""
        help = "Fill in a FEEL expression and a result variable."
        found.add(element, "no-script", f"{called(element)} has no FEEL expression.{foreign}", help)
    elif element.script:
        message = f"{called(element)} has a script of BPMN besides its FEEL expression; only the expression runs."
        found.warn(element, "no-script", message, "Delete the script.")
    if not element.ext.script:
        return
    if not element.ext.result_variable:
        found.add(element, "no-result-variable", f"{called(element)} puts its result nowhere.", "Fill in the result variable.")


def _call(found: Findings, element: Element) -> None:
    if not (element.ext.called_process or element.called_element):
        help = "Fill in the id of the called process."
        found.add(element, "no-called-process", f"{called(element)} calls no process.", help)
    elif element.ext.called_process and element.called_element and element.ext.called_process != element.called_element:
        both = f"{element.ext.called_process!r} by zeebe:calledElement and {element.called_element!r} by its attribute calledElement"
        found.add(element, "repeated-extension", f"{called(element)} calls {both}.", "Leave the one that is meant.")


def _loop(found: Findings, element: Element) -> None:
    loop = element.loop
    if loop is None or loop.kind == "standard":
        return
    if loop.input_collection is None and loop.cardinality is None:
        message = f"{called(element)} runs several times, but over nothing: it has no input collection."
        found.add(element, "loop-collection", message, "Fill in the list it runs over.", line=loop.line)
    if (loop.output_collection is None) != (loop.output_element is None):
        missing = "output element" if loop.output_element is None else "output collection"
        message = f"{called(element)} collects results, but has no {missing}."
        found.add(element, "loop-output", message, "Fill in both, or neither.", line=loop.line)


_OWN: dict[str, Callable[[Findings, Element], None]] = {
    "serviceTask": _job,
    "sendTask": _send,
    "businessRuleTask": _decision,
    "scriptTask": _script,
    "callActivity": _call,
}


def _activity(found: Findings, element: Element) -> None:
    own = _OWN.get(element.type)
    if own is not None:
        own(found, element)
    _loop(found, element)


_CHECKS: dict[str, Callable[[Findings, Element], None]] = dict.fromkeys(ACTIVITY_TYPES, _activity)
