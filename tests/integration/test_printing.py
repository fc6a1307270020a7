"""Letters by post: PDF that a screen reader can read, a queue, and who posted what when, in the history."""

from __future__ import annotations

import io
import re
import zlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import update

from amends.engine.complaints.printing import PrintQueue, ToPrint
from amends.engine.definitions import read_package
from amends.engine.errors import AmendsError, Conflict, NotFound
from amends.engine.services.letter_shape import shaped
from amends.engine.services.letters import read_template
from amends.engine.services.pdf import letter_pdf
from amends.engine.services.preview import preview
from amends.engine.store import tables as t
from amends.webui import create_app

COMPLAINT = {
    "description": "The ramp broke.", "name": "Jo Meyer", "contact_by": "post", "address": "1 Example Row", "postcode": "AB1 2CD",
    "town": "Town",
}  # fmt: skip


def test_a_letter_is_a_pdf_for_screen_readers_and_data_is_never_markup() -> None:
    """It says that it is PDF/UA, has a title, a language and tags; what typst would take for code is only text."""
    text = "Guten Tag,\n\n- eins\n- zwei\n\n1. a\n2. b\n\n#panic() $x$ *nicht fett* @ref <label> \\u{1F600}\nzweite Zeile"
    made = letter_pdf("Ihre #beschwerde", text, ["Jo Meyer", "#import"], "Org", date(2026, 12, 4), "de", link="https://x.example/f/a")
    assert made.startswith(b"%PDF-1.7") and b"pdfuaid:part" in made and b"/Lang" in made and b"/StructTreeRoot" in made
    assert b"Ihre #beschwerde" in made or b"Title" in made
    assert [block["kind"] for block in shaped(text)] == ["paragraph", "bullets", "numbers", "paragraph"]
    assert letter_pdf("رسالة", "مرحبا", [], "Org", date(2026, 12, 4), "ar").startswith(b"%PDF")


def words_of(pdf: bytes) -> str:
    return " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_address_is_in_the_window_of_the_envelope(language: str) -> None:
    """On the left, between 20 and 110 mm, also where the letter is written from right to left."""
    found: list[float] = []

    def look(text: str, transform: Any, matrix: Any, *more: Any) -> None:
        if "Example Row" in text:
            found.append((transform[4] + matrix[4]) / 72 * 25.4)

    made = letter_pdf("Words", "Some words.", ["Jo Meyer", "1 Example Row"], "Org", date(2026, 12, 4), language)
    PdfReader(io.BytesIO(made)).pages[0].extract_text(visitor_text=look)
    assert found and all(20 <= left <= 110 for left in found), found


@pytest.mark.parametrize("typed", ["1\ufe0f\u20e3", "#\ufe0f\u20e3", "1\u20e3", "a\u20e3", '"\u20e3', "x\u1ab0"])
def test_a_sign_with_something_around_it_is_printed_without(typed: str) -> None:
    """A keycap as its key: a font has the sign, though not what stands around it."""
    assert typed[0] in words_of(letter_pdf("Words", f"Step {typed} now.", [], "Org", date(2026, 12, 4), "en"))


def test_however_many_signs_no_font_shows_the_letter_is_printed() -> None:
    """More than are found out one after the other: each is named, and plain ones stay."""
    typed = "".join(map(chr, range(0x1F900, 0x1F940)))
    words = words_of(letter_pdf("Words", f"5 < 6 \u00a9 {typed}", [], "Org", date(2026, 12, 4), "en"))
    assert "5 < 6 ©" in words


TEMPLATE = b"""---
subject: Hello
---

Dear {{ name }},

## Why **so**?

{{ reasons }}

- **Reference:** {{ reference }}
- plain

{{ if right then "**You are right.** We are sorry." else "No." }}

Give **{{ reference }}** to {{ body }}.

## Why **so**?
"""


