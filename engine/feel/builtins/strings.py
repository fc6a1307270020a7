"""String functions (DMN 1.5, 10.3.4.3, table 74)."""

from __future__ import annotations

import base64
import uuid
from decimal import Decimal
from typing import Any

from amends.engine.feel import patterns
from amends.engine.feel.builtins.registry import define
from amends.engine.feel.numbers import whole
from amends.engine.feel.run import Run
from amends.engine.feel.values import Fault


@define("substring", "string:string, start position:number, length:number?")
def substring(run: Run, text: str, start: Decimal, length: Decimal | None = None) -> str:
    position = whole(start)
    if position == 0 or abs(position) > len(text):
        raise Fault(f"The text has {len(text)} characters and none at {position}")
    begin = position - 1 if position > 0 else len(text) + position
    if length is None:
        return text[begin:]
    if whole(length) < 1:
        raise Fault("The length is not above 0")
    return text[begin : begin + whole(length)]


@define("string length", "string:string")
def string_length(run: Run, text: str) -> Decimal:
    return Decimal(len(text))


@define("upper case", "string:string")
def upper_case(run: Run, text: str) -> str:
    return text.upper()


@define("lower case", "string:string")
def lower_case(run: Run, text: str) -> str:
    return text.lower()


@define("substring before", "string:string, match:string")
def substring_before(run: Run, text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@define("substring after", "string:string, match:string")
def substring_after(run: Run, text: str, match: str) -> str:
    if not match:
        return text
    return text.partition(match)[2]


@define("contains", "string:string, match:string")
def contains(run: Run, text: str, match: str) -> bool:
    return match in text


@define("starts with", "string:string, match:string")
def starts_with(run: Run, text: str, match: str) -> bool:
    return text.startswith(match)


@define("ends with", "string:string, match:string")
def ends_with(run: Run, text: str, match: str) -> bool:
    return text.endswith(match)


@define("matches", "input:string, pattern:string, flags:string?")
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool:
    return patterns.matches(run.meter, text, pattern, flags or "")


@define("replace", "input:string, pattern:string, replacement:string, flags:string?")
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    return patterns.replace(run.meter, text, pattern, replacement, flags or "")


@define("split", "string:string, delimiter:string")
def split(run: Run, text: str, delimiter: str) -> list[str]:
    return patterns.split(run.meter, text, delimiter)


@define("string join", "list:list, delimiter:string?")
def string_join(run: Run, items: list[Any], delimiter: str | None = None) -> str:
    texts = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in texts):
        raise Fault("string join takes a list of strings")
    between = delimiter or ""
    run.meter.text(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@define("string join", "list:list, delimiter:string?, prefix:string, suffix:string")
def string_join_framed(run: Run, items: list[Any], delimiter: str | None, prefix: str, suffix: str) -> str:
    return f"{prefix}{string_join(run, items, delimiter)}{suffix}"


@define("is blank", "string:string", ours=True)
def is_blank(run: Run, text: str) -> bool:
    return not text.strip()


@define("trim", "string:string", ours=True)
def trim(run: Run, text: str) -> str:
    return text.strip()


@define("extract", "string:string, pattern:string", ours=True)
def extract(run: Run, text: str, pattern: str) -> list[str]:
    return patterns.extract(run.meter, text, pattern)


@define("to base64", "value:string", ours=True)
def to_base64(run: Run, text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


@define("uuid", ours=True)
def new_uuid(run: Run) -> str:
    return str(uuid.uuid4())
