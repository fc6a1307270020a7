"""`amends backup` and `amends restore`: the whole installation in one file, and back, on both databases."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import amends
from amends.application import Application
from amends.cli import main
from amends.engine.errors import AmendsError
from amends.engine.store.backup import backup, read_manifest, restore
from amends.engine.store.packing import unpack

COMPLAINT = {
    "name": "Jo Example", "email": "jo@example.org", "product": "Washing machine", "category": "defect", "remedy_wanted": "yes",
    "description": "Water ran out on the floor.", "remedy": "My money back.",
}  # fmt: skip
Places = Callable[[], tuple[str, Path]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """Makes an empty database and the data folder that goes with it, as often as asked."""
    made: list[str] = []
    first = "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))

    def make() -> tuple[str, Path]:
        data = tmp_path / f"data {len(made)}"
        if not first:
            made.append(f"sqlite:///{data / 'amends.db'}")
        else:
            made.append(f"{first}_{len(made)}")
            on_server(first, f"CREATE DATABASE {made[-1].rpartition('/')[2]}")
        return made[-1], data

    yield make
    for url in made if first else ():
        on_server(first, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


def on_server(url: str, command: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(command)


def installation(url: str, data: Path) -> Application:
    """One with a complaint, a letter in the mail folder, a draft, a setting, and a sealed history."""
    app = amends.open(url, data=data)
    app.deploy_shipped()
    app.accounts.create("admin", "Administrator", ["admin"], password="correct horse battery staple")
    app.register.file(COMPLAINT, actor="system")
    app.engine.run_due()
    app.change_setting("organisation", "Example Ltd", actor="system")
    (data / "drafts").mkdir(exist_ok=True)
    (data / "drafts" / "one.json").write_text("{}")
    app.engine.seal()
    return app


def amends_command(*arguments: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_what_was_backed_up_comes_back(place: Places, tmp_path: Path) -> None:
    """Complaints, history, accounts, settings, letters and drafts are there again, and the history verifies against its seal."""
    url, data = place()
    app = installation(url, data)
    file = tmp_path / "whole.tar.gz"
    made = amends_command("backup", file, "--data", data, "--database", url)
    assert made.exit_code == 0, made.output
    assert file.stat().st_mode & 0o777 == 0o600, "it is full of personal data"
    [before] = app.register.search()
    events = app.engine.history(before.instance_id)
    mails = sorted(path.name for path in (data / "mail").iterdir())
    app.close()

    new_url, new_data = place()
    back = amends_command("restore", file, "--data", new_data, "--database", new_url)
    assert back.exit_code == 0, back.output
    assert "nothing wrong" in back.output
    again = amends.open(new_url, data=new_data)
    assert again.register.search() == [before]
    assert again.engine.history(before.instance_id) == events
    assert again.settings["organisation"] == "Example Ltd"
    assert again.accounts.authenticate("admin", "correct horse battery staple")
    assert mails and sorted(path.name for path in (new_data / "mail").iterdir()) == mails
    assert (new_data / "drafts" / "one.json").read_text() == "{}"
    assert not list(new_data.glob(".restore*"))
    again.register.file(COMPLAINT, actor="system")
    assert again.engine.verify(read_manifest(file).seal).faults == []
    again.close()


def test_a_backup_is_one_state_while_work_goes_on(place: Places, tmp_path: Path) -> None:
    """Complaints are filed all the while; every backup verifies, and none waits or makes them wait for long."""
    url, data = place()
    app = installation(url, data)
    stop = threading.Event()

    def file_complaints() -> None:
        while not stop.is_set():
            app.register.file(COMPLAINT, actor="system")

    busy = threading.Thread(target=file_complaints)
    busy.start()
    try:
        backup(url, data, tmp_path / "busy.tar.gz")
    finally:
        stop.set()
        busy.join()
    app.close()
    new_url, new_data = place()
    restored = amends_command("restore", tmp_path / "busy.tar.gz", "--data", new_data, "--database", new_url)
    assert restored.exit_code == 0, restored.output


def test_nothing_is_ever_overwritten(place: Places, tmp_path: Path) -> None:
    """A backup's file, a database and a data folder that are there already stay as they are."""
    url, data = place()
    installation(url, data).close()
    file = tmp_path / "one.tar.gz"
    backup(url, data, file)
    content = file.read_bytes()
    refused = amends_command("backup", file, "--data", data, "--database", url)
    assert refused.exit_code == 1 and "never overwrites" in refused.output
    assert file.read_bytes() == content
    for to, where in ((url, place()[1]), (place()[0], data)):
        refused = amends_command("restore", file, "--data", where, "--database", to)
        assert refused.exit_code == 1 and "overwrites nothing" in refused.output, refused.output
    again = amends.open(url, data=data)
    assert len(again.register.search()) == 1
    again.close()