def test_headings_and_emphasis_are_those_of_the_template() -> None:
    """Found again in the plain text that was kept, around any value; what somebody typed is never a heading, nor emphasised."""
    said = ["Dear Jo,", "Why so?", "Because.\n\nGive up.", "- Reference: C-1\n- plain", "You are right. We are sorry.", "Give C-1 to us."]
    found = shaped("\n\n".join(said), read_template("hello", TEMPLATE))
    assert found[0] == {"kind": "paragraph", "lines": [[("Dear Jo,", False)]]}
    assert found[1] == {"kind": "heading", "runs": [("Why ", False), ("so", True), ("?", False)]}
    assert found[2:4] == [{"kind": "paragraph", "lines": [[(text, False)]]} for text in ("Because.", "Give up.")]
    assert found[4]["items"] == [[("Reference:", True), (" C-1", False)], [("plain", False)]]
    assert found[5]["lines"] == [[("You are right.", True), (" We are sorry.", False)]]
    assert found[6]["lines"] == [[("Give ", False), ("C-1", True), (" to us.", False)]]
    assert {one["kind"] for one in shaped("# no\n\n**no**\n\nWhy so?")} == {"paragraph"}


def tags(pdf: bytes) -> set[bytes]:
    """The kinds of structure elements of a PDF, and its catalogue's keys: its packed parts are unpacked."""
    plain = pdf
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            plain += zlib.decompress(part)
        except zlib.error:
            continue  # a font or a picture
    return set(re.findall(rb"/S\s*/(\w+)", plain)) | set(re.findall(rb"/(MarkInfo|Lang|StructTreeRoot|DisplayDocTitle|Title)\b", plain))


def test_every_letter_of_the_package_is_a_tagged_pdf(repository: Path) -> None:
    """Tagged, with language and title (PDF/UA), a heading for the subject and one for each part, lists as lists, emphasis as such."""
    package = read_package(repository / "processes" / "iso10002")
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for name in sorted(package.letters):
        letter, template = preview(package, name, now), read_template(name, package.letter(name) or b"")
        made = tags(letter_pdf(letter.subject, letter.text, ["Jo"], "Org", now.date(), letter.language, template=template))
        assert {b"MarkInfo", b"Lang", b"StructTreeRoot", b"DisplayDocTitle", b"Title", b"Document", b"H1", b"P"} <= made, name
        body = (package.letter(name) or b"").decode()
        assert (b"H2" in made, b"L" in made) == ("\n## " in body, "\n- " in body or "\n1. " in body), name
        assert (b"Strong" in made) == ("**" in body), name


def test_what_is_to_be_printed_waits_until_somebody_says_it_is_posted(app: Any) -> None:
    """The acknowledgement of somebody who wants post: in the queue, with a link of its own, then posted, once, with who and when."""
    filed = app.register.file(COMPLAINT, actor="complainant", channel="post")
    app.engine.run_due()
    (letter,) = app.print_queue.waiting()
    assert (letter.reference, letter.recipient, letter.returned) == (filed.reference, "Jo Meyer", False)
    assert app.print_queue.pdf(letter.key, actor="account:hanna").startswith(b"%PDF")
    printed = app.engine.history(filed.instance_id)[-1]
    assert (printed.kind, printed.actor, printed.data) == ("link printed", "account:hanna", {"dispatch": letter.key})
    app.print_queue.posted(letter.key, actor="account:hanna")
    assert app.print_queue.waiting() == []
    (said,) = app.register.thread(app.register.get(filed.reference))
    assert said.proof == "sent: posted by account:hanna, 2026-03-02 09:00 UTC" and said.visible
    assert [(event.kind, event.actor) for event in app.engine.history(filed.instance_id)][-1] == ("posted", "account:hanna")
    with pytest.raises(NotFound):
        app.print_queue.posted(letter.key, actor="account:hanna")
    assert app.engine.verify().faults == []


