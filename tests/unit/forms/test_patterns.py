"""A pattern from a form is bounded, and means what it means in form-js."""

from __future__ import annotations

import time

import pytest

from amends.forms.patterns import compile_pattern, is_email, is_phone, matches


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        (r"^\d+$", "12", True),
        (r"^\d+$", "12\n", False),
        (r"^\d+$", "\u0661\u0662", False),
        (r"^[a$]+$", "a$", True),
        (r"^a\$$", "a$", True),
        (r"^(?<year>\d{4})$", "2026", True),
        (r"^\w+$", "é", False),
    ],
)
def test_a_pattern_is_javascripts(pattern: str, text: str, match: bool) -> None:
    """Unanchored, ASCII classes, and `$` only at the very end (ECMAScript, RegExp)."""
    assert matches(compile_pattern(pattern), text) is match


def test_a_pattern_that_takes_too_long_is_stopped() -> None:
    """A form cannot hang a page with a pattern (CWE-1333)."""
    started = time.monotonic()
    assert matches(compile_pattern(r"^(\w+\s?)*(\w+\d?)*\(\1x$"), "a " * 3000 + "!") is not True
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("a@b.de", True),
        ("a+b@c-d.org", True),
        ("a@b", True),
        ("a@", False),
        ("@b", False),
        ("a b@c.de", False),
        ("a@b..de", False),
        ("a@b.de\n", False),
        ("a" * 250 + "@b.de", False),
    ],
)
def test_an_address_is_what_browsers_take_for_one(text: str, valid: bool) -> None:
    """The WHATWG syntax that form-js checks."""
    assert is_email(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("+493066404090", True),
        ("0049 30 / 66 40 40 90", True),
        ("+44 (0)808 157 0192", True),
        ("030 123456", False),
        ("+12", False),
        ("+", False),
        ("+49abc1234567", False),
    ],
)
def test_a_phone_number_has_its_country_code(text: str, valid: bool) -> None:
    """International, as form-js demands, with the signs people write between digits."""
    assert is_phone(text) is valid
