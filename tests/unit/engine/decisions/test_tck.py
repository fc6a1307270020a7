"""The part of the public DMN TCK that lies beside the repository: every case is answered as expected, every model checks clean."""

import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from amends.engine.decisions import check_model, load
from amends.engine.feel import FeelError, evaluate

KIT = Path(__file__).parents[5] / "shared" / "tck"
FOLDERS = sorted(KIT.glob("compliance-level-*/*")) if KIT.is_dir() else []
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
TEMPORAL = {"date": "date", "dateTime": "date and time", "time": "time", "duration": "duration"}

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the DMN TCK is not beside the repository (../shared/tck)")


def children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str) and etree.QName(child).localname == name]


def value(node: etree._Element) -> Any:
    """The value that an input or an expectation of the kit stands for."""
    for group in children(node, "list"):
        return None if group.get(NIL) == "true" else [value(item) for item in children(group, "item")]
    if parts := children(node, "component"):
        return {part.get("name"): value(part) for part in parts}
    for leaf in children(node, "value"):
        if leaf.get(NIL) == "true":
            return None
        kind, text = (leaf.get(TYPE) or "string").split(":")[-1], leaf.text or ""
        if kind in ("decimal", "double", "integer", "int"):
            return decimal.Decimal(text.strip())
        if kind == "boolean":
            return text.strip() == "true"
        return evaluate(f'{TEMPORAL[kind]}("{text.strip()}")', {}) if kind in TEMPORAL else text
    return None


def same(got: Any, want: Any) -> bool:
    """Equal, numbers to eight digits."""
    if isinstance(want, decimal.Decimal):
        return isinstance(got, decimal.Decimal) and abs(got - want) <= decimal.Decimal("1e-8") * max(1, abs(want))
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(same(got[key], want[key]) for key in want)
    return type(got) is type(want) and bool(got == want)


def wrong(folder: Path) -> Iterator[str]:
    """The cases of a folder that are not answered as expected."""
    for file in sorted(folder.glob("*.xml")):
        root = etree.parse(file).getroot()
        model = load(folder / (children(root, "modelName")[0].text or "").strip())
        for case in children(root, "testCase"):
            inputs = {node.get("name"): value(node) for node in children(case, "inputNode")}
            for result in children(case, "resultNode"):
                want = value(children(result, "expected")[0])
                name = case.get("invocableName") or result.get("name")
                try:
                    good = same(model.evaluate(name, inputs), want)
                except FeelError:
                    good = False
                if not good:
                    yield f"{case.get('id')} {name}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_case_is_answered_as_expected(folder: Path) -> None:
    """Every result of every case has the type and value that the kit expects."""
    assert list(wrong(folder)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_models_of_the_kit_check_without_an_error(folder: Path) -> None:
    """The check finds no error in a model that is right."""
    for file in folder.glob("*.dmn"):
        assert [str(problem) for problem in check_model(file) if problem.severity == "error"] == []