def test_what_came_back_by_mail_is_to_be_printed(app: Any) -> None:
    """A letter whose delivery failed for good waits with the reason."""
    from mail_corpus import bounce

    app.register.file({**COMPLAINT, "contact_by": "email", "email": "gone@people.example"}, actor="complainant")
    app.engine.run_due()
    assert app.print_queue.waiting() == []
    sent = app.mailer.read(app.mailer.list()[0].name)
    app.mail_in.take(app.mail_in.keep(bounce(1, sent["Message-ID"]))[0])
    (letter,) = app.print_queue.waiting()
    assert letter.returned and "550 No such user" in letter.why
    app.print_queue.otherwise(letter.key, actor="account:hanna")
    assert app.print_queue.waiting() == []
    (said,) = app.register.thread(app.register.get(letter.reference))
    assert said.proof.startswith("failed: ") and "550 No such user" in said.proof
    assert said.proof.endswith("Dealt with another way by account:hanna, 2026-03-02 09:00 UTC.")
    assert app.engine.history(letter.instance_id)[-1].kind == "dealt with"


def test_who_prefers_the_telephone_is_rung(app: Any) -> None:
    """The number and the words wait for somebody to ring; who did and when is the proof (ISO 10002, 4.11 and 7.4).

    Without a number a letter goes as it would. One that is given in another way waits no more, and stands on the follow-up page.
    """
    told = {**COMPLAINT, "contact_by": "phone", "email": "jo@people.example"}
    first, second = (app.register.file({**told, "phone": "+44 20 7946 0123"}, actor="complainant", channel="phone") for _ in range(2))
    app.register.file(told, actor="complainant")
    app.engine.run_due()
    assert len(app.mailer.list()) == 1, "without a number, by mail"
    letters = {one.reference: one for one in app.print_queue.waiting()}
    assert {one.say_to for one in letters.values()} == {"+44 20 7946 0123"} and "The ramp broke." in letters[first.reference].body
    app.print_queue.told(letters[first.reference].key, actor="account:hanna")
    app.print_queue.otherwise(letters[second.reference].key, actor="account:hanna")
    assert app.print_queue.waiting() == []
    proofs = [app.register.thread(app.register.get(one.reference))[0].proof for one in (first, second)]
    assert proofs == [
        "sent: told by telephone by account:hanna, 2026-03-02 09:00 UTC",
        "shown: Dealt with another way by account:hanna, 2026-03-02 09:00 UTC.",
    ]
    assert [app.engine.history(one.instance_id)[-1].kind for one in (first, second)] == ["told by telephone", "dealt with"]
    with pytest.raises(NotFound):
        app.print_queue.told(letters[first.reference].key, actor="account:hanna")


def test_the_page_shows_prints_and_records(app: Any) -> None:
    """A handler sees the letter and the mail that waits, opens the PDF as a download, records the dispatch, and puts the mail away."""
    filed = app.register.file(COMPLAINT, actor="complainant", channel="post")
    app.register.file({**COMPLAINT, "contact_by": "phone", "phone": "+44 20 7946 0124"}, actor="complainant", channel="phone")
    app.engine.run_due()
    app.mail_in.take(app.mail_in.keep(b"From: list@x.example\r\nSubject: News\r\nPrecedence: bulk\r\n\r\nBuy <b>now</b>")[0])
    client = create_app(app, TESTING=True, AMENDS_LIMIT_SIGN_IN=None).test_client()
    assert client.get("/post").status_code == 303
    token = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"username": "hanna", "password": "correct horse battery", "amends_csrf": token[1]})
    page = client.get("/post").text
    assert filed.reference in page and "Buy &lt;b&gt;now" in page
    pdf = client.get(next(iter(re.findall(r'href="(/post/[^"]+\.pdf)"', page))))
    assert pdf.mimetype == "application/pdf" and pdf.headers["Content-Disposition"].startswith("attachment")
    sent = {"amends_csrf": re.findall(r'name="amends_csrf" value="([^"]+)"', page)[0]}
    assert client.post("/post/posted", data=sent).status_code == 422
    posted, told = re.findall(r'name="key" value="([^"]+)"', page)
    with app.engine.database.transaction() as connection:
        connection.execute(update(t.dispatch).where(t.dispatch.c.state == "to print").values(state="to say"))
    without = client.get("/post").text
    assert without.count("What to say") == 2 and "No number is known" in without, "one to say from before the number was asked for"
    assert "Ring <span" in page and "+44 20 7946 0124" in page and page.count("What to say") == 1
    assert re.search(r'What to say<span class="govuk-visually-hidden">: C-', page), "each of them has a name of its own"
    # By the names that the page's own buttons have.
    assert re.findall(r'name="do" value="(\w+)"', page)[:3] == ["posted", "told", "otherwise"]
    assert client.post("/post/posted", data=sent | {"key": posted, "do": "posted"}).status_code == 303
    assert client.post("/post/posted", data=sent | {"key": told, "do": "told"}).status_code == 303
    mail = re.findall(r'action="(/post/mail/[^"]+)"', page)[0]
    name = f"reference-{mail.rpartition('/')[2]}"
    assert client.post(mail, data=sent | {"do": "part", name: "C-00000000"}).status_code == 422
    assert client.post(mail, data=sent | {"do": "part", name: filed.reference}).status_code == 303
    page = client.get("/post").text
    assert "Nothing to print." in page and "Nothing waits." in page


