"""The post room: letters to print and put into envelopes, and mail that came in and waits for a person."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import Conflict, Invalid, NotFound
from amends.webui import actors, asked, zone
from amends.webui.files import download
from amends.webui.pages import page, say, see
from amends.webui.state import application
from amends.webui.words import count

blueprint = Blueprint("post", __name__)
LONGEST = 5_000
"""So many characters of a mail are shown to decide by; all of it can be opened as a file."""


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(work=True)


@blueprint.get("/post")
def show() -> Response:
    """What is to be printed, and what came in."""
    return _show({})


def _show(errors: dict[str, str], status: int = 200) -> Response:
    letters = [one for one in application().print_queue.waiting() if actors.may("read", instance_id=one.instance_id)]
    application().engine.record_reads([one.instance_id for one in letters], "letters to print", actor=actors.actor())
    mails = []
    for one in application().mail_in.list():
        found = application().mail_in.read(one.id)
        mails.append({"about": one, "mail": found, "text": found.text[:LONGEST]})
    application().engine.record_reads_of("mail", [one["about"].id for one in mails], "mail that waits", actor=actors.actor())
    return page(
        "post/show.html", status, letters=letters, mails=mails, errors=errors, chosen=request.form.getlist("key"),
        at=request.form.get("at", ""),
    )  # fmt: skip


@blueprint.get("/post/<path:key>.pdf")
def letter(key: str) -> Response:
    """One letter, to print."""
    found = application().print_queue.one(key)
    # Not only to read: the link in it is one by which somebody answers as the complainant.
    actors.demand("write", instance_id=found.instance_id)
    application().engine.record_read(found.instance_id, "letter to print", actor=actors.actor())
    return download(application().print_queue.pdf(key, actor=actors.actor()), f"{found.reference}.pdf", "application/pdf")


@blueprint.post("/post/posted")
def posted() -> Response:
    """Say that letters are in the post, that they were said by telephone, dealt with another way, or could not be given."""
    queue, keys = application().print_queue, request.form.getlist("key")
    ways = {
        "told": (queue.told, "said by telephone"), "otherwise": (queue.otherwise, "dealt with another way"),
        "not given": (queue.not_given, "not given. What waited for it is held up until somebody says how the complainant is reached"),
    }  # fmt: skip
    way, words = ways.get(asked.command("", "posted", *ways), (queue.posted, "posted"))
    if not keys:
        return _show({"letters": "Choose letters first"}, 422)
    at = request.form.get("at", "").strip()
    try:
        when = zone.parse_local(at) if at else None
    except ValueError:
        return _show({"at": "Enter a date and a time, such as 2026-03-02T16:30"}, 422)
    letters = {key: queue.of(key) for key in dict.fromkeys(keys)}
    for found in letters.values():
        if found is not None:
            actors.demand("write", instance_id=found.instance_id)
    done, left, wrong = 0, [], dict[str, str]()
    for key, found in letters.items():
        try:
            way(key, actor=actors.actor(), at=when)
            done += 1
        except Invalid as error:
            wrong |= {"at": f"{error} {error.fields['at'][0]}."}
        except (NotFound, Conflict) as error:  # a colleague was faster: the others are recorded all the same
            left.append(f"{found.reference} to {found.recipient}: {error}" if found is not None else str(error))
    told = f"{count(done, 'letter is', 'letters are')} recorded as {words}."
    if left:
        wrong |= {"letters": " ".join([told, f"{count(len(left), 'letter is', 'letters are')} not:", *left])}
    if wrong:
        return _show(wrong, 409 if left else 422)
    say(told)
    return see("amends.post.show")


@blueprint.get("/post/mail/<mail_id>.eml")
def raw(mail_id: str) -> Response:
    """A mail that waits, as it came, as a download."""
    body = application().mail_in.raw(mail_id)
    application().engine.record_reads_of("mail", [mail_id], "mail that waits", actor=actors.actor())
    return download(body, f"{mail_id}.eml", "application/octet-stream")


@blueprint.post("/post/mail/<mail_id>")
def settle(mail_id: str) -> Response:
    """Say what a mail is: a new complaint, part of one, or none."""
    wanted, reference = asked.command("part", "complaint", "none"), request.form.get(f"reference-{mail_id}", "").strip().upper()
    try:
        if wanted == "part":
            complaint = application().register.get(reference)
            actors.demand("write", instance_id=complaint.instance_id)
            application().mail_in.settle(mail_id, actor=actors.actor(), reference=complaint.reference)
        else:
            application().mail_in.settle(mail_id, actor=actors.actor(), complaint=wanted == "complaint")
    except NotFound as error:
        return _show({f"reference-{mail_id}": str(error)}, 422)
    except Conflict as error:
        return _show({"mails": str(error)}, 409)
    say({"part": "The mail is in the complaint.", "complaint": "The mail is a complaint now."}.get(wanted, "The mail is put away."))
    return see("amends.post.show")
