"""One complaint on one page for those who work on it, and how to find it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from amends.webui import actors, begun, filling, follow, story
from amends.webui.casework import About, about
from amends.webui.files import download
from amends.webui.filing import CHANNELS
from amends.webui.inbox import urgency
from amends.webui.pages import page, say, see
from amends.webui.people import everybody, name_of, noted
from amends.webui.state import application, now
from amends.webui.talk import related, talk_of

blueprint = Blueprint("complaint", __name__)
SHOWN = 50


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.AUDITOR, work=True)


@blueprint.get("/complaints")
def search() -> Response:
    """Complaints by state and stage, the newest first; a text to search for is posted, never in the address."""
    state, stage, after = request.args.get("state") or None, request.args.get("stage") or None, request.args.get("after") or None
    found = application().register.search(state=state, stage=stage, limit=SHOWN, after=after, actor=actors.actor())
    return _list(found, state=state, stage=stage)


@blueprint.post("/complaints")
def find() -> Response:
    """Search by reference, name or words; the only hit is opened at once."""
    text = request.form.get("text", "").strip()
    found = application().register.search(text=text or None, limit=SHOWN, actor=actors.actor())
    if len(found) == 1:
        return see("amends.complaint.show", reference=found[0].reference)
    return _list(found, text=text)


@blueprint.get("/complaints/<reference>")
def show(reference: str) -> Response:
    """Everything about a complaint: state and clocks first, then what was said and done, at last how it came."""
    return shown(reference, {})


def shown(reference: str, errors: dict[str, str], status: int = 200) -> Response:
    """The page, with what was wrong about who may see it, and what was typed there."""
    engine = application().engine
    read_at = engine.now()
    told = _about(reference)
    engine.record_read(told.view.id, "complaint", actor=actors.actor())
    open_tasks = sorted(engine.user_tasks(instance_id=told.view.id), key=urgency)
    coming = story.what_is_next(told.package, told.view)
    marked = dict.fromkeys((id for one in coming for id in one.ids), "next") | story.marks(told.events, told.view)
    diagrams = story.in_order(told.package, told.view.process_id)
    chosen = next((one for one in diagrams if one.file == request.args.get("diagram")), diagrams[0])
    return page(
        "complaint/show.html", status, errors=errors, asked=_asked(errors),
        about=told, complaint=told.complaint, incidents=told.view.incidents, people=_people(told),
        noted=noted(told.complaint), everybody=everybody(), may_restrict=actors.may("restrict", instance_id=told.view.id),
        team_names=application().accounts.team_names(), talk=talk_of(told.complaint), related=related(told.complaint),
        looking=application().register.presence.look(told.view.id, actors.signed_in().id, messages=read_at, comments=read_at),
        open_tasks=open_tasks, holders={one.id: name_of(one.assignee) for one in open_tasks}, waiting=_waiting(told.view.id), coming=coming,
        channels=CHANNELS, works=_works(), begun=begun.read(told.complaint),
        marked=marked, diagrams=diagrams, chosen=chosen, places=story.places(chosen, marked), is_active=_active_in(diagrams, marked),
        timeline=story.timeline(told.package, told.events, told.sight),
        name_of=lambda element_id: story.element_name(told.package, element_id),
    )  # fmt: skip


@blueprint.post("/complaints/<reference>/message")
def note(reference: str) -> Response:
    """Record what a complainant said by another way, or a file that belongs here."""
    told = _about(reference)
    actors.demand("write", instance_id=told.view.id)
    body = request.form.get("body", "").strip()
    begun.keep(told.complaint)  # before the files, of which one may be refused
    files = [upload for uploads in filling.read_files().values() for upload in uploads]
    channel = request.form.get("channel", "")
    errors = {} if body or files else {"body": "Enter what was said, or choose a file"}
    if channel not in CHANNELS:
        errors["channel"] = "Select how it came"
    if errors:
        return shown(reference, errors, 422)
    kept = filling.attach(files, actors.actor())
    application().register.receive(told.complaint, body, author=actors.actor(), channel=channel, files=kept)
    begun.done(told.complaint, "body", "channel")
    say("It is recorded.")
    return see("amends.complaint.show", reference=reference)


@blueprint.post("/complaints/<reference>/link")
def renew_link(reference: str) -> Response:
    """A new follow-up link for somebody who has lost theirs, shown on this very page and never again."""
    told = _about(reference)
    actors.demand("write", instance_id=told.view.id)
    end_old = request.form.get("end_old") == "yes"
    secret = application().register.renew_secret(told.complaint, actor=actors.actor(), end_old=end_old)
    return page("complaint/link.html", complaint=told.complaint, link=follow.address(secret), secret=secret, end_old=end_old)


@blueprint.get("/complaints/<reference>/files/<file_id>")
def file(reference: str, file_id: str) -> Response:
    """A file of the complaint, always as a download: nothing somebody sent is shown by our site itself."""
    told = _about(reference)
    found, body = application().register.file_body(told.complaint, file_id)
    application().engine.record_read(told.view.id, f"file {file_id}", actor=actors.actor())
    return download(body, found.name)


@blueprint.post("/complaints/<reference>/retry")
def retry(reference: str) -> Response:
    """Try again what is held up."""
    told = _about(reference)
    actors.demand("operate", instance_id=told.view.id, reference=reference)
    for incident in told.view.incidents:
        application().engine.retry_incident(incident.id, actor=actors.actor())
    say("It is being tried again.")
    return see("amends.complaint.show", reference=reference)


def _asked(errors: dict[str, str]) -> dict[str, str]:
    """What was typed and chosen, where that could not be taken; the words are kept with what was begun."""
    return {name: request.form.get(name, "") if errors else "" for name in ("person", "part", "reason", "channel")}


def _works() -> bool:
    return bool(actors.work_roles(actors.account()))


def _about(reference: str) -> About:
    complaint = application().register.get(reference=reference)
    actors.demand("read", instance_id=complaint.instance_id)
    return about(application().engine.instance(complaint.instance_id))


def _list(found: list[Any], text: str = "", state: str | None = None, stage: str | None = None) -> Response:
    application().engine.record_reads([one.instance_id for one in found], "complaints", actor=actors.actor())
    more = found[-1].reference if len(found) == SHOWN and not text else None
    return page("complaint/list.html", complaints=found, text=text, state=state, stage=stage, more=more)


def _waiting(instance_id: str) -> list[Any]:
    """What the process waits for; timers of clocks that have stopped never fire and say nothing."""
    never = now() + timedelta(days=100 * 365)
    return [one for one in application().engine.waiting(instance_id) if one.due_at is None or one.due_at < never]


def _people(told: About) -> list[tuple[str, list[str]]]:
    """Who did what, and what they may therefore not do (ISO 10002, 4.7)."""
    did: dict[str, list[str]] = {}
    barred: dict[str, list[str]] = {}
    for one in told.done:
        did.setdefault(one.who, []).append(one.name)
    for diagram in told.package.diagrams:
        for element in diagram.all_elements():
            apart = {name.strip() for name in str(element.ext.properties.get("not_done_by", "")).split(",") if name.strip()}
            for who in {one.who for one in told.done if one.element_id in apart}:
                barred.setdefault(who, []).append(element.name or element.id)
    found = []
    for who, what in did.items():
        lines = [", ".join(dict.fromkeys(what))]
        if who in barred:
            lines.append(f"May therefore not do: {', '.join(dict.fromkeys(barred[who]))}")
        found.append((who, lines))
    return found


def _active_in(diagrams: list[Any], marked: dict[str, str]) -> dict[str, bool]:
    """Diagram file → whether something is going on in it."""
    return {one.file: any(marked.get(element.id) in ("active", "incident") for element in one.all_elements()) for one in diagrams}
