"""Letters: front matter, body, and the placeholders in both."""

from __future__ import annotations

from stopwatch import took

from amends.engine.definitions.letters import Placeholder, read_letter

LETTER = """---
lang: en
subject: "About {{ reference }}"
---
Dear {{ complaint.name }},

{{ if true
then 1 else 2 }} and {{ last }}
"""


def test_a_letter_has_front_matter_and_a_body() -> None:
    """Entries are read as text, without their quotation marks; the body is all that follows."""
    letter = read_letter(LETTER)
    assert letter.front == {"lang": "en", "subject": "About {{ reference }}"}
    assert (letter.body.splitlines()[0], letter.line) == ("Dear {{ complaint.name }},", 5)


def test_placeholders_know_their_lines() -> None:
    """Each is found once, in the subject and the body, over several lines too."""
    assert read_letter(LETTER).placeholders == [
        Placeholder(" reference ", 3),
        Placeholder(" complaint.name ", 5),
        Placeholder(" if true\nthen 1 else 2 ", 7),
        Placeholder(" last ", 8),
    ]


def test_a_text_without_front_matter_is_all_body() -> None:
    """What does not begin with --- or does not end its front matter has none."""
    assert read_letter("Hello").body == "Hello"
    assert read_letter("---\nsubject: x").front == {}


def test_many_open_braces_cost_no_time() -> None:
    """A text of nothing but opened placeholders is read once, not once for each."""
    text = "{{ " * 300_000
    assert [part.closed for part in read_letter(text).parts()] == [False]
    assert took(lambda: list(read_letter(text).parts()), 1) < 1
