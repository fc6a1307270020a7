"""A complaint among staff: comments and whom they call in, what belongs to it, and who else is looking at it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, request

from amends.engine.errors import Conflict, Invalid, NotFound
from amends.webui import actors, asked, begun, times
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application, now

blueprint = Blueprint("talk", __name__)
KINDS = {"related": "Belongs to this one", "duplicate": "Says the same again"}
UNSEEN = "Hidden from you"


@dataclass(frozen=True)
class Said:
    """A comment as a page shows it."""

    id: str
    who: str
    at: datetime
    body: str
    told: str


@dataclass(frozen=True)
class Linked:
    """A linked complaint as a page shows it; without a reference where whoever looks may not see it."""

    reference: str
    subject: str
    words: str
    by: str
    at: datetime


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.AUDITOR, work=True)


@blueprint.post("/complaints/<reference>/comment")
def comment(reference: str) -> Response:
    """Say something about a complaint among staff."""
    complaint = _complaint(reference)
    body = request.form.get("comment", "")
    begun.keep(complaint)
    try:
        application().register.talk.say(complaint, body, actor=actors.actor())
    except Invalid as error:
        return page("complaint/comment.html", 422, complaint=complaint, typed=body, errors={"comment": ". ".join(error.fields["comment"])})
    begun.done(complaint, "comment")
    say("Your comment is there.")
    return see("amends.complaint.show", reference=reference, _anchor="comments")


@blueprint.post("/complaints/<reference>/draft")
def keep(reference: str) -> Response:
    """Keep what is begun on the page while it is typed; answers with a line that says so."""
    begun.keep(_complaint(reference))
    return make_response(f"Your draft was saved at {times.clock_time(now())}.")


@blueprint.get("/mentions")
def mentions() -> Response:
    """Where somebody was called in and has not looked yet."""
    unseen = application().register.talk.unseen(actors.signed_in().id)
    complaints = application().register.of_instances([one.instance_id for one in unseen])
    found = [(complaints[one.instance_id], name_of(one.author), one.at) for one in unseen]
    application().engine.record_reads([complaint.instance_id for complaint, _, _ in found], "mentions", actor=actors.actor())
    return page("inbox/mentions.html", found=found)


@blueprint.get("/complaints/<reference>/looking")
def looking(reference: str) -> Response:
    """Who else is looking now: asked by the page every half minute, so that it also says that this one is.

    What came in meanwhile stays new: the page does not show it.
    """
    others = application().register.presence.look(_complaint(reference).instance_id, actors.signed_in().id)
    return page("complaint/looking.html", looking=others)


@blueprint.get("/complaints/<reference>/similar")
def similar(reference: str) -> Response:
    """Complaints that may belong to this one."""
    return _similar(_complaint(reference), {})


def _similar(complaint: Any, errors: dict[str, str], status: int = 200) -> Response:
    actors.demand("write", instance_id=complaint.instance_id)
    found = application().register.relations.suggest(complaint, actor=actors.actor())
    application().engine.record_reads([one.instance_id for one in found], "similar complaints", actor=actors.actor())
    return page("complaint/similar.html", status, complaint=complaint, found=found, kinds=KINDS, errors=errors, asked=request.form)


@blueprint.post("/complaints/<reference>/related")
def relate(reference: str) -> Response:
    """Link another complaint, or take a link back."""
    complaint, relations = _complaint(reference), application().register.relations
    wanted, named, kind = asked.command("", "unlink"), request.form.get("other", "").strip().upper(), request.form.get("kind", "")
    if wanted == "unlink":
        other = _complaint(named)
        relations.unlink(complaint, other, actor=actors.actor())
        say(f"{other.reference} is not linked any more.")
        return see("amends.complaint.show", reference=reference, _anchor="related")
    if kind not in KINDS:
        return _similar(complaint, {"other": "Choose how they belong together"}, 422)
    try:
        other = _complaint(named)
        relations.link(complaint, other, kind, actor=actors.actor())
    except (Invalid, NotFound, Conflict) as error:
        return _similar(complaint, {"other": str(error)}, 422)
    say(f"{other.reference} is linked.")
    return see("amends.complaint.show", reference=reference, _anchor="related")


def talk_of(complaint: Any) -> list[Said]:
    """What was said among staff; whoever was called in has seen it now."""
    talk = application().register.talk
    talk.seen(complaint, actors.signed_in().id)
    said = talk.of(complaint)
    return [Said(one.id, name_of(one.author), one.at, one.body, ", ".join(map(name_of, one.mentions))) for one in said]


def related(complaint: Any) -> list[Linked]:
    """What a complaint is linked to; of one that whoever looks may not see, only that there is one."""
    found = []
    for one in application().register.relations.of(complaint):
        reference = subject = ""
        if actors.may("read", instance_id=one.instance_id):
            other = application().register.get(instance_id=one.instance_id)
            reference, subject = other.reference, other.subject
        found.append(Linked(reference, subject or UNSEEN, KINDS[one.kind], name_of(one.noted_by), one.noted_at))
    return found


def _complaint(reference: str) -> Any:
    """The complaint, for who may read it; another one is as if it were not there."""
    if not reference.strip():
        raise NotFound("Enter the reference of a complaint.")
    complaint = application().register.get(reference=reference)
    actors.demand("read", instance_id=complaint.instance_id)
    return complaint
