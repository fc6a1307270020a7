"""Records as the CFPB writes them, for imports."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

COLUMNS = (
    "Date received", "Product", "Sub-product", "Issue", "Sub-issue", "Consumer complaint narrative", "Company public response", "Company",
    "State", "ZIP code", "Tags", "Consumer consent provided?", "Submitted via", "Date sent to company", "Company response to consumer",
    "Timely response?", "Consumer disputed?", "Complaint ID", "sample_source",
)  # fmt: skip
RESPONSES = (
    "Closed with monetary relief", "Closed with non-monetary relief", "Closed with explanation", "Closed without relief", "Closed",
    "Untimely response", "In progress",
)  # fmt: skip
PLAIN = {
    "Date received": "2014-03-03", "Product": "Mortgage", "Sub-product": "Other mortgage", "Issue": "Loan servicing", "Company": "A Bank",
    "State": "CA", "ZIP code": "90706", "Submitted via": "Web", "Date sent to company": "2014-03-05",
    "Company response to consumer": "Closed with explanation", "Timely response?": "Yes", "Consumer disputed?": "No", "Complaint ID": "1",
}  # fmt: skip


def record(**changes: str) -> dict[str, str]:
    """A plain record with changes; `received`, `sent`, `response`, `timely`, `disputed`, `number`, `product` for its columns."""
    names = {
        "received": "Date received", "sent": "Date sent to company", "response": "Company response to consumer", "number": "Complaint ID",
        "timely": "Timely response?", "disputed": "Consumer disputed?", "product": "Product", "issue": "Issue", "via": "Submitted via",
    }  # fmt: skip
    return {**PLAIN, **{names[name]: value for name, value in changes.items()}}


def line(values: dict[str, str]) -> str:
    """A record as a line of the file."""
    out = io.StringIO()
    csv.writer(out).writerow([values.get(column, "") for column in COLUMNS])
    return out.getvalue()


def every_way() -> list[dict[str, str]]:
    """Each response, in time and late, disputed and not: every way a record can have gone."""
    made = []
    for response in RESPONSES:
        for timely in ("Yes", "No"):
            for disputed in ("Yes", "No", "N/A"):
                if (response == "In progress" and disputed == "Yes") or (response == "Untimely response" and timely == "Yes"):
                    continue  # nobody disputes what was not said, and an untimely response was not timely
                made.append(record(response=response, timely=timely, disputed=disputed, number=str(len(made) + 1)))
    return made


def write(path: Path, *rows: Any) -> Path:
    """A file of records (dictionaries) and of lines that are none (text, or bytes as they are to be there)."""
    texts = (row if isinstance(row, bytes | str) else line(row) for row in (",".join(COLUMNS) + "\r\n", *rows))
    body = b"".join(text if isinstance(text, bytes) else text.encode() for text in texts)
    path.write_bytes(body)
    return path
