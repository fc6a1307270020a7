"""Five hundred mails as they arrive in the world: made anew for each test, so that they can name its complaints and letters."""

# ruff: noqa: E501 - a sample is one line, so that one sees how they differ
from __future__ import annotations

import base64
import gzip
import io
import quopri
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from amends.engine.services.recipients import usable

NEW, PART, ASIDE = "a new complaint", "part of a complaint", "aside"


@dataclass(frozen=True)
class Sample:
    """A mail, what is to become of it, and words that must be found in the complaint or message that it becomes."""

    name: str
    raw: bytes
    becomes: str
    says: str = ""


TEXTS = {
    "utf-8": "Grüße, naïve café – “quotes” 你好 🙂", "iso-8859-1": "Größe, déjà vu, señor", "iso-8859-15": "10 € für Œuvre", "windows-1252": "“Smart” – €",
    "iso-8859-2": "Příliš žluťoučký kůň", "windows-1250": "Zażółć gęślą jaźń", "iso-8859-5": "Жалоба на поезд", "koi8-r": "Поезд опоздал",
    "windows-1251": "Касса не дала чек", "iso-8859-7": "Το τρένο άργησε", "iso-8859-9": "Tren geç kaldı ığş", "windows-1254": "Şikâyet",
    "iso-8859-8": "הרכבת איחרה", "windows-1255": "תלונה", "iso-8859-6": "القطار متأخر", "windows-1256": "شكوى", "windows-1257": "Skundas dėl traukinio",
    "gb2312": "火车晚点了", "gbk": "列車晚點", "gb18030": "投诉 🙂", "big5": "火車誤點了", "shift_jis": "電車が遅れた", "euc-jp": "切符が高すぎる", "iso-2022-jp": "苦情です",
    "euc-kr": "기차가 늦었어요", "iso-2022-kr": "불만", "tis-620": "รถไฟมาสาย", "utf-16": "Sixteen bits", "utf-7": "Seven + bits é", "macintosh": "Café",
    "us-ascii": "Plain old letters", "cp437": "Çüéâ", "cp850": "ñÑ", "viscii": "Plain", "hz": "火车", "iso-8859-3": "ĉĝĥ", "iso-8859-4": "āčē", "iso-8859-10": "þæð",
    "iso-8859-13": "ąčę", "iso-8859-14": "ŵŷ", "iso-8859-16": "șț", "windows-1258": "Tàu", "cp866": "Билет", "mac-cyrillic": "Билет", "johab": "기차",
}  # fmt: skip
CODECS = {"tis-620": "tis-620", "macintosh": "mac_roman", "viscii": "ascii", "mac-cyrillic": "mac_cyrillic"}


def head(number: int, subject: str = "", sender: str = "", extra: str = "") -> str:
    sender = sender or f"Person {number} <person{number}@people.example>"
    lines = f"From: {sender}\r\nTo: complaints@example.org\r\nDate: Tue, 3 Mar 2026 10:00:00 +0100\r\nMessage-ID: <m{number}@people.example>\r\n"
    return f"{lines}Subject: {subject or f'Complaint number {number}'}\r\n{extra}"


