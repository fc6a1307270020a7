"""Imports without a name: what they bring belongs to the importing model itself (DMN 1.5, 6.3.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amends.engine.decisions import check_model, load
from amends.engine.errors import NotFound
from amends.engine.feel import FeelWarning

Models = dict[str, tuple[str, list[str]]]
"""By letter: which others a model imports without a name, and its own elements. The model `a` is the one that is asked."""


def imports(letters: str, name: str = " name=''") -> str:
    """An import of each of these models."""
    kind = "https://www.omg.org/spec/DMN/20230324/MODEL/"
    return "".join(f"<import{name} namespace='urn:{letter}' importType='{kind}'/>" for letter in letters)


def written(build: Any, folder: Path, models: Models) -> Path:
    """The files of these models; the path of `a`."""
    for letter, (imported, parts) in models.items():
        (folder / f"{letter}.dmn").write_bytes(build.document(imports(imported), *parts, target=f"urn:{letter}"))
    return folder / "a.dmn"


def said(build: Any, letter: str) -> str:
    """A decision `fee` that says which model it is of."""
    return str(build.decision("fee", f'"of {letter}"'))


LOGIC = "<encapsulatedLogic><formalParameter name='n'/><literalExpression><text>n * 2</text></literalExpression></encapsulatedLogic>"
KNOWLEDGE = f"<businessKnowledgeModel id='twice' name='twice'><variable name='twice'/>{LOGIC}</businessKnowledgeModel>"
LEVEL = "<itemDefinition name='level'><typeRef>string</typeRef></itemDefinition>"


@pytest.mark.parametrize("way", ["", "m"])
def test_what_is_imported_needs_no_prefix(build: Any, tmp_path: Path, way: str) -> None:
    """Decisions, knowledge models, inputs and types are the model's own, also through a model in between, and it checks clean."""
    data = "<inputData id='_9' name='case level'><variable name='case level' typeRef='Any'/></inputData>"
    needs = "<informationRequirement><requiredInput href='#_9'/></informationRequirement>"
    wanted = "<variable name='own level' typeRef='level'/>"
    asks = f"<decision id='own level' name='own level'>{wanted}{needs}{build.literal('case level')}</decision>"
    own = [build.decision("twice the fee", "twice(fee)", "d:fee", "k:twice"), asks]
    models = {"a": (way or "b", own), "b": ("", [LEVEL, KNOWLEDGE, data, build.decision("fee", "7")])}
    path = written(build, tmp_path, models | ({way: ("b", [])} if way else {}))
    model = load(path)
    warnings: list[FeelWarning] = []
    assert model.evaluate("twice the fee", {}, warnings=warnings) == 14
    assert model.evaluate("own level", {"case level": "high"}, warnings=warnings) == "high"
    assert warnings == []
    assert model.evaluate("own level", {"case level": 5}) is None
    assert [str(problem) for problem in check_model(path)] == []


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"a": "b", "b": "c", "B": "bc"}, "of b"),
        ({"a": "bc", "B": "bc"}, "of b"),
        ({"a": "bc", "B": "c"}, "of c"),
        ({"a": "b", "b": "cd", "B": "cd"}, "of c"),
        ({"a": "bd", "b": "c", "B": "cd"}, "of c"),
        ({"a": "bd", "b": "c", "B": "d"}, "of d"),
        ({"a": "b", "b": "a", "B": "b"}, "of b"),
        ({"a": "b", "b": "c", "c": "b", "B": "c"}, "of c"),
        ({"a": "ab", "B": "b"}, "of b"),
    ],
)
def test_the_nearest_of_one_name_is_taken(build: Any, tmp_path: Path, tree: dict[str, str], expected: str) -> None:
    """A model comes before its imports and a first import, with all it imports, before a second; circles of imports end."""
    models: Models = {}
    for letter in "abcd":
        models[letter] = (tree.get(letter, ""), [said(build, letter)] if letter in tree["B"] else [])
    models["a"][1].append(build.decision("asked", "fee", "d:fee"))
    assert load(written(build, tmp_path, models)).evaluate("asked", {}) == expected