def test_a_damaged_backup_is_refused(place: Places, tmp_path: Path) -> None:
    """Cut off, changed, or no backup at all: it says so, and the place stays empty."""
    url, data = place()
    installation(url, data).close()
    file = tmp_path / "one.tar.gz"
    backup(url, data, file)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    other = tmp_path / "other.tar.gz"
    rewritten(file, other, lambda name, body: body[:-1] + bytes([body[-1] ^ 1]) if name.startswith("amends.") else body)
    text = tmp_path / "text"
    text.write_text("no backup")
    new_url, new_data = place()
    for bad in (cut, other, text):
        with pytest.raises(AmendsError):
            restore(new_url, new_data, bad)
        assert not new_data.exists() or not list(new_data.iterdir())
    restore(new_url, new_data, file)


def test_tampering_in_a_backup_shows(tmp_path: Path) -> None:
    """Who changes the history in a backup, digest and all, is found out when it is put back."""
    import hashlib
    import sqlite3

    url, data = f"sqlite:///{tmp_path / 'data' / 'amends.db'}", tmp_path / "data"
    installation(url, data).close()
    backup(url, data, tmp_path / "one.tar.gz")

    def tamper(body: bytes) -> bytes:
        path = tmp_path / "tampered.db"
        path.write_bytes(body)
        with sqlite3.connect(path) as connection:
            ((kept,),) = connection.execute("SELECT body FROM history WHERE id = 1")
            changed = unpack(kept).replace(b"system", b"sistem")
            assert changed != unpack(kept)
            connection.execute("UPDATE history SET body = ? WHERE id = 1", [changed])
        connection.close()
        return path.read_bytes()

    rewritten(tmp_path / "one.tar.gz", tmp_path / "half.tar.gz", lambda name, body: tamper(body) if name == "amends.db" else body)
    digest = hashlib.sha256((tmp_path / "tampered.db").read_bytes()).hexdigest()
    rewritten(
        tmp_path / "half.tar.gz", tmp_path / "bad.tar.gz",
        lambda name, body: json.dumps({**json.loads(body), "digest": digest}).encode() if name == "manifest.json" else body,
    )  # fmt: skip
    found = amends_command("restore", tmp_path / "bad.tar.gz", "--data", tmp_path / "new")
    assert found.exit_code == 1 and "hash does not fit" in found.output, found.output


def test_a_backup_cannot_write_elsewhere(tmp_path: Path) -> None:
    """Names in the file that lead out of the folder, links, and what is none of ours are left out."""
    url, data = f"sqlite:///{tmp_path / 'data' / 'amends.db'}", tmp_path / "data"
    installation(url, data).close()
    backup(url, data, tmp_path / "one.tar.gz")
    with tarfile.open(tmp_path / "one.tar.gz") as archive, tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as bad:
        for member in archive:
            bad.addfile(member, archive.extractfile(member))
        for name in ("session-key", "mail", "etc/passwd"):
            entry = tarfile.TarInfo(name)
            entry.size = 1
            bad.addfile(entry, io.BytesIO(b"x"))
        link = tarfile.TarInfo("mail/link.eml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bad.addfile(link)
    new = tmp_path / "new"
    restore(f"sqlite:///{new / 'amends.db'}", new, tmp_path / "bad.tar.gz")
    assert sorted(path.name for path in new.iterdir()) == ["amends.db", "drafts", "mail"]
    assert not (new / "mail" / "link.eml").exists()
    with tarfile.open(tmp_path / "out.tar.gz", "w:gz") as bad, tarfile.open(tmp_path / "one.tar.gz") as archive:
        for member in archive:
            bad.addfile(member, archive.extractfile(member))
        entry = tarfile.TarInfo("mail/../../outside")
        entry.size = 1
        bad.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(AmendsError, match="cannot be read"):
        restore(f"sqlite:///{tmp_path / 'third' / 'amends.db'}", tmp_path / "third", tmp_path / "out.tar.gz")
    assert not (tmp_path / "outside").exists()


def test_a_backup_of_a_newer_amends_is_refused(tmp_path: Path) -> None:
    """An older program does not touch tables it does not know."""
    url, data = f"sqlite:///{tmp_path / 'data' / 'amends.db'}", tmp_path / "data"
    installation(url, data).close()
    backup(url, data, tmp_path / "one.tar.gz")
    newer = {"schema": "9999", "amends": "9.9"}
    rewritten(
        tmp_path / "one.tar.gz", tmp_path / "newer.tar.gz",
        lambda name, body: json.dumps({**json.loads(body), **newer}).encode() if name == "manifest.json" else body,
    )  # fmt: skip
    with pytest.raises(AmendsError, match="amends 9.9"):
        restore(f"sqlite:///{tmp_path / 'new' / 'amends.db'}", tmp_path / "new", tmp_path / "newer.tar.gz")


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> None:
    """The same archive with some contents changed."""
    with tarfile.open(source) as archive, tarfile.open(target, "w:gz") as made:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            body = change(member.name, file.read())
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