def mail(number: int, text: str, subject: str = "", sender: str = "", extra: str = "") -> bytes:
    return (head(number, subject, sender, extra) + "\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()


def encodings() -> Iterator[Sample]:
    """Every encoding, each transfer encoding, in the body and in the subject."""
    number = 1000
    for charset, text in TEXTS.items():
        body = text.encode(CODECS.get(charset, charset))
        for how in ("8bit", "base64", "quoted-printable"):
            if charset == "utf-16" and how == "8bit":
                continue  # cannot travel so
            number += 1
            coded = {"8bit": body, "base64": base64.encodebytes(body), "quoted-printable": quopri.encodestring(body)}[how]
            kind = f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {how}\r\n"
            yield Sample(f"{charset} {how}", (head(number, extra=kind) + "\r\n").encode() + coded, NEW, text.split()[0])
        for how in ("b", "q"):
            number += 1
            coded_word = f"=?{charset}?b?{base64.b64encode(body).decode()}?="
            if how == "q":
                coded_word = f"=?{charset}?q?{''.join(f'={byte:02X}' for byte in body)}?="
            yield Sample(
                f"subject {charset} {how}", mail(number, f"Look at the subject, number {number}.", coded_word), NEW, text.split()[0]
            )


def wrong_encodings() -> Iterator[Sample]:
    """What programs say and do not do."""
    said = [
        ("unknown-8bit", "Café ohne Namen".encode()), ("x-made-up", "Größe".encode("cp1252")), ("us-ascii", "Grüße aus Köln".encode()),
        ("utf-8", "Größe".encode("cp1252")), ("", "Straße".encode()), ("utf-8; format=flowed", b"Flowed text"), ('"utf-8"', "Käse".encode()),
        ("'utf-8'", "Käse".encode()), ("iso-8859-1", "Nur Ölsardinen".encode()), ("binary", b"Text\x00with\x00zeros"), ("utf8mb4", "Käse".encode()),
        ("cp1252", b"\x81\x8d\x8f undefined"), ("utf-32", b"odd"), ("rot13", b"Uryyb"), ("base64", b"text"), ("zlib", b"text"), ("idna", b"text"),
    ]  # fmt: skip
    for number, (charset, body) in enumerate(said, 2000):
        kind = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n"
        yield Sample(f"wrong {charset!r}", (head(number, extra=kind) + "\r\n").encode() + body, NEW)


def shapes() -> Iterator[Sample]:
    """Multiparts of every kind, with files."""
    number = 3000
    for depth in (1, 2, 3, 5, 10, 50):
        number += 1
        part: MIMEMultipart | MIMEText = MIMEText(f"At the bottom of {depth}", "plain", "utf-8")
        for _ in range(depth):
            around = MIMEMultipart("mixed")
            around.attach(part)
            part = around
        yield Sample(f"nested {depth}", head(number).encode() + part.as_bytes().replace(b"\n", b"\r\n"), NEW, "At the bottom")
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (one, one) for one in range(3000))
    yield Sample("nested 3000", head(3010).encode() + deep + b"\r\nDeep down", NEW)
    files = {
        "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(5000), "bill.pdf": b"%PDF-1.7 " + bytes(3000), "Größe – 1.txt": b"text", "../../etc/passwd": b"root",
        "a" * 400 + ".txt": b"long name", "empty.txt": b"", "page.html": b"<script>alert(1)</script>", "picture.svg": b"<svg onload='alert(1)'/>",
        "x\x00y.txt": b"zero", "CON": b"reserved", "invite.ics": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "card.vcf": b"BEGIN:VCARD\r\nEND:VCARD\r\n",
        "mail.eml": b"From: a@b\r\n\r\nold", "sheet.xlsx": _zip({"a.xml": b"<a/>"}), "key.p7s": b"\x30\x82", "note.gz": gzip.compress(b"note"),
    }  # fmt: skip
    for name, body in files.items():
        for disposition in ("attachment", "inline"):
            number += 1
            message = EmailMessage()
            message.set_content(f"With the file number {number}")
            message.add_attachment(
                body, maintype="application", subtype="octet-stream", disposition=disposition, filename=name.replace("\x00", "")
            )
            yield Sample(
                f"file {name[:20]} {disposition}",
                head(number, "With a file").encode() + message.as_bytes().replace(b"\n", b"\r\n"),
                NEW,
                "With the file",
            )
    for number in range(3200, 3240):
        message = EmailMessage()
        message.set_content(f"Plain side of {number}")
        page = f"<html><head><style>p{{color:red}}</style></head><body><p>Page side of {number}</p><script>x()</script><table><tr><td>cell</td></tr></table></body></html>"
        message.add_alternative(page, subtype="html")
        if number % 2:
            message.add_attachment(b"\x89PNG\r\n\x1a\n" + bytes(number), maintype="image", subtype="png", filename="logo.png")
        if number % 5 == 0:
            message.add_attachment("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n", subtype="calendar", filename="meeting.ics")
        yield Sample(
            f"alternative {number}", head(number).encode() + message.as_bytes().replace(b"\n", b"\r\n"), NEW, f"Plain side of {number}"
        )
    for number in range(3300, 3330):
        page = (
            f"<p>Only a page, number {number}.<br>Second line &amp; more &nbsp; &#x1F642;</p><!-- hidden --><style>.a{{}}</style>"
            + "<div>" * (number % 7 * 40)
        )
        kind = "Content-Type: text/html; charset=utf-8\r\n"
        yield Sample(f"html {number}", mail(number, page, extra=kind), NEW, f"Only a page, number {number}.")
    for number in range(3400, 3410):
        body = winmail(f"In Outlook's own words, {number}", [("offer.txt", b"an offer"), ("scan.pdf", b"%PDF-1.4")])
        message = EmailMessage()
        message.set_content("" if number % 2 else f"Beside it, {number}")
        message.add_attachment(body, maintype="application", subtype="ms-tnef", filename="winmail.dat")
        says = "In Outlook" if number % 2 else "Beside it"
        yield Sample(f"winmail {number}", head(number, "From Outlook").encode() + message.as_bytes().replace(b"\n", b"\r\n"), NEW, says)
    yield Sample("winmail broken", mail(3420, "x", extra="Content-Type: application/ms-tnef; name=winmail.dat\r\n"), NEW)
    for number, method in enumerate(("REQUEST", "REPLY", "CANCEL", "PUBLISH"), 3430):
        kind = f'Content-Type: text/calendar; method={method}; charset="utf-8"\r\n'
        yield Sample(
            f"calendar {method}",
            mail(number, f"BEGIN:VCALENDAR\nMETHOD:{method}\nEND:VCALENDAR", f"Meeting {method}", extra=kind),
            NEW,
            "Meeting",
        )
    inner = mail(1, "The forwarded words", "The old subject").decode()
    for number in range(3500, 3505):
        body = f"--b\nContent-Type: text/plain\n\nSee below, {number}.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--"
        yield Sample(
            f"forwarded {number}",
            mail(number, body, extra="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"),
            NEW,
            "See below",
        )