@pytest.mark.parametrize("href", ["#other", "urn:b#other"])
@pytest.mark.parametrize("identifier", ["other", "another"])
def test_a_name_that_is_taken_is_taken_for_the_import_too(build: Any, tmp_path: Path, href: str, identifier: str) -> None:
    """A decision of the import that requires what is defined here anew has it from here, however it refers to it."""
    needs = f"<informationRequirement><requiredDecision href='{href}'/></informationRequirement>"
    inner = f"<decision id='inner' name='inner'><variable name='inner'/>{needs}{build.literal('other')}</decision>"
    here = build.decision("other", '"of a"').replace("id='other'", "").replace('id="other"', f'id="{identifier}"')
    models: Models = {
        "a": ("b", [build.decision("asked", "inner", "d:inner"), here]),
        "b": ("", [inner, build.decision("other", '"of b"')]),
    }
    path = written(build, tmp_path, models)
    assert load(path).evaluate("asked", {}) == "of a"
    assert load(tmp_path / "b.dmn").evaluate("inner", {}) == "of b"


def test_types_and_elements_may_share_a_name(build: Any, tmp_path: Path) -> None:
    """A type of the import is no conflict with a decision of its name, nor a decision of the import with a type or the model itself."""
    models: Models = {
        "a": ("b", [build.decision("level", '"high"', kind="level"), build.decision("asked", "model", "d:model", kind="text"),
                    "<itemDefinition name='model'><typeRef>string</typeRef></itemDefinition>"]),
        "b": ("", [LEVEL, "<itemDefinition name='text'><typeRef>string</typeRef></itemDefinition>", build.decision("model", '"m"')]),
    }  # fmt: skip
    path = written(build, tmp_path, models)
    assert [load(path).evaluate(name, {}) for name in ("level", "asked")] == ["high", "m"]
    assert [str(problem) for problem in check_model(path)] == []


def test_a_model_gives_what_it_imports(build: Any, tmp_path: Path) -> None:
    """A model without elements of its own lists and evaluates those that it imports, by whoever names it too."""
    models: Models = {"a": ("b", []), "b": ("", [build.inputs(x="number"), build.decision("d", "x + 1", "i:x")])}
    path = written(build, tmp_path, models)
    assert [(info.name, [i.name for i in info.inputs]) for info in load(path).decisions] == [("d", ["x"])]
    assert load(path).evaluate("d", {"x": 1}) == 2
    with pytest.raises(NotFound, match="has no decision or service named gone. It has: d"):
        load(path).evaluate("gone", {})
    needs = "<informationRequirement><requiredDecision href='urn:b#d'/></informationRequirement>"
    body = f"<decision id='e' name='e'><variable name='e'/>{needs}{build.literal('base.d')}</decision>"
    (tmp_path / "z.dmn").write_bytes(build.document(imports("a", " name='base'"), body, target="urn:z"))
    assert load(tmp_path / "z.dmn").evaluate("e", {"x": 1}) == 2
    assert load(tmp_path / "z.dmn").evaluate("base.d", {"base": {"x": 1}}) == 2


def test_several_imports_of_dmn_1_1(build: Any, tmp_path: Path) -> None:
    """DMN 1.1 has no names of imports: what is required is found by its namespace and id, even where a name comes twice."""
    version = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
    for letter in "bc":
        document = build.document(said(build, letter), target=f"urn:{letter}", namespace=version)
        (tmp_path / f"{letter}.dmn").write_bytes(document)
    own = []
    for letter in "bc":
        needs = f"<informationRequirement><requiredDecision href='urn:{letter}#fee'/></informationRequirement>"
        variable = "<variable name='fee'/>"
        own.append(f"<decision id='as in {letter}' name='fee'>{variable}{needs}{build.literal('fee')}</decision>")
    (tmp_path / "a.dmn").write_bytes(build.document(imports("bc", ""), *own, target="urn:a", namespace=version))
    model = load(tmp_path / "a.dmn")
    assert [model.evaluate(f"as in {letter}", {}) for letter in "bc"] == ["of b", "of c"]
