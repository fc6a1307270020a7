"""What kind of mail it is: from a person, from a machine, a report about mail of ours, or our own mail come back."""

from __future__ import annotations

import re
from typing import Final

from amends.engine.incoming.reading import Incoming

PERSON: Final = "person"  # somebody wrote it
AUTOMATIC: Final = "automatic"  # a holiday note or another answer of a machine
BULK: Final = "bulk"  # a newsletter, a mailing list
RETURNED: Final = "returned"  # a delivery report
LOOP: Final = "loop"  # our own mail
_LOCAL = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|autoreply|auto-reply|nobody|root|listserv|majordomo)(?:[+.=-].*)?"
)
_SUBJECT = re.compile(
    r"^(?:auto(?:matic|matische|matisch)?[ -:]*(?:reply|antwort|response|svar|respons)|automatic reply|out of (?:the )?office|abwesen|"
    r"away from (?:my|the) (?:mail|desk)|réponse automatique|respuesta automática|risposta automatica|resposta automática|"
    r"automatisch antwoord|vacation|ooo[: ]|i am (?:currently )?out of)",
    re.IGNORECASE,
)


def kind_of(mail: Incoming, own: str) -> str:
    """One of the kinds above (RFC 3834, and what is found without a standard). `own` is the address we send from."""
    if mail.returned is not None:
        return RETURNED
    if own and mail.sender.lower() == own.lower() or mail.headers.get("x-loop", "").lower() == own.lower() != "":
        return LOOP
    said = {name: text.lower() for name, text in mail.headers.items()}
    if "multipart/report" in said.get("content-type", "") or "feedback-type" in said:
        return AUTOMATIC
    if said.get("auto-submitted", "no").split(";")[0].strip() not in ("no", ""):
        return AUTOMATIC
    if any(name in said for name in ("x-autoreply", "x-autorespond", "x-autoresponse")) or said.get("precedence") == "auto_reply":
        return AUTOMATIC
    if said.get("return-path", "").strip() == "<>" or _LOCAL.fullmatch(mail.sender.partition("@")[0].lower()):
        return AUTOMATIC
    if _SUBJECT.match(mail.subject):
        return AUTOMATIC
    listed = "list-id" in said or "list-unsubscribe" in said or said.get("precedence") in ("bulk", "list", "junk")
    if listed or said.get("x-spam-flag") == "yes":
        return BULK
    return PERSON