def broken() -> Iterator[Sample]:
    """Mail that breaks the rules: none may be lost for that."""
    mixed = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    made = {
        "no headers": b"\r\nJust words without any header at all.\r\n",
        "no body": head(4001).encode() + b"\r\n",
        "headers only": head(4002).encode().rstrip(),
        "no boundary": mail(4003, "text", extra="Content-Type: multipart/mixed\r\n"),
        "boundary never found": mail(4004, "text that is there", extra=mixed),
        "boundary never closed": mail(4005, "--b\n\nfirst part is there", extra=mixed),
        "empty multipart": mail(4006, "--b--", extra=mixed),
        "bad base64": mail(4007, "this is !!! not base64 ==", extra="Content-Transfer-Encoding: base64\r\n"),
        "base64 cut off": mail(4008, "VGhpcyBpcyBjdXQgb2Z", extra="Content-Transfer-Encoding: base64\r\n"),
        "bad quoted-printable": mail(4009, "a =ZZ b =\n= c =E", extra="Content-Transfer-Encoding: quoted-printable\r\n"),
        "unknown transfer encoding": mail(4010, "text", extra="Content-Transfer-Encoding: x-uu-something\r\n"),
        "uuencode": mail(4011, "begin 644 a.txt\n#86)C\n`\nend", extra="Content-Transfer-Encoding: x-uuencode\r\n"),
        "bare line feeds": mail(4012, "text").replace(b"\r\n", b"\n"),
        "bare carriage returns": mail(4013, "text").replace(b"\r\n", b"\r"),
        "long line": mail(4014, "x" * 200_000),
        "long header": mail(4015, "text", "s" * 100_000),
        "many headers": mail(4016, "text", extra="".join(f"X-H{n}: v\r\n" for n in range(5000))),
        "raw bytes in subject": head(4017, "RAW").encode().replace(b"RAW", "Größe".encode("cp1252")) + b"\r\ntext\r\n",
        "raw utf-8 in from": head(4018, sender="Jürgen <juergen@people.example>").encode() + b"\r\ntext\r\n",
        "from without address": mail(4019, "text", sender="Nobody in particular"),
        "from with many": mail(4020, "text of 4020 many", sender="A <many@people.example>, B <b@people.example>"),
        "from a group": mail(4021, "text", sender="Friends: group@people.example, b@people.example;"),
        "from broken": mail(4022, "text", sender='"unclosed <x@people.example'),
        "from empty": mail(4023, "text").replace(b"Person 4023 <person4023@people.example>", b"<>"),
        "no message-id": mail(4024, "no id here").replace(b"Message-ID: <m4024@people.example>\r\n", b""),
        "message-id broken": mail(4025, "text").replace(b"<m4025@people.example>", b"m4025 people"),
        "message-id empty": mail(4026, "words of 4026").replace(b"<m4026@people.example>", b"<>"),
        "two message-ids": mail(4027, "text", extra="Message-ID: <other@people.example>\r\n"),
        "encoded word broken": mail(4028, "text", "=?utf-8?b?not base64!?= and =?utf-8?q?=ZZ?= and =?nope?x?y?="),
        "encoded word endless": mail(4029, "text", "=?utf-8?b?" + "QUFB" * 5000),
        "zero bytes": mail(4030, "a\x00b\x00c"),
        "control characters": mail(4031, "".join(map(chr, range(1, 32))) + "end"),
        "surrogates": head(4032, extra="Content-Type: text/plain; charset=utf-8\r\n").encode() + b"\r\n\xed\xa0\x80 half\r\n",
        "folded oddly": mail(4033, "text", "a\r\n \r\n\t b"),
        "date broken": mail(4034, "text").replace(b"Tue, 3 Mar 2026 10:00:00 +0100", b"Yesterday, around ten"),
        "content-type broken": mail(4035, "text", extra="Content-Type: ;;;=;text\r\n"),
        "content-type twice": mail(4036, "text", extra="Content-Type: text/plain\r\nContent-Type: text/html\r\n"),
        "file name broken": mail(4037, "text", extra="Content-Disposition: attachment; filename*=utf-8''%ZZ%; filename*0*=x''a; filename*1=b\r\n"),
        "mbox line on top": b"From person Tue Mar  3 10:00:00 2026\r\n" + mail(4038, "text"),
        "html broken": mail(4039, "<p><b><table><td>Still <i>there", extra="Content-Type: text/html\r\n"),
        "html empty": mail(4040, "", extra="Content-Type: text/html\r\n"),
        "html with another charset": mail(4041, "<meta charset=utf-16><p>there", extra="Content-Type: text/html; charset=utf-8\r\n"),
        "xml bomb as html": mail(4042, '<!DOCTYPE a [<!ENTITY x "y">]><p>&x;&x;there', extra="Content-Type: text/html\r\n"),
        "only a signature": mail(4043, "-- \nJo", ""),
        "rfc822 that is text": mail(4044, "not a mail", extra="Content-Type: message/rfc822\r\n"),
        "message/partial": mail(4045, "part one of two", extra='Content-Type: message/partial; id="x"; number=1; total=2\r\n'),
        "encrypted": mail(4046, "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--",
                          extra="MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary=b\r\n"),
        "signed": mail(4047, "--b\n\nSigned words\n--b\nContent-Type: application/pgp-signature\n\nxyz\n--b--",
                       extra="MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n"),
        "thousand parts": mail(4048, "".join(f"--b\n\npart {n}\n" for n in range(1000)) + "--b--", extra=mixed),
        "random bytes": bytes((n * 7919 + n // 3) % 256 for n in range(4000)),
        "one byte": b"x",
        "utf-16 all of it": "From: a@people.example\r\n\r\ntext".encode("utf-16"),
        "references broken": mail(4052, "text", extra="References: <<a>> <b@ c> <>\r\nIn-Reply-To: your letter\r\n"),
        "references endless": mail(4053, "text", extra="References: " + " ".join(f"<r{n}@x>" for n in range(3000)) + "\r\n"),
    }  # fmt: skip
    for name, raw in made.items():
        yield Sample(name, raw, NEW)


def machines() -> Iterator[Sample]:
    """Mail that no person wrote, and that says about no complaint: kept aside, never answered."""
    heads = {
        "auto-replied": "Auto-Submitted: auto-replied\r\n", "auto-generated": "Auto-Submitted: auto-generated\r\n",
        "auto-notified": "Auto-Submitted: auto-notified; owner-email=x\r\n", "precedence auto_reply": "Precedence: auto_reply\r\n",
        "x-autoreply": "X-Autoreply: yes\r\n", "x-autorespond": "X-Autorespond: yes\r\n", "precedence bulk": "Precedence: bulk\r\n",
        "precedence junk": "Precedence: junk\r\n", "precedence list": "Precedence: list\r\n", "list": "List-Id: <l.example>\r\n",
        "newsletter": "List-Unsubscribe: <mailto:x@y.example>\r\n", "null sender": "Return-Path: <>\r\n", "spam": "X-Spam-Flag: YES\r\n",
        "feedback": "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n",
        "read receipt": "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
    }  # fmt: skip
    for number, (name, extra) in enumerate(heads.items(), 5000):
        for copy in range(3):
            yield Sample(f"{name} {copy}", mail(number * 10 + copy, f"I am a machine, {name}, {copy}.", extra=extra), ASIDE)
    subjects = [
        "Automatic reply: Your complaint", "Out of Office: away", "Out of the office until Monday", "Abwesenheitsnotiz: Urlaub", "Réponse automatique : absence",
        "Respuesta automática: vacaciones", "Auto-Reply: thanks", "Automatische Antwort: Ihre Nachricht", "AutoReply received", "Automatisch antwoord: weg",
        "OOO: back soon", "Vacation", "Away from my mail", "Risposta automatica: ferie", "Resposta automática: ferias",
    ]  # fmt: skip
    for number, subject in enumerate(subjects, 5700):
        yield Sample(subject, mail(number, "I am away until Monday.", Header(subject, "utf-8").encode()), ASIDE)
    for number, sender in enumerate(
        ["MAILER-DAEMON@x.example", "postmaster@x.example", "no-reply@x.example", "noreply+17@x.example", "bounces@x.example", "root@x.example",
         "donotreply@x.example", "complaints@example.org"], 5800,
    ):  # fmt: skip
        yield Sample(sender, mail(number, "Something from a machine.", sender=sender), ASIDE)


def bounce(number: int, original: str, action: str = "failed", status: str = "5.1.1", quoted: bool = True) -> bytes:
    """A delivery report for the mail with this Message-ID."""
    report = f"Final-Recipient: rfc822; gone@people.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 No such user"
    last = f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {original}\nSubject: Yours\n" if quoted else ""
    body = f"--b\n\nIt did not arrive.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{report}\n\n{last}--b--"
    kind = "Return-Path: <>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
    return mail(number, body, "Undelivered Mail Returned to Sender", "Mail Delivery System <MAILER-DAEMON@mx.example>", kind)


def about(reference: str, message_id: str, sender: str) -> Iterator[Sample]:
    """Mail about a complaint there is, known by its reference, by what it answers, or by what it quotes."""
    for number in range(6000, 6020):
        yield Sample(
            f"reply {number}",
            mail(number, f"My answer {number}\n\n> your words", "Re: Your complaint", sender, f"In-Reply-To: {message_id}\r\n"),
            PART,
            f"My answer {number}",
        )
    for number in range(6020, 6035):
        extra = f"References: <a@x> {message_id} <b@y>\r\n"
        yield Sample(f"references {number}", mail(number, f"Chain {number}", "AW: something else", sender, extra), PART, f"Chain {number}")
    for number in range(6035, 6050):
        yield Sample(
            f"subject {number}", mail(number, f"About it {number}", f"[{reference.lower()}] more", sender), PART, f"About it {number}"
        )
    for number in range(6050, 6060):
        yield Sample(
            f"quoted {number}", mail(number, f"As I said {number}\n\n> Reference: {reference}", "Re:", sender), PART, f"As I said {number}"
        )
    for number in range(6060, 6070):
        yield Sample(f"stranger {number}", mail(number, f"From elsewhere {number}", f"{reference}"), PART, f"From elsewhere {number}")
    for number in range(6070, 6080):
        extra = f"Auto-Submitted: auto-replied\r\nIn-Reply-To: {message_id}\r\n"
        yield Sample(f"holiday {number}", mail(number, f"Away {number}", "Automatic reply", sender, extra), PART, f"Away {number}")
    for number in range(6080, 6085):
        yield Sample(f"delayed {number}", bounce(number, message_id, "delayed", "4.4.7"), PART, "did not arrive")
    for number in range(6085, 6090):
        yield Sample(f"bounce {number}", bounce(number, message_id), PART, "did not arrive")
    plain = f"Delivery to the following recipient failed permanently.\n\n Message-ID: {message_id}\n"
    yield Sample(
        "bounce without a standard",
        mail(6090, plain, "Delivery Status Notification (Failure)", "postmaster@mx.example"),
        PART,
        "failed permanently",
    )
    for number in range(6091, 6096):
        yield Sample(f"bounce of somebody else's {number}", bounce(number, f"<x{number}@elsewhere>"), ASIDE)
        yield Sample(f"bounce that says nothing {number}", bounce(number + 10, "", quoted=False), ASIDE)


def loops() -> Iterator[Sample]:
    """Machines that do not say that they are some: the first may be taken for a person, the others say the same."""
    for sender in range(5):
        for copy in range(8):
            who = f"Desk {sender} <desk{sender}@robots.example>"
            text = f"Thank you. Your ticket {7000 + copy} was opened at 10:{copy:02d}."
            yield Sample(
                f"robot {sender} {copy}", mail(7000 + sender * 10 + copy, text, f"Ticket {7000 + copy}", who), NEW if copy == 0 else PART
            )


def large() -> Iterator[Sample]:
    """Fifty megabytes in one file."""
    message = EmailMessage()
    message.set_content("With a film.")
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 144_000
    message.add_attachment(film, maintype="video", subtype="mp4", filename="film.mp4")
    yield Sample("50 MB", head(8000).encode() + message.as_bytes().replace(b"\n", b"\r\n"), NEW, "With a film.")


def people() -> Iterator[Sample]:
    """Plain mail of people, a few each."""
    for number in range(9000, 9070):
        who = f"Person {number} <sender{number % 10}@many{number // 10}.example>"
        assert usable(who.partition("<")[2][:-1])
        yield Sample(
            f"plain {number}",
            mail(number, f"The train was late, {number} minutes. Word {'abcdefghij'[number % 10] * 5}.", f"Late {number}", who),
            NEW,
            str(number),
        )


def corpus(reference: str, message_id: str, sender: str) -> list[Sample]:
    """All of them, in an order that is the same each time."""
    parts = (
        people(),
        encodings(),
        wrong_encodings(),
        shapes(),
        broken(),
        machines(),
        about(reference, message_id, sender),
        loops(),
        large(),
    )
    return [sample for part in parts for sample in part]


def winmail(text: str, files: list[tuple[str, bytes]]) -> bytes:
    """A winmail.dat as Outlook writes one."""

    def attribute(level: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    made = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    made += attribute(1, 0x0002800C, text.encode("cp1252") + b"\0")
    for name, body in files:
        made += (
            attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, name.encode("cp1252") + b"\0") + attribute(2, 0x0006800F, body)
        )
    return made


def _zip(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return held.getvalue()
