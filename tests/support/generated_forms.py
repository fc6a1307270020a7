"""Forms made up by a seed: every component type of form-js, with rules, conditions and data that keep them or break them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

OPTIONS = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}, {"label": "Three", "value": 3}]
SHOWN: list[dict[str, Any]] = [
    {"type": "text", "text": "# Words\n\nAbout {{n}} things."},
    {"type": "html", "content": "<p>Words <b>in bold</b></p>"},
    {"type": "image", "source": "data:image/gif;base64,R0lGODlhAQABAAAAACw=", "alt": "A dot"},
    {"type": "table", "label": "Rows", "dataSource": "=people", "columns": [{"key": "name", "label": "Name"}], "rowCount": 5},
    {"type": "documentPreview", "label": "Papers", "dataSource": "=papers"},
    {"type": "iframe", "label": "Elsewhere", "url": "https://example.org/"},
    {"type": "separator"},
    {"type": "spacer", "height": 20},
    {"type": "button", "label": "Send", "action": "submit"},
]
TEXTS = ["", "a", "ab", "abcd", "AB12", "12", "x y z", "a@b.de", "+493066404090", "Straße 7", "two\nlines"]
NUMBERS = [None, 0, 1, 2, 3, 3.25, -4, 1000000]
DATES = [None, "2026-03-27", "2024-02-29", "1999-12-31"]
TIMES = [None, "12:30", "00:00", "23:59"]
MOMENTS = [None, "2026-03-27T14:30", "1999-12-31T00:00"]
CONDITIONS = ["=n > 2", "=n = 1", "=true", "=false", "=n > 1 and n < 3", "=missing = null", '=word = "x"']
SINGLE = ("textfield", "number", "radio", "select", "checkbox")
ON_AN_ANSWER = ["=k0 = 1", '=k0 = "a"', "=k0 = null", "=k0 != null"]


@dataclass(frozen=True)
class Made:
    """A form's components, and what somebody answers."""

    components: list[dict[str, Any]]
    data: dict[str, Any]


