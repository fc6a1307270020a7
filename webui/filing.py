"""File a complaint, step by step: for a complainant without an account, and for staff on behalf of somebody (ISO 10002, 4.5 and 7.2).

Each step is kept on the server when it is left, forwards or back; nothing is sent before the page that shows all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, request, url_for

from amends.engine.definitions import translations
from amends.engine.errors import AmendsError, Invalid, NotFound
from amends.engine.services.recipients import reached_by, usable
from amends.forms.form import Form
from amends.webui import actors, filling, follow, languages, packages, speech, zone
from amends.webui.limits import count_attempt
from amends.webui.pages import page, say, see
from amends.webui.speech import say as say_it
from amends.webui.state import application, now, own_session, remember, setting, web

blueprint = Blueprint("filing", __name__)
CHANNELS = {"phone": "By phone", "post": "By post", "email": "By e-mail", "visit": "In person"}
CHECK = "check"
DRAFT = "filing:"
"""Begins the key of every draft of a complaint, so that a link opens these and no draft of anything else."""
NEW = "complainant"
"""Who files a complaint on the web: there is no reference yet."""


class Filing:
    """One complaint being written: whose it is, its form and its draft."""

    def __init__(self, staff: bool) -> None:
        """Find the draft of this browser, or begin one; `staff` writes on behalf of somebody."""
        package = packages.complaint_package()
        if package is None:
            raise NotFound(say_it("Complaints cannot be taken here yet: no process is deployed. Please use another way to reach us."))
        self.staff = staff
        self.slot = "staff_draft" if staff else "draft"
        self.form: Form = filling.form_of(package, package.manifest.complaints.form)
        self.context: dict[str, Any] = {"settings": dict(package.manifest.settings)}
        self.key: str = own_session().get(self.slot) or ""
        if self.key:
            web().drafts.recover(self.key, setting("AMENDS_SENDING_SECONDS"))
        self.draft: dict[str, Any] = web().drafts.read(self.key) or {}

    @property
    def steps(self) -> list[Any]:
        """The steps that have something to ask, given the answers so far."""
        return self.form.open_steps(self.draft.get("data", {}), context=self.context)

    def fresh(self) -> None:
        """Begin a new complaint where this browser has sent one already; the old one's secret link is not kept on the server."""
        if self.draft.get("filed"):
            web().drafts.forget(self.key)
            self.key, self.draft = "", {}

    def is_sent(self) -> bool:
        """Whether it is being sent by another request, or was sent since this one looked."""
        drafts = web().drafts
        return bool(self.key) and (drafts.is_taken(self.key) or bool((drafts.read(self.key) or {}).get("filed")))

    def save(self) -> None:
        """Keep the draft, and remember it in the session."""
        if not self.key:
            self.key = DRAFT + web().drafts.new_key()
            remember(**{self.slot: self.key})
        web().drafts.write(self.key, self.draft, staff=self.staff)

    def go(self, to: int | str) -> Response:
        """To a step, or to the page that shows everything."""
        which = "staff_" if self.staff else ""
        return see(f"amends.filing.{which}check") if to == CHECK else see(f"amends.filing.{which}step", number=to)

    def url(self, page_name: str, **values: Any) -> str:
        """The address of a page of this filing."""
        return url_for(f"amends.filing.{'staff_' if self.staff else ''}{page_name}", **values)


def _staff_gate() -> Any:
    return actors.gate(work=True) if request.endpoint and ".staff_" in request.endpoint else None


blueprint.before_request(_staff_gate)


@blueprint.get("/complain", endpoint="start", defaults={"staff": False})
@blueprint.get("/file", endpoint="staff_start", defaults={"staff": True})
def start(staff: bool) -> Response:
    """Begin, or go on where one was."""
    filing = Filing(staff)
    filing.fresh()
    if staff and not filing.draft.get("channel"):
        return page("filing/channel.html", channels=CHANNELS, errors={}, chosen="", received=zone.today_at())
    return filing.go(filing.draft.get("at", 1))


@blueprint.post("/file")
def staff_channel() -> Response:
    """How and when the complaint came, before its form."""
    filing = Filing(staff=True)
    filing.fresh()
    channel, typed = request.form.get("channel", ""), request.form.get("received", "")
    errors = {} if channel in CHANNELS else {"channel-phone": "Select how the complaint came"}
    received = None
    try:
        received = zone.parse_local(typed) if typed else now()
        if received > now():
            errors["received"] = "The complaint must have come today or earlier"
    except ValueError:
        errors["received"] = "Enter the day and time it came, like 2026-11-22 14:30"
    if errors or received is None:
        return page("filing/channel.html", 422, channels=CHANNELS, errors=errors, chosen=channel, received=typed)
    filing.draft |= {"channel": channel, "received_at": received.isoformat(), "at": 1}
    filing.save()
    return filing.go(1)


