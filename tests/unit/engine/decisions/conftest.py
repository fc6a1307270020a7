"""Small DMN documents, written by the tests themselves."""

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

import pytest

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
Dmn = Callable[..., bytes]


def document(*parts: str, namespace: str = NAMESPACE, name: str = "model", target: str = "urn:model") -> bytes:
    """A document of these elements."""
    return f'<definitions xmlns="{namespace}" name="{name}" namespace="{target}" id="d">{"".join(parts)}</definitions>'.encode()


def requirement(*names: str) -> str:
    """Requirements of inputs (`i:name`), decisions (`d:name`) and knowledge (`k:name`)."""
    found = []
    for name in names:
        kind, _, target = name.partition(":")
        group, element = {
            "i": ("informationRequirement", "requiredInput"),
            "d": ("informationRequirement", "requiredDecision"),
            "k": ("knowledgeRequirement", "requiredKnowledge"),
        }[kind]
        found.append(f"<{group}><{element} href={quoteattr('#' + target)}/></{group}>")
    return "".join(found)


def inputs(**kinds: str) -> str:
    """Input data with types; the id is the name."""
    return "".join(f'<inputData id="{n}" name="{n}"><variable name="{n}" typeRef="{k}"/></inputData>' for n, k in kinds.items())


def decision(name: str, body: str, *requires: str, kind: str = "") -> str:
    """A decision with this boxed expression; a body that is no XML is a literal expression."""
    if not body.lstrip().startswith("<"):
        body = literal(body)
    variable = f"<variable name={quoteattr(name)}" + (f' typeRef="{kind}"/>' if kind else "/>")
    return f"<decision id={quoteattr(name)} name={quoteattr(name)}>{variable}{requirement(*requires)}{body}</decision>"


def literal(text: str) -> str:
    """A literal expression."""
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table(
    policy: str,
    columns: Sequence[str],
    rules: Sequence[Sequence[str]],
    outputs: Sequence[str] = ("out",),
    kinds: Sequence[str] = (),
    allowed: Sequence[str] = (),
    output_values: Sequence[str] = (),
    defaults: Sequence[str] = (),
    annotations: Sequence[str] = (),
    aggregation: str = "",
) -> str:
    """A decision table: each rule is its input cells and then its output cells."""
    parts = [f'<decisionTable id="t" hitPolicy="{policy}"' + (f' aggregation="{aggregation}">' if aggregation else ">")]
    for i, column in enumerate(columns):
        kind = f' typeRef="{kinds[i]}"' if i < len(kinds) and kinds[i] else ""
        values = f"<inputValues><text>{escape(allowed[i])}</text></inputValues>" if i < len(allowed) and allowed[i] else ""
        parts.append(f"<input><inputExpression{kind}><text>{escape(column)}</text></inputExpression>{values}</input>")
    for i, output in enumerate(outputs):
        name = f" name={quoteattr(output)}" if len(outputs) > 1 else ""
        values = (
            f"<outputValues><text>{escape(output_values[i])}</text></outputValues>" if i < len(output_values) and output_values[i] else ""
        )
        default = (
            f"<defaultOutputEntry><text>{escape(defaults[i])}</text></defaultOutputEntry>" if i < len(defaults) and defaults[i] else ""
        )
        parts.append(f"<output{name}>{values}{default}</output>")
    for number, rule in enumerate(rules, 1):
        parts.append(f'<rule id="r{number}">')
        parts += [f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[: len(columns)]]
        parts += [f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in rule[len(columns) :]]
        if annotations:
            parts.append(f"<annotationEntry><text>{escape(annotations[number - 1])}</text></annotationEntry>")
        parts.append("</rule>")
    return "".join(parts) + "</decisionTable>"


class Build:
    """The builders above, by name."""

    document = staticmethod(document)
    requirement = staticmethod(requirement)
    inputs = staticmethod(inputs)
    decision = staticmethod(decision)
    literal = staticmethod(literal)
    table = staticmethod(table)

    @staticmethod
    def one_table(policy: str, columns: Sequence[str], rules: Sequence[Sequence[str]], **options: object) -> bytes:
        """A document with one table, `result`, over input data of any type named as its columns."""
        data = inputs(**dict.fromkeys(columns, "Any"))
        return document(data, decision("result", table(policy, columns, rules, **options), *(f"i:{c}" for c in columns)))  # type: ignore[arg-type]


@pytest.fixture
def build() -> type[Build]:
    """Builders of DMN documents."""
    return Build
