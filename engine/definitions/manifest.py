"""`package.toml`: the words, roles, settings, calendars and messages of a package, typed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from amends.engine.definitions.problems import ERROR, WARNING, Problem

FILE = "package.toml"
MAX_BYTES = 1_000_000
"""A manifest larger than this is refused."""
MILESTONES = ("received", "acknowledged", "assessed", "investigated", "resolved", "informed", "corrected", "verified", "closed")
"""The dates a complaint's follow-up form knows (ISO 10002, annex on tracking), in their order."""

Entry = TypeVar("Entry")

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Complaints:
    """Which process is a complaint, and the form that files one; empty where the package has none."""

    process: str = ""
    form: str = ""
    mail: Mapping[str, str] = field(default_factory=dict)
    """Which field of the form takes a mail's text, subject, name, email and contact; for parts not named see docs/mail.md."""
    remedies: str = ""
    """`form.field`: the field whose options are what can be done for a complainant, told on the public page (ISO 10002, 4.4)."""


@dataclass(frozen=True, slots=True)
class MessageOffer:
    """A message that people can send from a page while an instance waits for it."""

    name: str
    title: str
    form: str
    offered_to: str
    by_mail: str = ""
    """The field of the form that takes the text of a mail, where a mail may say it as well."""
    once_closed: bool = False
    """Offered once, after the complaint is closed: no process waits for it, the answers are part of the complaint's history."""


@dataclass(frozen=True, slots=True)
class ClockTitle:
    """What pages call a clock."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `package.toml` says. Mappings keep the order of the file; `raw` is all of it."""

    name: str = ""
    title: str = ""
    version: str = ""
    complaints: Complaints = field(default_factory=Complaints)
    roles: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, MessageOffer] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    calendars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clocks: Mapping[str, ClockTitle] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    def line(self, key: str, table: str = "") -> int | None:
        """The line where a key of a table (or the table itself, for an empty key) stands, as far as it can be found."""
        header = re.compile(r"^\s*\[\s*" + re.escape(table) + r"\s*\]") if table else None
        entry = re.compile(r"^\s*[\"']?" + re.escape(key) + r"[\"']?\s*=")
        inside = not table
        for number, text in enumerate(self.text.splitlines(), 1):
            if header is not None and header.match(text):
                if not key:
                    return number
                inside = True
            elif inside and text.lstrip().startswith("["):
                inside = False
            elif inside and key and entry.match(text):
                return number
        return self.line("", f"{table}.{key}") if key and table else None


def read_manifest(body: bytes, file: str = FILE) -> tuple[Manifest, list[Problem]]:
    """Read a manifest leniently: what is right is taken over, what is not is a problem.

    `body` is TOML in UTF-8. Returns the manifest, empty where the file cannot be read at all, and the problems.
    """
    if len(body) > MAX_BYTES:
        message = f"The manifest has more than {MAX_BYTES:,} bytes."
        return Manifest(), [Problem(file, "", 1, "too-large", ERROR, message, "Shorten it.")]
    try:
        text = body.decode("utf-8-sig")
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or a number or list that Python does not read
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else 1
        message = f"The manifest cannot be read: {error}."
        return Manifest(), [Problem(file, "", line, "manifest-syntax", ERROR, message, "Put the TOML right at that place.")]
    reading = _Reading(file, raw, text)
    return reading.manifest(), reading.problems


