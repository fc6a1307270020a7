"""Business rule tasks on real models: what they import, and what happens where no rule matches."""

from __future__ import annotations

from typing import Any

import pytest
from driving import HEAD, element, flows, process, user

from amends.engine import Engine

MODEL = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="{0}" name="{0}" namespace="urn:{0}">{1}</definitions>'
TABLE = """<inputData id="amount" name="amount"><variable name="amount"/></inputData>
<decision id="level" name="level"><variable name="level" typeRef="string"/>
<informationRequirement><requiredInput href="#amount"/></informationRequirement><decisionTable hitPolicy="FIRST">
<input><inputExpression typeRef="number"><text>amount</text></inputExpression></input><output/>
<rule><inputEntry><text>&gt; 100</text></inputEntry><outputEntry><text>"board"</text></outputEntry></rule></decisionTable></decision>"""
IMPORT = '<import name="{0}" namespace="urn:base" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"{1}/>'
ASKS = """<decision id="asks" name="asks"><variable name="asks"/><informationRequirement><requiredDecision href="urn:base#level"/>
</informationRequirement><literalExpression><text>"the " + {0}level</text></literalExpression></decision>"""


@pytest.fixture
def engine(database_url: str, clock: Any) -> Any:
    engine = Engine(database_url, clock=clock)
    yield engine
    engine.close()


def started(engine: Engine, decision: str, models: dict[str, str], **variables: Any) -> str:
    """An instance that asks a decision of these models, and then waits."""
    rule = element("businessRuleTask", "r", ext=f'<zeebe:calledDecision decisionId="{decision}" resultVariable="told"/>')
    files = {name: text.encode() for name, text in models.items()}
    files["package.toml"] = b'[package]\nname = "x"\nversion = "1"\n'
    files["p.bpmn"] = HEAD.format(process(element("startEvent", "s") + rule + user("z") + flows("s>r", "r>z"))).encode()
    engine.deploy(files)
    return engine.start("p", variables, actor="jo")


@pytest.mark.parametrize(
    ("name", "location"),
    [("base", ' locationURI="models/base.dmn"'), ("base", ""), ("", ""), ("base", ' locationURI="elsewhere.dmn"')],
)
def test_a_decision_may_import_another_model_of_its_package(engine: Engine, name: str, location: str) -> None:
    """Found by the file's name or by its namespace, with a name or without one, when it is checked and when it runs."""
    asks = MODEL.format("asks", IMPORT.format(name, location) + ASKS.format(f"{name}." if name else ""))
    models = {"decisions/asks.dmn": asks, "models/base.dmn": MODEL.format("base", TABLE), "models/empty.dmn": MODEL.format("empty", "")}
    assert engine.instance(started(engine, "asks", models, amount=500)).variables["told"] == "the board"


def test_a_table_that_must_hit_and_does_not_is_an_incident_that_shows_its_inputs(engine: Engine) -> None:
    """Nobody decides by accident: the process waits, and says which rule is missing, or why an input has no value."""
    models = {"base.dmn": MODEL.format("base", TABLE)}
    for variables, word in (({"amount": 5}, "No rule of level matches amount = 5."), ({"amount": "five"}, 'amount is "five"')):
        instance = engine.instance(started(engine, "level", models, **variables))
        assert instance.state == "incident"
        assert word in engine.incidents()[-1].message
