"""What a DMN document says, as plain data: no behaviour, no references resolved, every element with its id and line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Element:
    """Anything in the document that a problem or a matched rule can point at."""

    id: str = ""
    line: int = 0


@dataclass(kw_only=True)
class Expression(Element):
    """A boxed expression (DMN 1.5, 7.2); `type_ref` is the type it declares, empty for none."""

    type_ref: str = ""


@dataclass(kw_only=True)
class Literal(Expression):
    """A literal expression: FEEL text, or text in another language, which is refused."""

    text: str
    language: str = ""


@dataclass(kw_only=True)
class Variable(Element):
    """A name with a declared type: of a decision, a context entry, a parameter, a binding."""

    name: str
    type_ref: str = ""


@dataclass(kw_only=True)
class ContextEntry(Element):
    """One row of a boxed context; the row without a variable is its result."""

    variable: Variable | None
    value: Expression | None


@dataclass(kw_only=True)
class Context(Expression):
    entries: list[ContextEntry]


@dataclass(kw_only=True)
class Binding(Element):
    parameter: Variable
    value: Expression | None


@dataclass(kw_only=True)
class Invocation(Expression):
    function: Expression | None
    bindings: list[Binding]


@dataclass(kw_only=True)
class ListOf(Expression):
    items: list[Expression | None]


@dataclass(kw_only=True)
class Relation(Expression):
    columns: list[Variable]
    rows: list[list[Expression | None]]


@dataclass(kw_only=True)
class Function(Expression):
    """A boxed function; `kind` is FEEL, Java or PMML, and only FEEL is evaluated."""

    kind: str
    parameters: list[Variable]
    body: Expression | None


@dataclass(kw_only=True)
class Conditional(Expression):
    condition: Expression | None
    then: Expression | None
    otherwise: Expression | None


@dataclass(kw_only=True)
class Filter(Expression):
    source: Expression | None
    match: Expression | None


@dataclass(kw_only=True)
class Iteration(Expression):
    """A boxed for, some or every; `kind` says which."""

    kind: str
    variable: str
    source: Expression | None
    body: Expression | None


@dataclass(kw_only=True)
class Cell(Element):
    """The text of an input or output entry, of allowed values, of a default output."""

    text: str
    language: str = ""
    type_ref: str = ""


@dataclass(kw_only=True)
class InputClause(Element):
    """A column of conditions: the expression tested, its declared type, the values it may have."""

    label: str
    expression: Literal | None
    allowed: Cell | None


@dataclass(kw_only=True)
class OutputClause(Element):
    """A column of results; `name` is empty in a table with a single output."""

    name: str
    label: str
    type_ref: str
    allowed: Cell | None
    default: Cell | None


@dataclass(kw_only=True)
class Rule(Element):
    inputs: list[Cell]
    outputs: list[Cell]
    annotations: list[str]


@dataclass(kw_only=True)
class Table(Expression):
    """A decision table (DMN 1.5, 8); `hit_policy` is U A P F R O C C+ C< C> or C#."""

    hit_policy: str
    inputs: list[InputClause]
    outputs: list[OutputClause]
    rules: list[Rule]
    annotation_names: list[str]
    output_label: str = ""


@dataclass(kw_only=True)
class ItemDefinition(Element):
    """A named type (DMN 1.5, 7.3.3), or a component of one."""

    name: str
    type_ref: str = ""
    is_collection: bool = False
    allowed: Cell | None = None
    constraint: Cell | None = None
    components: list[ItemDefinition] = field(default_factory=list)
    function: FunctionItem | None = None


@dataclass(kw_only=True)
class FunctionItem(Element):
    parameters: list[Variable]
    output: str


@dataclass(kw_only=True)
class Node(Element):
    """An element of the requirement graph; `variable` carries its name and type where it declares them."""

    name: str
    label: str = ""
    variable: Variable | None = None


@dataclass(kw_only=True)
class InputData(Node):
    pass


@dataclass(kw_only=True)
class Requirement(Element):
    """A reference to another node: `#id`, or `namespace#id` for one that is imported."""

    href: str
    kind: str


@dataclass(kw_only=True)
class Decision(Node):
    requirements: list[Requirement]
    expression: Expression | None
    question: str = ""
    allowed_answers: str = ""


@dataclass(kw_only=True)
class KnowledgeModel(Node):
    requirements: list[Requirement]
    function: Function | None


@dataclass(kw_only=True)
class Service(Node):
    outputs: list[Requirement]
    encapsulated: list[Requirement]
    input_decisions: list[Requirement]
    input_data: list[Requirement]


@dataclass(kw_only=True)
class Import(Element):
    """An import; `name` is None where the document gives none, as in DMN 1.1, and empty where its elements need no prefix."""

    name: str | None
    namespace: str
    location: str
    kind: str


@dataclass(kw_only=True)
class Definitions(Element):
    """One document; `prefixes` are its XML namespace prefixes, which DMN 1.1 type references use."""

    name: str
    namespace: str
    version: str
    language: str
    prefixes: dict[str, str]
    imports: list[Import]
    types: list[ItemDefinition]
    inputs: list[InputData]
    decisions: list[Decision]
    knowledge: list[KnowledgeModel]
    services: list[Service]

    def nodes(self) -> list[Node]:
        """Every element of the requirement graph, in document order within each kind."""
        return [*self.inputs, *self.decisions, *self.knowledge, *self.services]
