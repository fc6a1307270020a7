"""What `check` costs beside reading the same diagram with lxml and SpiffWorkflow's parser, and how it grows."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser

from amends.engine.definitions import check
from amends.engine.services import operations
from amends.forms import Forms

MOST_TIMES_READING = 10
NOISE = 1.25
"""What a measurement on a busy machine may be off."""
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">'
)
USER = (
    '<userTask id="{0}" name="Task {0}"><extensionElements><zeebe:userTask/><zeebe:assignmentDefinition candidateGroups="handler"/>'
    '<zeebe:ioMapping><zeebe:input source="=amount + 1" target="more"/><zeebe:output source="=more" target="amount"/></zeebe:ioMapping>'
    "</extensionElements></userTask>"
)
SERVICE = (
    '<serviceTask id="{0}" name="Job {0}"><extensionElements><zeebe:taskDefinition type="elsewhere"/></extensionElements></serviceTask>'
)


class Drawing:
    """A process drawn block by block: sequences, choices, parallel blocks, loops and boundary timers."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.drawn: list[str] = []
        self.flows = self.elements = 0

    def add(self, text: str, element_id: str) -> str:
        self.parts.append(text)
        self.drawn.append(
            f'<bpmndi:BPMNShape bpmnElement="{element_id}"><dc:Bounds x="{self.elements * 10}" y="0" width="100" height="80"/>'
            "</bpmndi:BPMNShape>"
        )
        self.elements += 1
        return element_id

    def new(self, text: str) -> str:
        name = f"e{self.elements}"
        return self.add(text.format(name), name)

    def flow(self, source: str, target: str, condition: str = "") -> str:
        self.flows += 1
        inner = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        self.parts.append(f'<sequenceFlow id="f{self.flows}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>')
        points = '<di:waypoint x="0" y="0"/><di:waypoint x="9" y="0"/>'
        self.drawn.append(f'<bpmndi:BPMNEdge bpmnElement="f{self.flows}">{points}</bpmndi:BPMNEdge>')
        return f"f{self.flows}"

    def block(self, at: str, number: int) -> str:
        """The next block behind an element; the element that ends it."""
        kind = number % 5
        if kind == 0:
            first, second = self.new(USER), self.new(SERVICE)
            self.flow(at, first)
            self.flow(first, second)
            return second
        if kind in (1, 2):
            tag = "exclusiveGateway" if kind == 1 else "parallelGateway"
            split, one, two, join = (self.new(text) for text in (f'<{tag} id="{{0}}"/>', USER, SERVICE, f'<{tag} id="{{0}}"/>'))
            self.flow(at, split)
            conditions = ("=amount &gt; 10", "=amount &lt;= 10") if kind == 1 else ("", "")
            for way, condition in zip((one, two), conditions, strict=True):
                self.flow(split, way, condition)
                self.flow(way, join)
            return join
        if kind == 3:
            join, task = self.new('<exclusiveGateway id="{0}"/>'), self.new(USER)
            again = self.new('<exclusiveGateway id="{0}"/>')
            self.flow(at, join)
            self.flow(join, task)
            self.flow(task, again)
            self.flow(again, join, "=again = true")
            end = self.new(SERVICE)
            self.flow(again, end, "=again = false")
            return end
        task = self.new(USER)
        timer = "<timerEventDefinition><timeDuration>P10D</timeDuration></timerEventDefinition>"
        late = self.new(f'<boundaryEvent id="{{0}}" attachedToRef="{task}" cancelActivity="false">{timer}</boundaryEvent>')
        stop = self.new('<endEvent id="{0}"/>')
        self.flow(at, task)
        self.flow(late, stop)
        return task

    def deep(self, at: str, number: int, depth: int) -> str:
        """A block inside so many subprocesses, behind an element."""
        name = f"sub{number}_{depth}"
        self.parts.append(f'<subProcess id="{name}">')
        begin = self.new('<startEvent id="{0}"/>')
        end = self.deep(begin, number, depth - 1) if depth else self.block(begin, number)
        self.flow(end, self.new('<endEvent id="{0}"/>'))
        self.parts.append("</subProcess>")
        self.drawn.append(f'<bpmndi:BPMNShape bpmnElement="{name}"><dc:Bounds x="0" y="0" width="100" height="80"/></bpmndi:BPMNShape>')
        self.elements += 1
        self.flow(at, name)
        return name

    def text(self) -> bytes:
        plane = f'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p">{"".join(self.drawn)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
        return f'{HEAD}<process id="p" isExecutable="true">{"".join(self.parts)}</process>{plane}</definitions>'.encode()


def drawing(elements: int, nested: bool = False) -> bytes:
    """A diagram of about so many elements, and not fewer; `nested`: in subprocesses, ten deep again and again."""
    made = Drawing()
    at = made.new('<startEvent id="{0}"/>')
    number = 0
    while made.elements < elements - 1:
        at = made.deep(at, number, 10) if nested else made.block(at, number)
        number += 1
    made.flow(at, made.new('<endEvent id="{0}"/>'))
    return made.text()


def read(body: bytes) -> Any:
    """What the bar compares with: lxml, and SpiffWorkflow's parser down to its spec."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(body), filename="p.bpmn")
    return parser.get_spec("p")


def checked(body: bytes) -> Any:
    return check({"p.bpmn": body}, Forms(), operations())


def cost(work: Callable[[bytes], Any], body: bytes) -> float:
    """Milliseconds of processor time of one run."""
    gc.collect()
    begin = time.process_time()
    work(body)
    return (time.process_time() - begin) * 1000


def test_a_check_costs_at_most_ten_times_reading() -> None:
    """300 elements: against lxml and SpiffWorkflow's parser, run in turns."""
    body = drawing(300)
    assert {problem.code for problem in checked(body)} == {"unknown-operation"}
    pairs = [(cost(checked, body), cost(read, body)) for _ in range(9)]
    ours, theirs = statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
    print(f"\n300 elements: check {ours:.1f} ms, lxml and SpiffWorkflow's parser {theirs:.1f} ms, {ours / theirs:.2f} times")
    assert ours <= MOST_TIMES_READING * theirs


@pytest.mark.parametrize("nested", [False, True], ids=["in a row", "nested"])
def test_a_check_grows_no_faster_than_n_log_n(nested: bool) -> None:
    """Up to 5,000 elements, in a long process and in subprocesses; the least of several runs, so that other work does not count."""
    bodies = {size: drawing(size, nested) for size in (300, 1000, 2500, 5000)}
    found = dict.fromkeys(bodies, math.inf)
    for _ in range(5):
        for size, body in bodies.items():
            found[size] = min(found[size], cost(checked, body))
    grown = {size: spent / (size * math.log(size)) for size, spent in found.items()}
    for size, spent in found.items():
        print(f"\n{size} elements: {spent:.0f} ms, {grown[size] / grown[300]:.2f} of what n log n makes of 300", end="")
    assert all(grown[size] <= NOISE * grown[300] for size in bodies)