class _Reading:
    """Reads one manifest and collects what is wrong."""

    def __init__(self, file: str, raw: dict[str, Any], text: str) -> None:
        self.file = file
        self.raw = raw
        self.problems: list[Problem] = []
        self.place = Manifest(text=text)

    def manifest(self) -> Manifest:
        known = ("package", "complaints", "roles", "messages", "stages", "settings", "calendars", "clocks", "outcomes")
        for key in self.raw:
            if key not in known:
                help = f"The tables are {', '.join(known)}."
                self.problem("manifest-key", f"There is no table {key!r} in a manifest.", help, "", key, WARNING)
        package = self.table("package", ("name", "title", "version"))
        complaints = self.table("complaints", ("process", "form", "mail", "remedies")) if "complaints" in self.raw else {}
        name = self.text(package, "package", "name", required=True)
        if name and not _NAME.fullmatch(name):
            message = f"The package's name {name!r} is not of the form a-b-1."
            self.problem("manifest-name", message, "Use a-z, 0-9 and hyphens.", "name", "package")
        return Manifest(
            name=name,
            title=self.text(package, "package", "title") or name,
            version=self.text(package, "package", "version", required=True),
            complaints=Complaints(
                self.text(complaints, "complaints", "process", required="complaints" in self.raw),
                self.text(complaints, "complaints", "form", required="complaints" in self.raw),
                self.mail(complaints.get("mail", {})),
                self.text(complaints, "complaints", "remedies"),
            ),
            roles=self.words("roles"),
            messages=self.entries("messages", ("title", "form", "offered_to", "by_mail", "once_closed"), self.offer),
            stages=self.words("stages"),
            settings=self.table("settings"),
            calendars={key: value for key, value in self.table("calendars").items() if self.is_table(value, key, "calendars")},
            clocks=self.entries("clocks", ("title",), lambda key, entry: ClockTitle(key, self.title(entry, "clocks", key))),
            outcomes=self.words("outcomes"),
            raw=self.raw,
            text=self.place.text,
        )

    def offer(self, name: str, entry: dict[str, Any]) -> MessageOffer:
        table = f"messages.{name}"
        offered_to = self.text(entry, table, "offered_to") or "complainant"
        by_mail = self.text(entry, table, "by_mail")
        title, form = self.title(entry, "messages", name), self.text(entry, table, "form")
        return MessageOffer(name, title, form, offered_to, by_mail, entry.get("once_closed") is True)

    def mail(self, entry: object) -> dict[str, str]:
        """Which field of the complaint form takes which part of a mail; an empty one takes none."""
        if not isinstance(entry, dict) or not self.is_table(entry, "mail", "complaints"):
            return {}
        self.unknown(entry, "complaints.mail", ("text", "subject", "name", "email", "contact"))
        return {key: self.text(entry, "complaints.mail", key) for key in entry}

    def title(self, entry: dict[str, Any], table: str, key: str) -> str:
        return self.text(entry, f"{table}.{key}", "title") or key.replace("_", " ").capitalize()

    def table(self, name: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
        """A table of the manifest; with `known`, other keys are a problem."""
        value = self.raw.get(name, {})
        if not isinstance(value, dict):
            self.problem("manifest-value", f"{name!r} has to be a table.", f"Write [{name}] on a line of its own.", name, "")
            return {}
        self.unknown(value, name, known)
        return value

    def unknown(self, table: dict[str, Any], name: str, known: tuple[str, ...] | None) -> None:
        for key in table if known is not None else ():
            if key not in (known or ()):
                help = f"The keys here are {', '.join(known or ())}."
                self.problem("manifest-key", f"There is no key {key!r} in [{name}].", help, key, name, WARNING)

    def is_table(self, value: object, key: str, table: str) -> bool:
        if not isinstance(value, dict):
            self.problem("manifest-value", f"{key!r} in [{table}] has to be a table.", f"Write [{table}.{key}].", key, table)
        return isinstance(value, dict)

    def words(self, name: str) -> dict[str, str]:
        """A table of ids and the words people read."""
        found: dict[str, str] = {}
        for key, value in self.table(name).items():
            if not isinstance(value, str) or not value.strip():
                self.problem("manifest-value", f"{key!r} in [{name}] has to be words in quotes.", f'Write {key} = "…".', key, name)
                continue
            if not _ID.fullmatch(key):
                help = "Use letters, digits, hyphens and underscores, and begin with a letter."
                self.problem("manifest-name", f"{key!r} in [{name}] cannot be an id.", help, key, name)
                continue
            found[key] = value.strip()
        return found

    def entries(self, name: str, known: tuple[str, ...], make: Callable[[str, dict[str, Any]], Entry]) -> dict[str, Entry]:
        """A table of tables."""
        found = {}
        for key, value in self.table(name).items():
            if self.is_table(value, key, name):
                self.unknown(value, f"{name}.{key}", known)
                found[key] = make(key, value)
        return found

    def text(self, table: dict[str, Any], name: str, key: str, required: bool = False) -> str:
        value = table.get(key)
        if value is None:
            if required:
                self.problem("manifest-missing", f"{key!r} is missing in [{name}].", f'Add {key} = "…" below [{name}].', "", name)
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            self.problem("manifest-value", f"{key!r} in [{name}] has to be a text in quotes.", f'Write {key} = "…".', key, name)
            return ""
        return value.strip()

    def problem(self, code: str, message: str, help: str, key: str, table: str, severity: str = ERROR) -> None:
        line = self.place.line(key, table) or self.place.line("", table) or 1
        self.problems.append(Problem(self.file, "", line, code, severity, message, help))
