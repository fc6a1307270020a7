"""What a BPMN file says, as plain data: every diagram that is checked, compiled or shown is read into this first.

Expressions are kept as they are written: a text that begins with `=` is FEEL, anything else is a literal, except for the
conditions of flows, which are FEEL either way. `expression` and `is_feel` tell them apart in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from amends.engine.definitions.problems import Problem

EVENT_TYPES = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
GATEWAY_TYPES = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
TASK_TYPES = frozenset({"task", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "manualTask"})
SUBPROCESS_TYPES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITY_TYPES = TASK_TYPES | SUBPROCESS_TYPES | {"callActivity"}


def is_feel(text: str | None) -> bool:
    """Whether a text is a FEEL expression by the dialect's rule: it begins with `=`."""
    return text is not None and text.lstrip().startswith("=")


def listed(text: str | None) -> frozenset[str]:
    """What a text names that is a list with commas."""
    return frozenset(part.strip() for part in (text or "").split(",") if part.strip())


def expression(text: str) -> str:
    """The FEEL in a text, without its leading `=`."""
    stripped = text.strip()
    return stripped[1:].strip() if stripped.startswith("=") else stripped


@dataclass(frozen=True, slots=True)
class Assignment:
    """One input or output mapping: the value of `source` becomes the variable `target` (a name or a dotted path)."""

    source: str
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Listener:
    """An execution or task listener: at `event` (start, end, creating, completing, …) a job of `type` runs, with headers of its own."""

    event: str
    type: str
    retries: str | None
    line: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension element nobody here knows, kept as data: `name` is `{namespace}local`."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Extension, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Zeebe:
    """The `zeebe:` extensions of an element; texts as written, None where absent.

    `bindings` holds the binding type (latest, deployment, versionTag) and `version_tags` its tag by what is bound: form,
    decision, process. `other` are extension elements of other vendors, `attributes` their attributes on the element;
    `present` names all extensions of the dialect that are there, `repeated` those that are there more than once, `same_names` headers
    and properties that are, `unread` attributes of known ones that nobody reads.
    """

    task_type: str | None = None
    retries: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Assignment, ...] = ()
    outputs: tuple[Assignment, ...] = ()
    user_task: bool = False
    assignee: str | None = None
    candidate_groups: str | None = None
    candidate_users: str | None = None
    due_date: str | None = None
    follow_up_date: str | None = None
    priority: str | None = None
    form_id: str | None = None
    form_key: str | None = None
    external_reference: str | None = None
    called_decision: str | None = None
    result_variable: str | None = None
    script: str | None = None
    active_elements: str | None = None
    collected: str | None = None
    collected_element: str | None = None
    called_process: str | None = None
    propagate_all_child: bool = True
    propagate_all_parent: bool = True
    message_id: str | None = None
    message_ttl: str | None = None
    message_correlation_key: str | None = None
    publishes: bool = False
    filter_names: str | None = None
    filter_events: str | None = None
    version_tag: str | None = None
    template: str | None = None
    bindings: Mapping[str, str] = field(default_factory=dict)
    version_tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    execution_listeners: tuple[Listener, ...] = ()
    task_listeners: tuple[Listener, ...] = ()
    other: tuple[Extension, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    same_names: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


MOST_INSTANCES = 5_000
"""How often a multi-instance activity may run."""
MOST_TIMES = 1_000_000
"""How often a job is tried, whatever larger number is written."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How often an activity runs: multi-instance `parallel` or `sequential`, or a `standard` loop.

    `behavior` says when instances throw events; All: never. For a standard loop `condition` says whether to go on,
    `maximum` bounds it and `test_before` says when it is asked.
    """

    kind: str
    input_collection: str | None = None
    input_element: str | None = None
    output_collection: str | None = None
    output_element: str | None = None
    completion_condition: str | None = None
    cardinality: str | None = None
    condition: str | None = None
    maximum: str | None = None
    test_before: bool = False
    behavior: str = "All"
    line: int = 0


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """What an event catches or throws.

    `kind` is none, message, timer, signal, error, escalation, terminate, link, compensation, conditional, cancel or
    multiple; of the last, `parts` are the single ones. `ref` is the id the diagram refers to (None: it refers to nothing),
    `ref_name` the message's, signal's, error's or escalation's name (or operation's for none), `code` the error's or
    escalation's code. A catching error or escalation without a `code` catches all. A compensation throw is about one `activity`, or
    all of its scope, and `waits` until it is undone.
    """

    kind: str
    ref: str | None = None
    ref_name: str | None = None
    code: str | None = None
    correlation_key: str | None = None
    timer_kind: str | None = None
    text: str | None = None
    condition: str | None = None
    link_name: str | None = None
    activity: str | None = None
    waits: bool = True
    parallel: bool = False
    parts: tuple[EventDefinition, ...] = ()
    ext: Zeebe = field(default_factory=Zeebe)
    line: int = 0

    @property
    def each(self) -> tuple[EventDefinition, ...]:
        """The single definitions: itself, or the parts of one that is multiple."""
        return self.parts or (self,)


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. `condition` is as written; `source` and `target` are element ids, empty where the file has none."""

    id: str
    name: str
    source: str
    target: str
    condition: str | None
    line: int
    language: str | None = None
    documentation: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One event, activity or gateway.

    `type` is the BPMN tag (`userTask`, `startEvent`, …). `incoming` and `outgoing` are the ids of the flows that really lead
    here and away, in document order of the flows; `declared_incoming` and `declared_outgoing` are what the element itself
    says. An ad-hoc subprocess has a `completion_condition`, or ends with its last element. Events have an `event`, always; so do
    receive and send tasks that name a message. `lane` is the innermost lane's name, `performer` the tag by which BPMN itself says who
    does a task.
    """

    id: str
    name: str
    type: str
    line: int
    scope_id: str
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    declared_incoming: tuple[str, ...] = ()
    declared_outgoing: tuple[str, ...] = ()
    default: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    event: EventDefinition | None = None
    lane: str | None = None
    documentation: str = ""
    ext: Zeebe = field(default_factory=Zeebe)
    loop: Loop | None = None
    scope: Scope | None = None
    triggered_by_event: bool = False
    for_compensation: bool = False
    called_element: str | None = None
    script: str | None = None
    completion_condition: str | None = None
    performer: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_event_subprocess(self) -> bool:
        """Whether this is a subprocess that its start event, not a flow, begins."""
        return self.triggered_by_event and self.scope is not None

    @property
    def instantiates(self) -> bool:
        """Whether this is a receive task or event-based gateway whose message begins an instance."""
        return self.attributes.get("instantiate", "").strip() in ("true", "1")

    @property
    def is_activity(self) -> bool:
        return self.type in ACTIVITY_TYPES

    @property
    def is_gateway(self) -> bool:
        return self.type in GATEWAY_TYPES

    @property
    def kind(self) -> str:
        """The kind of its event definition; empty for what is no event."""
        return self.event.kind if self.event is not None else ""

    @property
    def events(self) -> tuple[EventDefinition, ...]:
        """Each single thing it catches or throws: several of a multiple event, none of what is no event."""
        return () if self.event is None else self.event.each


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is drawn but not executed: data objects and stores, annotations, groups, associations."""

    id: str
    type: str
    name: str
    text: str
    source: str
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: its elements are those it names itself; `depth` is 0 for outer lanes."""

    id: str
    name: str
    elements: tuple[str, ...]
    depth: int
    line: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scope:
    """The elements and flows of one process or subprocess, in document order. `parent_id` is "" for a process."""

    id: str
    parent_id: str = ""
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    artifacts: tuple[Artifact, ...] = ()
    attached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def start_events(self) -> list[Element]:
        """All start events of this scope, in document order."""
        return [element for element in self.elements.values() if element.type == "startEvent"]

    @property
    def none_starts(self) -> list[Element]:
        """The start events that need no trigger."""
        return [element for element in self.start_events if element.kind == "none"]

    @property
    def event_starts(self) -> list[Element]:
        """The start events that a message, timer, signal, … triggers."""
        return [element for element in self.start_events if element.kind != "none"]

    @property
    def implicit_starts(self) -> list[Element]:
        """Elements no flow leads to, which begin when a scope without a start event does (BPMN 2.0, 13.2.1)."""
        return [
            element
            for element in self.elements.values()
            if not element.incoming
            and element.type not in ("startEvent", "boundaryEvent")
            and not element.triggered_by_event
            and not element.for_compensation
            and not element.instantiates
            and not (element.type == "intermediateCatchEvent" and element.kind == "link")
        ]

    @property
    def begins(self) -> list[Element]:
        """Where tokens begin: start events and receive tasks that begin an instance, or what begins where there is neither."""
        begun = [element for element in self.elements.values() if element.instantiates and not element.incoming]
        return [*self.start_events, *begun] or self.implicit_starts

    @property
    def event_subprocesses(self) -> list[Element]:
        """The event subprocesses of this scope itself."""
        return [element for element in self.elements.values() if element.is_event_subprocess]

    def boundaries(self, element_id: str) -> list[Element]:
        """The boundary events on an activity of this scope."""
        return [self.elements[name] for name in self.attached.get(element_id, ())]

    def compensated_by(self, boundary_id: str) -> list[Element]:
        """The activities for compensation that associations connect with a compensation boundary event."""
        ends = [{item.source, item.target} for item in self.artifacts if item.type == "association"]
        names = dict.fromkeys(name for pair in ends if boundary_id in pair for name in pair - {boundary_id})
        found = [self.elements.get(name) for name in names]
        return [element for element in found if element is not None and element.for_compensation]

    def reads(self, flow: Flow) -> bool:
        """Whether the condition of a flow decides anything: not that of a default, nor behind a gateway that does not choose by it."""
        source = self.elements.get(flow.source)
        return source is None or (source.default != flow.id and source.type not in ("parallelGateway", "eventBasedGateway"))

    def outgoing(self, element_id: str) -> list[Flow]:
        """The flows that leave an element, in document order."""
        return [self.flows[name] for name in self.elements[element_id].outgoing]

    def incoming(self, element_id: str) -> list[Flow]:
        """The flows that lead to an element, in document order."""
        return [self.flows[name] for name in self.elements[element_id].incoming]

    def scopes(self) -> Iterator[Scope]:
        """This scope and all below it."""
        yield self
        for element in self.elements.values():
            if element.scope is not None:
                yield from element.scope.scopes()

    def all_elements(self) -> Iterator[Element]:
        """The elements of this scope and of all below it."""
        for scope in self.scopes():
            yield from scope.elements.values()

    def all_flows(self) -> Iterator[Flow]:
        """The flows of this scope and of all below it."""
        for scope in self.scopes():
            yield from scope.flows.values()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Process(Scope):
    """A process of a file; `executable` False means it is documentation."""

    name: str = ""
    executable: bool = False
    lanes: tuple[Lane, ...] = ()
    version_tag: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    documentation: str = ""
    ext: Zeebe = field(default_factory=Zeebe)
    line: int = 0

    @property
    def itself(self) -> Element:
        """The process as what its listeners run before and after."""
        return Element(self.id, self.name, "process", self.line, self.id, ext=self.ext)

    @property
    def started_by(self) -> list[tuple[Element, EventDefinition]]:
        """What starts an instance, and where: each trigger of its start events and of receive tasks that begin it."""
        events = [(element, element.event) for element in self.begins if element.event is not None and element.kind != "none"]
        return [
            (element, part) for element, event in events if element.type == "startEvent" or element.instantiates
            for part in event.each
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """A message, signal, error or escalation a file declares. `code` is for errors and escalations."""

    id: str
    kind: str
    name: str
    code: str | None
    correlation_key: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Participant:
    """A pool: who takes part, and the process it shows (None: a closed pool)."""

    id: str
    name: str
    process_id: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a shape lies on the canvas."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """One BPMN file. `problems` holds what was wrong with reading it; what could be read is here all the same;
    `violations` are those of the schema, which leave nothing unread.

    `shapes` and `edges` say where things are drawn, by the id of what they show.
    """

    file: str
    processes: list[Process] = field(default_factory=list)
    messages: Mapping[str, Declared] = field(default_factory=dict)
    signals: Mapping[str, Declared] = field(default_factory=dict)
    errors: Mapping[str, Declared] = field(default_factory=dict)
    escalations: Mapping[str, Declared] = field(default_factory=dict)
    participants: tuple[Participant, ...] = ()
    message_flows: tuple[Flow, ...] = ()
    shapes: Mapping[str, Bounds | None] = field(default_factory=dict)
    edges: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    exporter: str = ""
    problems: list[Problem] = field(default_factory=list)
    violations: list[Problem] = field(default_factory=list)

    def process(self, process_id: str) -> Process | None:
        """The process of this id, or None."""
        return next((process for process in self.processes if process.id == process_id), None)

    def all_elements(self) -> Iterator[Element]:
        """Every element of every process, subprocesses included."""
        for process in self.processes:
            yield from process.all_elements()