def test_a_script_without_a_font_says_what_to_do_and_loses_nothing(app: Any) -> None:
    """The page names the sign and the font to install; the letter still waits, and no link was given out for a print that is none."""
    filed = app.register.file({**COMPLAINT, "description": "水壺漏水"}, actor="complainant", channel="post")
    app.engine.run_due()
    client = create_app(app, TESTING=True, AMENDS_LIMIT_SIGN_IN=None).test_client()
    token = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"username": "hanna", "password": "correct horse battery", "amends_csrf": token[1]})
    (letter,) = app.print_queue.waiting()
    try:
        letter_pdf("Words", "水", [], "Org", date(2026, 12, 4), "en")
    except AmendsError:
        refused = client.get(f"/post/{letter.key}.pdf")
        assert refused.status_code == 400
        assert all(words in refused.text for words in ("“水”", "fonts-noto-cjk", "still waits in the post room", "open the letter again"))
        assert "link printed" not in [event.kind for event in app.engine.history(filed.instance_id)]
    else:
        assert client.get(f"/post/{letter.key}.pdf").mimetype == "application/pdf", "this machine has the font"
    assert [one.key for one in app.print_queue.waiting()] == [letter.key]


def test_one_letter_of_many_keeps_the_others_from_nothing(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a colleague has seen to one, or one cannot be recorded now, the others are; which were not is said, and their ticks stay."""
    for number in range(4):
        app.register.file({**COMPLAINT, "name": f"Jo {number}"}, actor="complainant", channel="post")
    app.engine.run_due()
    gone, held, *others = app.print_queue.waiting()
    client = create_app(app, TESTING=True, AMENDS_LIMIT_SIGN_IN=None).test_client()
    token = re.search(r'name="amends_csrf" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"username": "hanna", "password": "correct horse battery", "amends_csrf": token[1]})
    sent = {"amends_csrf": re.findall(r'name="amends_csrf" value="([^"]+)"', client.get("/post").text)[0], "do": "posted"}
    app.print_queue.told(gone.key, actor="account:henry")
    settle = PrintQueue._settle

    def settles(queue: PrintQueue, letter: ToPrint, *more: Any, **how: Any) -> None:
        if letter.key == held.key:
            raise Conflict("This is being changed.")
        settle(queue, letter, *more, **how)

    monkeypatch.setattr(PrintQueue, "_settle", settles)
    chosen = [gone.key, held.key, *(one.key for one in others), others[0].key]
    answer = client.post("/post/posted", data={**sent, "key": chosen})
    assert answer.status_code == 409 and "2 letters are recorded as posted. 2 letters are not:" in answer.text
    assert f"{gone.reference} to {gone.recipient}: This letter does not wait to be printed any more." in answer.text
    assert f"{held.reference} to {held.recipient}: This is being changed." in answer.text
    assert [one.key for one in app.print_queue.waiting()] == [held.key]
    assert re.search(rf'name="key" value="{re.escape(held.key)}"[^>]* checked>', answer.text)
    for one in others:
        assert [event.kind for event in app.engine.history(one.instance_id)].count("posted") == 1