@blueprint.get("/complain/<int:number>", endpoint="step", defaults={"staff": False})
@blueprint.get("/file/<int:number>", endpoint="staff_step", defaults={"staff": True})
def step(staff: bool, number: int) -> Response:
    """One step of the form."""
    filing = Filing(staff)
    filing.fresh()
    if not 1 <= number <= len(filing.steps):
        return filing.go(1)
    return _show(filing, number)


@blueprint.post("/complain/<int:number>", endpoint="keep", defaults={"staff": False})
@blueprint.post("/file/<int:number>", endpoint="staff_keep", defaults={"staff": True})
def keep(staff: bool, number: int) -> Response:
    """Keep a step as typed; go on only when it is right, back always."""
    filing = Filing(staff)
    filing.fresh()
    if not 1 <= number <= len(filing.steps):
        return filing.go(1)
    if not filing.key:
        filing.save()
    this = filing.steps[number - 1]
    looking = filling.looking()
    filing.draft["at"] = number
    try:
        submission = filling.read_post(filing.form, filing.key, filing.draft, this.index, filing.context, files=not looking)
    except filling.Refused as error:
        filing.save()
        return _show(filing, number, filling.at_fields(error), 422)
    filing.save()
    wanted = request.form.get("go", "next")
    if looking:
        wrong = filling.still_wrong(filing.form, filing.draft["data"], context=filing.context, step=this)
        revealed = filing.form.unseen(submission, filing.draft["data"], context=filing.context, step=this)
        return _show(filing, number, wrong, revealed=bool(revealed))
    if submission.action is not None:
        return _show(filing, number)
    if wanted == "back":
        return filing.go(number - 1) if number > 1 else see("amends.complainant.start" if not staff else "amends.inbox.tasks")
    if wanted == "later":
        link = url_for("amends.filing.resume", key=filing.key.removeprefix(DRAFT), _external=True)
        return page("filing/later.html", link=link, hours=web().drafts.hours)
    if filing.form.unseen(submission, filing.draft["data"], context=filing.context, step=this):
        return _show(filing, number, revealed=True)
    try:
        filing.form.validate(filing.draft["data"], context=filing.context, step=this)
    except Invalid as error:
        return _show(filing, number, error.fields, 422)
    after = next((place for place, one in enumerate(filing.steps, 1) if one.index > this.index), None)
    return filing.go(CHECK if after is None or filing.draft.get("checked") else after)


@blueprint.get("/complain/check", endpoint="check", defaults={"staff": False})
@blueprint.get("/file/check", endpoint="staff_check", defaults={"staff": True})
def check(staff: bool) -> Response:
    """Everything at a glance, each part with a way to change it."""
    filing = Filing(staff)
    if not filing.draft.get("data"):
        return filing.go(1) if not staff else see("amends.filing.staff_start")
    filing.draft["checked"] = True
    filing.save()
    return _check(filing)


@blueprint.post("/complain/check", endpoint="send", defaults={"staff": False})
@blueprint.post("/file/check", endpoint="staff_send", defaults={"staff": True})
def send(staff: bool) -> Response:
    """Send the complaint, once: a second click on the button finds it sent and shows the same reference."""
    filing = Filing(staff)
    received = "amends.filing.staff_received" if staff else "amends.filing.received"
    if filing.draft.get("filed"):
        return see(received)
    if not filing.draft.get("data"):
        return see(received) if filing.is_sent() else filing.go(1)
    if not staff:
        count_attempt("file")
    try:
        data = filing.form.validate(filing.draft["data"], context=filing.context)
    except Invalid as error:
        return _check(filing, error.fields, 422)
    if not web().drafts.take(filing.key):
        return see(received)
    try:
        filed = _file(filing, data)
    except AmendsError:
        web().drafts.give_back(filing.key)
        raise
    filing.draft = {"filed": {"reference": filed.reference, "secret": filed.secret, **_reached(data)}}
    # First this, then the end of the sending: a second click always finds the one or the other.
    filing.save()
    web().drafts.finish(filing.key)
    return see(received)


