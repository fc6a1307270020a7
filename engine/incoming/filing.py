"""A mail as the complaint form of a package: which of its fields takes what."""

from __future__ import annotations

import re
from typing import Any

from amends.engine.definitions.package import Package
from amends.engine.incoming.reading import Incoming

MAIL = {"text": "description", "subject": "subject", "name": "name", "email": "email", "contact": "contact_by"}
"""The fields of the form that take a mail's parts where `[complaints.mail]` of the package says nothing else."""
LONGEST_TEXT, LONGEST_SUBJECT, LONGEST_NAME = 10_000, 120, 200
_QUOTED = re.compile(
    r"^(?:>|\|)|^(?:on|am|le|el|il|op|den) .{5,120}(?:wrote|schrieb|écrit|escribió|scritto|schreef|skrev).{0,3}:\s*$|^-{2,}\s*original",
    re.IGNORECASE,
)


def form_data(package: Package, mail: Incoming, text: str) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """What the form is given, and further files: the whole text, where the form takes only its beginning."""
    fields = {**MAIL, **package.manifest.complaints.mail}
    files = []
    said = text.strip() or mail.subject or "See the files that came with this mail."
    if len(said) > LONGEST_TEXT:
        files.append(("message.txt", said.encode()))
        said = said[: LONGEST_TEXT - 100].rstrip() + "\n\n[The whole text is in the file message.txt.]"
    given = {
        "text": said, "subject": mail.subject[:LONGEST_SUBJECT].strip(), "name": mail.sender_name[:LONGEST_NAME],
        "email": mail.sender[:LONGEST_NAME], "contact": "email" if mail.sender else "",
    }  # fmt: skip
    return {fields[part]: value for part, value in given.items() if value and fields[part]}, files


def only_new(text: str) -> str:
    """What a reply says itself: without the mail it quotes, where that can be told. All of it where nothing would be left."""
    kept: list[str] = []
    for line in text.split("\n"):
        if _QUOTED.match(line):
            if line[:1] not in (">", "|"):
                break
            continue
        kept.append(line)
    return "\n".join(kept).strip() or text.strip()
