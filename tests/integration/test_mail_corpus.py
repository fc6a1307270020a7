"""More than five hundred mails as they come in the world: none is lost, none comes twice, no machine is answered twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mail_corpus
import pytest
from mail_corpus import ASIDE, NEW, PART, Sample
from sqlalchemy import select

import amends
from amends.application import Application
from amends.engine.incoming import read_mail
from amends.engine.store import tables as t

ME = "Jo Meyer <jo.meyer@people.example>"


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """An installation with the shipped package that sends from complaints@example.org."""
    monkeypatch.setenv("AMENDS_MAIL_SENDER", "complaints@example.org")
    app = amends.open(database_url, data=tmp_path / "data", clock=clock)
    app.deploy_shipped()
    yield app
    app.close()


def first_letter(app: Application, tmp_path: Path) -> str:
    """The Message-ID of the one letter in the mail folder."""
    (path,) = (tmp_path / "data" / "mail").glob("*.eml")
    return str(app.mailer.read(path.name)["Message-ID"])  # type: ignore[attr-defined]


def words_of(app: Application, instance_id: str) -> str:
    """Everything a complaint holds that somebody has said: its form, its thread, and what its files are called."""
    complaint = app.register.get(instance_id=instance_id)
    said = [str(app.engine.instance(instance_id).variables["complaint"])]
    said += [f"{message.subject}\n{message.body}" for message in app.register.thread(complaint, internal=True) if message.direction == "in"]
    return "\n".join(said)


def test_every_mail_of_the_corpus_is_taken_in(app: Application, tmp_path: Path) -> None:
    """Each becomes what it should: a new complaint, part of one, or kept aside for a person; its words are there, its files too."""
    filed = app.register.file({"description": "Late again", "name": "Jo Meyer", "email": "jo.meyer@people.example"}, actor="complainant")
    app.engine.run_due()
    samples = mail_corpus.corpus(filed.reference, first_letter(app, tmp_path), ME)
    assert len(samples) >= 500 and len({sample.raw for sample in samples}) == len(samples)

    ids = []
    for sample in samples:
        id, new = app.mail_in.keep(sample.raw)
        assert new, sample.name
        ids.append(id)
        assert app.mail_in.take(id), sample.name
    assert len(set(ids)) == len(samples)

    with app.engine.database.reading() as connection:
        rows = {row.id: row for row in connection.execute(select(t.incoming_mail))}
    known: set[str] = set()
    wrong = []
    for sample, id in zip(samples, ids, strict=True):
        row = rows[id]
        became = ASIDE if row.state == "aside" else PART if row.instance_id in known or row.instance_id == filed.instance_id else NEW
        known.add(row.instance_id)
        if became != sample.becomes or (row.raw is None) != (became != ASIDE):
            wrong.append(f"{sample.name}: {became}, not {sample.becomes} ({row.kind}: {row.why})")
        elif became != ASIDE and sample.says not in words_of(app, row.instance_id):
            wrong.append(f"{sample.name}: {sample.says!r} is not in {words_of(app, row.instance_id)[:200]!r}")
    assert wrong == []
    film = next(rows[id].instance_id for sample, id in zip(samples, ids, strict=True) if sample.name == "50 MB")
    assert [(file.name, file.media_type, file.size) for file in app.register.files(app.register.get(instance_id=film))] == [
        ("film.mp4", "video/mp4", 256 * 144_000 + 12)
    ]

    for sample in samples[::7]:
        assert app.mail_in.keep(sample.raw)[1] is False, sample.name
    assert app.mail_in.take_all() == 0
    app.engine.run_due(limit=5000)
    sent = Counter(str(mail.to) for mail in app.mailer.list(5000))  # type: ignore[attr-defined]
    robots = {address: many for address, many in sent.items() if "robots.example" in address}
    assert robots == {f"desk{number}@robots.example": 1 for number in range(5)}
    assert [address for address in sent if address.partition("@")[0].lower() in ("mailer-daemon", "postmaster", "no-reply", "root")] == []
    assert app.engine.verify().faults == []


def test_reading_never_raises_whatever_is_cut_off_or_flipped() -> None:
    """Every mail of the corpus cut at many places, and with bytes changed, is still read as something."""
    for sample in mail_corpus.corpus("C-7K3M9XQ2", "<a@b>", ME):
        if len(sample.raw) > 300_000:
            continue
        for part in (3, 7, 11):
            cut = sample.raw[: len(sample.raw) * part // 13]
            flipped = bytes(byte ^ (0x55 if number % (97 + part) == 0 else 0) for number, byte in enumerate(sample.raw[:20_000]))
            for raw in (cut, flipped):
                found = read_mail(raw)
                assert found.id and (found.text or found.files or found.subject or found.returned)


def fields(sample: Sample) -> tuple[str, str, str, list[str]]:
    found = read_mail(sample.raw)
    return found.sender, found.subject, found.text, [file.name for file in found.files]


def test_what_a_mail_says_is_read_as_a_person_would() -> None:
    """Address, subject, text and names of files of a few, as they should be read."""
    by_name = {sample.name: sample for sample in mail_corpus.corpus("C-7K3M9XQ2", "<a@b>", ME)}
    assert fields(by_name["shift_jis base64"])[2] == "電車が遅れた"
    assert fields(by_name["subject koi8-r q"])[1] == "Поезд опоздал"
    assert fields(by_name["file ../../etc/passwd attachment"])[3] == ["passwd"]
    assert fields(by_name["file Größe – 1.txt inline"])[3] == ["Größe – 1.txt"]
    assert fields(by_name["winmail 3401"]) == (
        "person3401@people.example", "From Outlook", "In Outlook's own words, 3401", ["offer.txt", "scan.pdf"]
    )  # fmt: skip
    assert fields(by_name["raw bytes in subject"])[1] == "Größe"
    assert fields(by_name["html 3300"])[2] == "Only a page, number 3300.\nSecond line & more 🙂"
    assert fields(by_name["alternative 3205"])[2:] == ("Plain side of 3205", ["logo.png", "meeting.ics"])
    assert fields(by_name["forwarded 3500"])[3] == ["file-1.eml"]
    returned = read_mail(by_name["bounce 6085"].raw).returned
    assert returned is not None and (returned.message_id, returned.lasting) == ("a@b", True)
    assert returned.why == "5.1.1 smtp; 550 No such user rfc822; gone@people.example"
