"""The same form accepts the same data here and in form-js, whose verdicts on generated forms are recorded beside this file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amends.engine.errors import Invalid

from .support import made

CASES = json.loads((Path(__file__).parent / "form_js.json").read_text(encoding="utf-8"), parse_float=Decimal)["cases"]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_what_form_js_accepts_is_accepted(case: dict[str, Any]) -> None:
    """The same fields are refused; where none is, the same data is submitted."""
    form = made(*case["components"])
    assert form.problems == []
    answers = {key: value for key, value in case["data"].items() if key != "n"}
    try:
        submitted = form.validate(answers, context=case["data"])
    except Invalid as error:
        assert sorted(error.fields) == case["refused"]
    else:
        assert (case["refused"], submitted) == ([], case["submitted"])


def test_both_verdicts_are_there() -> None:
    """The recorded cases are not all of one kind."""
    refused = sum(bool(case["refused"]) for case in CASES)
    assert (len(CASES), 20 < refused < 80) == (100, True)


@pytest.mark.parametrize(("amount", "hidden"), [(None, True), (3, False), (7, True)])
def test_a_condition_without_a_value_hides(amount: int | None, hidden: bool) -> None:
    """form-js takes null, as of `amount > 5` without an amount, for a condition that holds."""
    form = made(
        {"type": "number", "key": "amount", "id": "a", "label": "Amount"},
        {"type": "textfield", "key": "x", "id": "x", "label": "X", "conditional": {"hide": "=amount > 5"}},
    )
    assert form.render({"amount": amount}).fields[1].hidden is hidden
