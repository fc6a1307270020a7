"""Files broken at random: whatever a file says, the check comes to an end and names an element or a line, and what to do."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from amends.engine.definitions import check
from amends.engine.services import operations
from amends.forms import Forms

REPOSITORY = Path(__file__).resolve().parents[4]
TEXTS = ("", "x", "=1 +", "=true", "R/P1D", "0", "-1", "ü", "a b", "{}", "=" + "(" * 60, "=a.b.c", "99999999999", "2026-99-99", "P")
ENDS = ("sourceRef", "targetRef", "attachedToRef", "default", "id", "messageRef")
MUTANTS = 150


def mutate(root: etree._Element, chance: random.Random) -> None:
    """Take away, double, rename, or misdirect a few things."""
    everything = [element for element in root.iter() if isinstance(element.tag, str)]
    for element in everything:
        if element.get("isExecutable") == "false" and chance.random() < 0.7:
            element.set("isExecutable", "true")
    for _ in range(chance.randint(1, 6)):
        element, other = chance.choice(everything), chance.choice(everything)
        parent, names = element.getparent(), sorted(map(str, element.attrib))
        match chance.randint(0, 6):
            case 0 if parent is not None:
                parent.remove(element)
            case 1 if names:
                del element.attrib[chance.choice(names)]
            case 2 if names:
                element.set(chance.choice(names), chance.choice(TEXTS))
            case 3:
                element.append(copy.deepcopy(other))
            case 4:
                element.text = chance.choice(TEXTS)
            case 5:
                element.tag = other.tag
            case _:
                element.set(chance.choice(ENDS), other.get("id") or "")


BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
WIDE = (
    "9" * 5_000, "1e400", "=1e6144", "=10 ** 6000", "１２", "²", "\u202e", "n" * 70_000, "=" + "[" * 2_000,
    "=" + "not(" * 300 + "x" + ")" * 300,
    "9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "P999999999Y", "R999999999/P1D", "0 0 0 31 2 *",
    "@yearly", "+5", " 5 ", "INF", "TRUE", "==", "=//", "=settings", "=clocks.a.b", '=@"9999-12-31" + @"P9999D"',
    "R/9999-12-31T23:59:59Z/P1D",
)  # fmt: skip
ENCODINGS = (
    "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "ascii", "cp1252", "utf-7", "cp037", "shift_jis", "iso-2022-jp", "gb18030",
)  # fmt: skip
DEFINITIONS = (
    "timerEventDefinition", "errorEventDefinition", "signalEventDefinition", "linkEventDefinition", "compensateEventDefinition",
    "conditionalEventDefinition", "cancelEventDefinition", "terminateEventDefinition", "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics",
)  # fmt: skip


def mix(root: etree._Element, chance: random.Random) -> None:
    """Exchange what elements say, move them to other parents, put them deep, and say numbers beyond all bounds."""
    for element in root.iter(BPMN + "process"):
        element.set("isExecutable", "true")
    for _ in range(chance.randint(1, 8)):
        everything = [element for element in root.iter() if isinstance(element.tag, str)]
        one, other = chance.choice(everything), chance.choice(everything)
        names, others = sorted(map(str, one.attrib)), sorted(map(str, other.attrib))
        parent, apart = one.getparent(), other not in list(one.iter())
        match chance.randint(0, 8):
            case 0 if names and others:
                mine, its = chance.choice(names), chance.choice(others)
                one.attrib[mine], other.attrib[its] = other.attrib[its], one.attrib[mine]
            case 1 if parent is not None and apart:
                other.append(one)
            case 2 if parent is not None and apart and other is not root:
                other.addprevious(one)
            case 3 if names:
                one.set(chance.choice(names), chance.choice(WIDE))
            case 4:
                one.text = chance.choice(WIDE)
            case 5 if parent is not None:
                place, inner = parent.index(one), one
                for depth in range(chance.choice([1, 3, 60])):
                    around = etree.Element(BPMN + "subProcess", id=f"deep{depth}_{chance.random()}")
                    around.append(inner)
                    inner = around
                parent.insert(place, inner)
            case 6:
                one.tag, other.tag = other.tag, one.tag
            case 7:
                one.text, other.text = other.text, one.text
            case _:
                one.append(etree.Element(BPMN + chance.choice(DEFINITIONS)))


@pytest.mark.parametrize("seed", range(3))
def test_a_diagram_whose_parts_are_mixed_is_told_where_it_is_broken(seed: int, shared: Path) -> None:
    """Alone or in a package, in any encoding, rightly or wrongly labelled; no message goes on for ever."""
    chance = random.Random(seed)  # noqa: S311 - to repeat what was found
    files = [*sorted((shared / "interchange").glob("*.bpmn")), *sorted((REPOSITORY / "processes").rglob("*.bpmn"))]
    roots = [etree.parse(path).getroot() for path in files]
    forms, known = Forms(), operations()
    for _ in range(MUTANTS):
        root = copy.deepcopy(chance.choice(roots))
        mix(root, chance)
        body = etree.tostring(root)
        if chance.random() < 0.2:
            label = f'<?xml version="1.0" encoding="{chance.choice(ENCODINGS)}"?>'
            body = (label + etree.tostring(root, encoding="unicode")).encode(chance.choice(ENCODINGS), "replace")
        package = {"package.toml": b'[package]\nname = "a"\nversion = "1"\n', "b.bpmn": etree.tostring(chance.choice(roots))}
        problems = check({"a.bpmn": body, **(package if chance.random() < 0.5 else {})}, forms, known)
        said = [problem for problem in problems if problem.file != "package.toml"]
        assert [problem for problem in said if not (problem.element_id or problem.line) or not problem.help] == []
        assert max((len(problem.message) for problem in said), default=0) <= 1_000


@pytest.mark.parametrize("seed", range(4))
def test_a_broken_diagram_is_told_where_it_is_broken(seed: int, shared: Path) -> None:
    """No exception, no finding without a place, and no file that takes long."""
    chance = random.Random(seed)  # noqa: S311 - to repeat what was found
    files = [*sorted((shared / "interchange").glob("*.bpmn")), *sorted((REPOSITORY / "processes").rglob("*.bpmn"))]
    roots = [etree.parse(path).getroot() for path in files]
    for _ in range(MUTANTS):
        root = copy.deepcopy(chance.choice(roots))
        mutate(root, chance)
        begin = time.process_time()
        problems = check({"a.bpmn": etree.tostring(root)})
        assert time.process_time() - begin < 5
        assert [problem for problem in problems if not (problem.element_id or problem.line) or not problem.help] == []


VALUES: tuple[Any, ...] = (None, True, 0, -1, 1e308, "", [], {}, [None], {"a": 1}, [[[]]], "=x", "P1D", 10**40)


def mutate_json(whole: Any, chance: random.Random) -> None:
    """Take away and replace a few values."""
    places: list[tuple[Any, Any]] = []
    pending = [whole]
    while pending:
        at = pending.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at))
        places += [(at, key) for key in keys]
        pending += [at[key] for key in keys if isinstance(at[key], dict | list)]
    for at, key in chance.sample(places, min(len(places), chance.randint(1, 4))):
        if isinstance(at, dict):
            at[chance.choice(["id", "type", "values", "validate", "conditional", "properties", key])] = copy.deepcopy(chance.choice(VALUES))
            if chance.random() < 0.3:
                at.pop(key, None)
        else:
            at[key] = copy.deepcopy(chance.choice(VALUES))


@pytest.mark.parametrize("ending", [".form", ".dmn", ".md", ".toml"])
def test_another_broken_file_is_told_where_it_is_broken(ending: str) -> None:
    """Forms, decision tables, letters and manifests as well: their values, their XML, or their bytes."""
    chance = random.Random(10002)  # noqa: S311 - to repeat what was found
    folder = REPOSITORY / "processes" / "iso10002"
    files = [(str(path.relative_to(folder)), path.read_bytes()) for path in sorted(folder.rglob(f"*{ending}"))]
    forms, known = Forms(), operations()
    for _ in range(120):
        name, body = chance.choice(files)
        if ending == ".form" and chance.random() < 0.7:
            whole = json.loads(body)
            mutate_json(whole, chance)
            body = json.dumps(whole).encode()
        elif ending == ".dmn" and chance.random() < 0.7:
            root = etree.fromstring(body)
            mutate(root, chance)
            body = etree.tostring(root)
        else:
            at = chance.randrange(len(body))
            body = body[:at] + chance.choice(TEXTS).encode() + body[at + chance.randint(0, 9) :]
        problems = check({name if ending == ".toml" else Path(name).name: body}, forms, known)
        assert [problem for problem in problems if not (problem.element_id or problem.line) or not problem.help] == []
