"""A database's rows as SQL that both databases take: `dump.py FILE` makes the data of a release, for tests of migrations.

`dump.py FILE` opens a new SQLite database with the code as it is, lets a little of everything happen, and writes the rows to FILE.
"""

from __future__ import annotations

import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from driving import HEAD, element, flows, message_definition, process, timer, user
from marshmallow import Schema, fields
from sqlalchemy import Connection, select

from amends.engine import Engine
from amends.engine.accounts import Accounts
from amends.engine.complaints import Register
from amends.engine.files import Guard
from amends.engine.incoming import MailIn
from amends.engine.services import Operation, OperationContext
from amends.engine.store.tables import metadata

MANIFEST = b"""[package]
name = "dumped"
title = "For tests of migrations"
version = "1"
[complaints]
process = "p"
form = "f"
"""
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Fails(Operation):
    """Always fails, so that there is an incident."""

    type, title = "fails", "Fails"

    class Inputs(Schema):
        name = fields.String()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        raise ConnectionError("the server is away")


def package() -> dict[str, bytes]:
    """A process with a task, a timer, a message it waits for, and an operation that fails."""
    late = element("boundaryEvent", "late", timer("timeDuration", "P9D"), attachedToRef="a", cancelActivity="false")
    catch = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    ext = '<zeebe:taskDefinition type="fails" retries="1"/>'
    body = element("startEvent", "s") + element("parallelGateway", "f") + user("a") + late + user("n") + catch
    body += element("serviceTask", "t", ext=ext) + user("b") + element("endEvent", "e")
    ways = flows("s>f", "f>a", "f>c", "a>b", "b>e", "late>n", "c>t")
    form = b'{"id": "f", "type": "default", "schemaVersion": 16, "components": []}'
    return {"package.toml": MANIFEST, "f.form": form, "p.bpmn": HEAD.format(message_definition("hello") + process(body + ways)).encode()}


def live(engine: Engine) -> None:
    """A little of everything that leaves rows: two complaints, one of them erased, and people."""
    register, accounts = Register(engine), Accounts(engine)
    engine.deploy(package(), actor="system", reason="a release")
    jo, _ = accounts.create("jo", "Jo Example", ["handler"], password="correct horse battery")
    accounts.set_teams(jo.id, ["North"])
    accounts.sessions.begin(jo.id, jo.session_mark, method="password", agent="A browser")
    accounts.sessions.know_device(jo.id, None)
    accounts.second_factor.begin(jo.id, "jo", "Example")
    accounts.identities.link(jo.id, "https://id.example.org", "jo-1", actor="system")
    accounts.add_competence(jo.id, "devices", training="A course")
    file = register.add_file("a.txt", "text/plain", b"\x00\xffletter", actor="complainant")
    filed = register.file({"description": "It's late: 100 %", "name": "Jo \U0001f642"}, actor="complainant", files=[file.id], key="once")
    mail = MailIn(register, Guard())
    head = f"From: Jo <jo@example.org>\nSubject: About {filed.reference}\nMessage-ID: <a@example.org>\n"
    mail.take(mail.keep(f"{head}\nBy mail.".encode())[0])
    mail.keep(b"From: Jo <jo@example.org>\nSubject: Later\nMessage-ID: <b@example.org>\n\nNot taken in yet.")
    register.receive(register.get(filed.reference), "More\nof it", author="complainant", subject="Again")
    register.renew_secret(register.get(filed.reference), end_old=False)
    engine.correlate("hello", filed.reference, {}, actor="complainant")
    engine.run_due()
    register.people.note(register.get(filed.reference), jo.actor, "admitted", actor="system")
    register.presence.look(filed.instance_id, jo.id, messages=MONDAY)
    register.talk.say(register.get(filed.reference), "What do you think, @jo?", actor="system")
    gone = register.file({"description": "Forget me"}, actor="complainant")
    engine.cancel(gone.instance_id, reason="withdrawn", actor="system")
    register.erase(register.get(gone.reference), reason="asked for", actor="system")
    engine.correlate("hello", "C-later", {"said": "early"}, actor="system", ttl=timedelta(days=9999))
    engine.seal()
    engine.complete(engine.user_tasks(filed.instance_id)[0].id, {"x": 1}, actor="system")


def literal(value: Any) -> str:
    """A value as both databases read it, but for bytes (see `statements`)."""
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return str((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
    if isinstance(value, bytes | memoryview):
        return f"X'{bytes(value).hex()}'"
    return "'" + str(value).replace("'", "''") + "'"


def dump(connection: Connection) -> str:
    """Every row as an INSERT, in an order that foreign keys allow."""
    lines = []
    for table in metadata.sorted_tables:
        if table.name == "search_document":
            continue  # triggers make it of the others
        # Numbers the database gives by itself it shall give by itself again.
        columns = [column for column in table.columns if column.autoincrement is not True]
        for row in connection.execute(select(*columns).order_by(*table.primary_key.columns)):
            names = ", ".join(f'"{name}"' for name in row._mapping)
            lines.append(f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join(map(literal, row))});')
    return "\n".join(lines) + "\n"


def statements(text: str, sqlite: bool) -> list[str]:
    """The statements of a dump for a database."""
    found = re.split(r";\n(?=INSERT|\Z)", text)[:-1]
    return found if sqlite else [re.sub(r"\bX'([0-9a-f]*)'", r"'\\x\1'", one).replace("%", "%%") for one in found]


def main(path: str) -> None:
    """Make the data of a release."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(f"sqlite:///{folder}/amends.db", clock=lambda: MONDAY, services={"fails": Fails})
        live(engine)
        with engine.database.reading() as connection:
            Path(path).write_text(dump(connection), encoding="utf-8")
        engine.close()


if __name__ == "__main__":
    main(sys.argv[1])