class Maker:
    """Makes one form; everything it decides comes from its seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.data: dict[str, Any] = {"n": self.random.choice([1, 2, 3]), "word": self.random.choice(["x", "y"])}
        self.data["people"] = [{"name": "Ada"}]
        self.number = 0
        self.conditions = CONDITIONS

    def form(self) -> Made:
        """Some inputs, some of them in groups, at times a dynamic list, and something to look at between them."""
        components = [self.input(self.data)]
        # Conditions on an answer that is always there: what a hidden one still says, and a list against a word, form-js sees otherwise.
        if components[0]["type"] in SINGLE and not {"conditional", "disabled"} & set(components[0]):
            self.conditions = CONDITIONS + ON_AN_ANSWER
        components += [self.input(self.data) for _ in range(self.random.randint(0, 3))]
        if self.chance(0.5):
            components.append(self.group())
        if self.chance(0.35):
            components.append(self.rows())
        if self.chance(0.35):
            components.append(self.expression())
        for shown in self.random.sample(SHOWN, self.random.randint(0, 3)):
            components.insert(self.random.randint(0, len(components)), {**shown, "id": self.identity("S")})
        return Made(components, self.data)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def identity(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    # -- what holds others
    def group(self) -> dict[str, Any]:
        path = f"g{self.number}" if self.chance(0.5) else None
        data = self.data.setdefault(path, {}) if path else self.data
        made: dict[str, Any] = {"type": "group", "id": self.identity("G"), "label": "Group", "showOutline": True}
        made["components"] = [self.input(data) for _ in range(self.random.randint(1, 3))]
        return self.conditional({**made, "path": path} if path else made)

    def rows(self) -> dict[str, Any]:
        inner = [
            {"type": "textfield", "id": "R1", "key": "r", "label": "R", "validate": {"required": True}},
            {"type": "number", "id": "R2", "key": "q", "label": "Q", "validate": {"max": 2}, "conditional": {"hide": '=this.r = "a"'}},
        ]
        rows = [{"r": self.random.choice(TEXTS[:4]), "q": self.random.choice([None, 1, 2, 3])} for _ in range(self.random.randint(1, 3))]
        self.data["rows"] = rows
        return {"type": "dynamiclist", "id": "L", "path": "rows", "label": "List", "components": inner, "defaultRepetitions": 1}

    # -- inputs
    def input(self, data: dict[str, Any]) -> dict[str, Any]:
        kinds = (self.text, self.area, self.amount, self.moment, self.box, self.single, self.several, self.picked)
        key = f"k{self.number}"
        made, value = self.random.choice(kinds)()
        if value is not ...:
            data[key] = value
        rules = made.setdefault("validate", {})
        if self.chance(0.4):
            rules["required"] = True
        made |= {"id": self.identity("C"), "key": key}
        if made["type"] != "datetime":
            made["label"] = f"Label {key}"
        if self.chance(0.08):
            made["disabled"] = True
        return self.conditional(made)

    def conditional(self, made: dict[str, Any]) -> dict[str, Any]:
        return {**made, "conditional": {"hide": self.random.choice(self.conditions)}} if self.chance(0.25) else made

    def text(self) -> tuple[dict[str, Any], Any]:
        rules: dict[str, Any] = {}
        for rule, value in (
            ("minLength", self.random.choice([1, 3])),
            ("maxLength", self.random.choice([3, 4])),
            ("pattern", self.random.choice(["^[A-Z]{2}[0-9]*$", "a|b", "[0-9]+"])),
        ):
            if self.chance(0.25):
                rules[rule] = value
        if self.chance(0.3):
            rules["validationType"] = self.random.choice(["email", "phone"])
        return {"type": "textfield", "validate": rules}, self.random.choice([text for text in TEXTS if "\n" not in text])

    def area(self) -> tuple[dict[str, Any], Any]:
        rules = {"minLength": 2} if self.chance(0.3) else {"maxLength": 3} if self.chance(0.3) else {}
        return {"type": "textarea", "validate": rules}, self.random.choice(TEXTS)

    def amount(self) -> tuple[dict[str, Any], Any]:
        rules: dict[str, Any] = {}
        if self.chance(0.3):
            rules["min"] = self.random.choice([0, 2, "=n"])
        if self.chance(0.3):
            rules["max"] = self.random.choice([3, 100, "=n + 1"])
        made: dict[str, Any] = {"type": "number", "validate": rules}
        if self.chance(0.2):
            made["serializeToString"] = True
        return made, self.random.choice(NUMBERS)

    def moment(self) -> tuple[dict[str, Any], Any]:
        subtype, values = self.random.choice([("date", DATES), ("time", TIMES), ("datetime", MOMENTS)])
        made: dict[str, Any] = {"type": "datetime", "subtype": subtype, "dateLabel": "Date", "timeLabel": "Time", "timeInterval": 15}
        if subtype != "date":
            made["timeSerializingFormat"] = "none"
        return made, self.random.choice(values)

    def box(self) -> tuple[dict[str, Any], Any]:
        return {"type": "checkbox"}, self.random.choice([True, False])

    def single(self) -> tuple[dict[str, Any], Any]:
        return self.choices(self.random.choice(["radio", "select"])), self.random.choice([None, "a", "b", 3])

    def several(self) -> tuple[dict[str, Any], Any]:
        return self.choices(self.random.choice(["checklist", "taglist"])), self.random.choice([[], ["a"], ["a", "b", 3]])

    def choices(self, kind: str) -> dict[str, Any]:
        """Options written down, taken from the data by a key, or computed."""
        way = self.random.choice(["values", "valuesKey", "valuesExpression"])
        if way == "values":
            return {"type": kind, "values": OPTIONS}
        self.data["offered"] = OPTIONS
        return {"type": kind, way: "offered" if way == "valuesKey" else "=offered"}

    def picked(self) -> tuple[dict[str, Any], Any]:
        """No file: a browser lets nobody but a person choose one, so with one there is a test of its own."""
        return {"type": "filepicker", "multiple": self.chance(0.5), "accept": ".png"}, ...

    def expression(self) -> dict[str, Any]:
        formula = self.random.choice(["=n + 1", '="n is " + string(n)', "=[n, n * 2]", "=if n > 1 then word else null"])
        return {"type": "expression", "id": self.identity("E"), "key": f"e{self.number}", "expression": formula, "computeOn": "change"}


def made_up(seed: int) -> Made:
    """The form of a seed."""
    return Maker(seed).form()