def _file(filing: Filing, clean: Mapping[str, Any]) -> Any:
    who = actors.actor() if filing.staff else NEW
    data, files = filling.send_files(filing.key, filing.draft, clean, who)
    # Sent again after an interruption it is the same complaint. The draft's own key opens it, so it is not kept as it is.
    named = {"actor": who, "files": files, "key": f"filing {sha256(filing.key.encode()).hexdigest()}"}
    named["language"] = _language(filing, clean)
    if not filing.staff:
        return application().register.file(data, channel="web", **named)
    received_at = datetime.fromisoformat(filing.draft["received_at"]).astimezone(UTC)
    return application().register.file(data, channel=filing.draft["channel"], received_at=received_at, **named)


def _language(filing: Filing, clean: Mapping[str, Any]) -> str:
    """The language letters are written in: the one asked for in the form, if the package has it, else the one the page was read in."""
    package = packages.complaint_package()
    asked = clean.get("language")
    known = translations.languages(package) if package is not None else []
    return languages.code_of(str(asked or ""), known) or ("" if filing.staff else speech.current())


@blueprint.get("/complain/received", endpoint="received", defaults={"staff": False})
@blueprint.get("/file/received", endpoint="staff_received", defaults={"staff": True})
def received(staff: bool) -> Response:
    """The reference, large, and the way to follow the complaint; to print."""
    filing = Filing(staff)
    filed = filing.draft.get("filed")
    if filed is None and filing.draft.get("data"):
        say(say_it("Sending was interrupted. Please look through it and send it once more; it arrives only once."))
        return filing.go(CHECK)
    if filed is None:
        return page("filing/sending.html", 202) if filing.is_sent() else see("amends.complainant.start")
    register = application().register
    complaint = register.get(reference=filed["reference"])
    link = follow.address(filed["secret"])
    return page(
        "filing/received.html", narrow=True, filed=filed, link=link, staff=staff, complaint=complaint,
        progress=register.progress(complaint), recourse=packages.recourse(),
    )  # fmt: skip


@blueprint.post("/complain/again", endpoint="again", defaults={"staff": False})
@blueprint.post("/file/again", endpoint="staff_again", defaults={"staff": True})
def again(staff: bool) -> Response:
    """Throw the draft away, or leave the page with the secret link."""
    filing = Filing(staff)
    if filing.key:
        web().drafts.forget(filing.key)
    remember(**{filing.slot: None})
    say(say_it("This browser keeps nothing of it any more."))
    return see("amends.filing.staff_start" if staff else "amends.complainant.start")


@blueprint.get("/complain/resume/<key>")
def resume(key: str) -> Response:
    """Go on with a draft from a link kept for that; the key leaves the address at once."""
    count_attempt("follow")
    if web().drafts.read(DRAFT + key) is None:
        raise NotFound(
            say_it("There is no saved complaint under this link any more: it was sent, or kept for too long. You can start a new one.")
        )
    remember(draft=DRAFT + key)
    return see("amends.filing.start")


def _show(filing: Filing, number: int, errors: Mapping[str, Any] | None = None, status: int = 200, revealed: bool = False) -> Response:
    steps = filing.steps
    this = steps[number - 1]
    model = filing.form.render(filing.draft.get("data", {}), context=filing.context, errors=errors, step=this)
    return page(
        "filing/step.html", status, narrow=True, filing=filing, model=model, number=number, count=len(steps), revealed=revealed,
        titles=[one.title for one in steps],
    )  # fmt: skip


def _check(filing: Filing, errors: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    data = filing.draft.get("data", {})
    parts = [
        (place, one.title, *filling.answered(filing.form.render(data, context=filing.context, step=one)))
        for place, one in enumerate(filing.steps, 1)
    ]
    wrong = []
    for key, texts in (errors or {}).items():
        at = filing.form.step_of(key)
        place = next((place for place, one in enumerate(filing.steps, 1) if at is not None and one.index == at.index), 1)
        wrong += [(place, text) for text in texts]
    return page("filing/check.html", status, narrow=True, filing=filing, parts=parts, wrong=wrong, channels=CHANNELS)


def _reached(data: Mapping[str, Any]) -> dict[str, Any]:
    """Where what we say goes by these answers, as a letter would: promised is only what happens."""
    email = usable(data.get("email"))
    by = reached_by(data, email)
    return {"email": email if by == "email" else "", "phone": str(data["phone"]) if by == "phone" else "", "post": by == "post"}
