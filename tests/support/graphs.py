"""Random diagrams that are no blocks: any element, any event at its border, flows that cross, skip and go back."""

from __future__ import annotations

import random

from driving import element, flows, message_definition, process, user

DECLARED = (
    message_definition("m1", "=key")
    + '<bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
    + '<bpmn:escalation id="es" name="up" escalationCode="U"/>'
)
CALLED = process(element("startEvent", "qs") + user("qt") + element("endEvent", "qe") + flows("qs>qt", "qt>qe"), "q")
_JOB = '<zeebe:taskDefinition type="job"/>'
_TASKS = {
    "userTask": "<zeebe:userTask/>",
    "serviceTask": _JOB,
    "sendTask": _JOB,
    "businessRuleTask": _JOB,
    "scriptTask": '<zeebe:script expression="=1" resultVariable="c"/>',
    "callActivity": '<zeebe:calledElement processId="q"/>',
    "receiveTask": "",
    "task": "",
    "manualTask": "",
}
_TIMERS = (("timeDuration", "PT1H"), ("timeDate", "2026-03-05T09:00:00Z"), ("timeDuration", "=duration(&quot;P1D&quot;)"))
_CONDITIONS = ("a", "b", "not(a)", "c > 1", "a and b")


class Grapher:
    """Draws one process. Whether it is right is for `check` to say."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.numbers = 0

    def draw(self) -> str:
        """The whole file's inside: what is declared, the process `p`, and one that it may call."""
        return DECLARED + process(self.scope(2, "process")) + CALLED

    def name(self, what: str) -> str:
        self.numbers += 1
        return f"{what}{self.numbers}"

    def event(self, kind: str) -> str:
        if kind == "none":
            return ""
        if kind == "timer":
            tag, text = self.dice.choice(_TIMERS)
            return (
                f'<bpmn:timerEventDefinition><bpmn:{tag} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{tag}></bpmn:timerEventDefinition>'
            )
        if kind == "conditional":
            text = self.dice.choice(("a", "c &gt; 1", "true"))
            return f"<bpmn:conditionalEventDefinition><bpmn:condition>={text}</bpmn:condition></bpmn:conditionalEventDefinition>"
        refers = {"message": 'messageRef="m_m1"', "signal": 'signalRef="sg"', "error": 'errorRef="er"', "escalation": 'escalationRef="es"'}
        return f"<bpmn:{kind.replace('compensation', 'compensate')}EventDefinition {refers.get(kind, '')}/>"

    def listener(self) -> str:
        if self.dice.random() > 0.08:
            return ""
        event = self.dice.choice(("start", "end"))
        return f'<zeebe:executionListeners><zeebe:executionListener eventType="{event}" type="heard"/></zeebe:executionListeners>'

    def loop(self) -> str:
        chance = self.dice.random()
        if chance < 0.8:
            return ""
        if chance > 0.95:
            condition = "<bpmn:loopCondition>=a</bpmn:loopCondition>"
            return f'<bpmn:standardLoopCharacteristics loopMaximum="3">{condition}</bpmn:standardLoopCharacteristics>'
        over, done = self.dice.choice(("[1,2]", "[]", "xs")), "<bpmn:completionCondition>=a</bpmn:completionCondition>"
        return (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{self.dice.choice(("true", "false"))}"><bpmn:extensionElements>'
            f'<zeebe:loopCharacteristics inputCollection="={over}" inputElement="i" outputCollection="out" outputElement="=i"/>'
            f"</bpmn:extensionElements>{self.dice.choice(('', done))}</bpmn:multiInstanceLoopCharacteristics>"
        )

    def scope(self, depth: int, kind: str) -> str:
        """What a process or subprocess holds: elements in a row, and flows from each to the next, ahead and back."""
        begin = self.dice.choice(("message", "timer", "signal", "error", "escalation", "conditional")) if kind == "event" else "none"
        interrupting = "true" if begin == "error" else self.dice.choice(("true", "false"))
        first = self.name("start")
        nodes: list[tuple[str, str]] = [("start", first)]
        xml = element("startEvent", first, self.event(begin), self.listener(), isInterrupting=interrupting if kind == "event" else "true")
        borders: list[str] = []
        for _ in range(self.dice.randint(1, 5)):
            xml += self.one(depth, kind, nodes, borders)
        last = self.name("end")
        nodes.append(("end", last))
        return xml + element("endEvent", last) + self.ways(nodes, borders)

    def one(self, depth: int, kind: str, nodes: list[tuple[str, str]], borders: list[str]) -> str:
        """One element more, with what is at its border."""
        what = self.dice.choice(("task", "task", "gateway", "gateway", "catch", "throw", "sub", "end"))
        name = self.name(what)
        if what == "task" or (what == "sub" and depth == 0):
            tag = self.dice.choice(list(_TASKS))
            nodes.append(("activity", name))
            made = element(
                tag, name, self.loop(), _TASKS[tag] + self.listener(), **({"messageRef": "m_m1"} if tag == "receiveTask" else {})
            )
            return made + self.border(name, borders)
        if what == "gateway":
            nodes.append((self.dice.choice(("exclusive", "exclusive", "parallel", "inclusive", "eventBased")), name))
            return ""
        if what == "catch":
            nodes.append(("event", name))
            trigger = self.event(self.dice.choice(("message", "timer", "signal", "conditional", "none")))
            return element("intermediateCatchEvent", name, trigger, self.listener())
        if what == "throw":
            nodes.append(("event", name))
            thrown = self.dice.choice(("none", "message", "signal", "escalation", "compensation"))
            return element("intermediateThrowEvent", name, self.event(thrown), (_JOB if thrown == "message" else "") + self.listener())
        if what == "end":
            nodes.append(("end", name))
            ends = ["none", "message", "signal", "error", "escalation", "terminate", "compensation"] + ["cancel"] * (kind == "transaction")
            thrown = self.dice.choice(ends)
            return element("endEvent", name, self.event(thrown), _JOB if thrown == "message" else "")
        if self.dice.random() < 0.25:
            return element("subProcess", name, self.scope(depth - 1, "event"), triggeredByEvent="true")
        tag = self.dice.choice(("subProcess", "subProcess", "transaction"))
        nodes.append(("activity", name))
        made = element(tag, name, self.scope(depth - 1, tag) + (self.loop() if tag == "subProcess" else ""), self.listener())
        return made + self.border(name, borders, tag == "transaction")

    def border(self, host: str, borders: list[str], transaction: bool = False) -> str:
        if self.dice.random() > 0.3 and not transaction:
            return ""
        kind = self.dice.choice(("message", "timer", "signal", "error", "escalation", "conditional", "compensation"))
        kind, name = ("cancel" if transaction else kind), self.name("border")
        cancels = "true" if kind in ("error", "cancel", "compensation") else self.dice.choice(("true", "false"))
        made = element("boundaryEvent", name, self.event(kind), attachedToRef=host, cancelActivity=cancels)
        if kind != "compensation":
            borders.append(name)
            return made
        undo = element("userTask", f"undo_{name}", ext="<zeebe:userTask/>", isForCompensation="true")
        return f'{made}{undo}<bpmn:association id="to_{name}" sourceRef="{name}" targetRef="undo_{name}"/>'

    def ways(self, nodes: list[tuple[str, str]], borders: list[str]) -> str:
        """Flows, and the gateways themselves, which have to know their default."""
        xml, known = "", set[tuple[str, str]]()

        def way(source: str, target: str, condition: str = "") -> None:
            nonlocal xml
            if (source, target) not in known:
                known.add((source, target))
                xml += flows(f"{source}>{target}" + (f": {condition}" if condition else ""))

        for number, (kind, name) in enumerate(nodes):
            later = [other for _, other in nodes[number + 1 :]]
            if kind == "end":
                continue
            if kind == "eventBased":
                xml += element("eventBasedGateway", name)
                for _ in range(2):
                    catch = self.name("catch")
                    xml += element(
                        "intermediateCatchEvent", catch, self.event(self.dice.choice(("message", "timer", "signal", "conditional")))
                    )
                    way(name, catch)
                    way(catch, self.dice.choice(later))
                continue
            chooses = kind in ("exclusive", "inclusive")
            if chooses or kind == "parallel":
                xml += element(f"{kind}Gateway", name, ext=self.listener(), **({"default": f"{name}_{later[0]}"} if chooses else {}))
            way(name, later[0])
            for _ in range(self.dice.choice((1, 1, 2)) if chooses or kind == "parallel" else int(self.dice.random() < 0.1)):
                way(name, self.dice.choice(later), self.dice.choice(_CONDITIONS) if chooses else "")
            if kind == "exclusive" and self.dice.random() < 0.2:
                way(name, self.dice.choice([other for _, other in nodes[1:]]), self.dice.choice(_CONDITIONS))
        for name in borders:
            way(name, self.dice.choice([other for _, other in nodes[1:]]))
        return xml
