"""What is said beside a field that holds what it may not: one place, plain sentences that say what to do."""

from __future__ import annotations

import re
from typing import Any

from amends.forms.texts import say

_ENTER = "Enter {name}"
_SELECT = "Select {name}"

MESSAGES: dict[str, str] = {
    "required.text": _ENTER,
    "required.number": _ENTER,
    "required.datetime": _ENTER,
    "required.choice": _SELECT,
    "required.checkbox": "Select “{Name}” to continue",
    "required.file": "Select a file for “{Name}”",
    "required.list": "Add at least one row to “{Name}”",
    "required.question": "Answer “{Name}”",
    "text.kind": "{Name} must be text",
    "text.control": "{Name} must not include invisible control characters. Type it again",
    "text.short": "{Name} must be {limit} characters or more",
    "text.long": "{Name} must be {limit} characters or fewer",
    "text.pattern": "Enter {name} in the format asked for",
    "text.slow": "{Name} could not be checked. Enter a shorter or simpler text",
    "text.email": "Enter an email address in the correct format, like name@example.com",
    "text.phone": "Enter a phone number with its country code, like +44 808 157 0192",
    "number.kind": "{Name} must be a number, like 30",
    "number.size": "{Name} must be a number with at most 34 digits",
    "number.whole": "{Name} must be a whole number, like 30",
    "number.decimals": "{Name} must have at most {limit} decimal places",
    "number.low": "{Name} must be {limit} or more",
    "number.high": "{Name} must be {limit} or less",
    "number.step": "{Name} must be a multiple of {limit}, like {below} or {above}",
    "checkbox.kind": "“{Name}” must be yes or no",
    "choice.unknown": "Select one of the options for “{Name}”",
    "choice.unknowns": "Select only options listed for “{Name}”",
    "choice.several": "Several of the list for “{Name}” could be meant. Enter more of it",
    "choice.meant": "See whether what is now ticked for “{Name}” is what was meant, and send it again",
    "choice.stands": "See whether what now stands in “{Name}” is what was meant, and send it again",
    "choice.kind": "{Name} must be a list of options",
    "date.parts": "{Name} must include a {parts}",
    "date.real": "{Name} must be a real date, like 27 3 2026",
    "date.past": "{Name} must be today or in the future",
    "date.early": "{Name} must be on or after {limit}",
    "date.late": "{Name} must be on or before {limit}",
    "date.late.today": "{Name} must be today or in the past",
    "time.real": "{Name} must be a real time, like 14:30",
    "time.missing": "{Name} must include a time, like 14:30",
    "time.interval": "{Name} must be a time in steps of {limit} minutes, like {example}",
    "file.kind": "{Name} must be a list of uploaded files",
    "file.one": "Select only one file for “{Name}”",
    "file.accept": "“{file}” must be one of these kinds of file: {limit}",
    "list.kind": "{Name} must be a list of rows",
    "list.row": "Each row of “{Name}” must be a set of fields",
    "list.long": "{Name} must have {limit} rows or fewer",
    "group.kind": "{Name} must be a set of fields",
    "form.kind": "Send the answers as a set of fields",
    "unknown": "This form has no such field. Remove it or correct its name",
}
EXHAUSTED = "The rules of this form took too long for these answers. Send fewer or shorter ones, or tell whoever keeps the form"
SUMMARY = "The form has entries to correct. Each is named beside its field."

_QUOTED = re.compile(r"[“„«]\s?\{Name\}\s?[”“»]")
_FIRST_WORD = re.compile(r"^(\W*)(\w+)", re.UNICODE)


def message(code: str, label: str, **values: Any) -> str:
    """The sentence for `code` about the field labelled `label`."""
    label = label.strip().rstrip(":").rstrip() or "this field"
    question = label.endswith("?")
    if code.startswith("required.") and question:
        code = "required.question"
    sentence, name, title = say(MESSAGES[code]), in_sentence(label), label
    if question and not _QUOTED.search(sentence):
        name, title = f"your answer to “{label}”", f"Your answer to “{label}”"
    return sentence.format(name=name, Name=title[:1].upper() + title[1:], **values)


def in_sentence(label: str) -> str:
    """A label as it stands inside a sentence: its first letter small, unless the first word is a name in capitals such as IBAN."""
    label = label.rstrip(".").rstrip()
    first = _FIRST_WORD.match(label)
    if first is None:
        return label
    word = first.group(2)
    if word[1:] != word[1:].lower() or word == "I" or word.isdigit():
        return label
    return label[: first.start(2)] + word[0].lower() + label[first.start(2) + 1 :]
