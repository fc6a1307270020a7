"""Follow a complaint without an account: where it stands, what was said, what one can do (ISO 10002, 7.3 and 7.9).

The secret stands in an address only once: that page lets this browser in and leads on, so it stays out of the address bar,
of what other sites are told, and of what the browser offers the next person to type.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from amends.engine.errors import Conflict, Forbidden, Invalid, NotFound
from amends.engine.services import follow_address
from amends.webui import actors, casework, filling, languages, packages, speech
from amends.webui.errors import typed
from amends.webui.limits import count_attempt
from amends.webui.pages import page, say, see
from amends.webui.speech import say as say_it
from amends.webui.state import application, setting, web

blueprint = Blueprint("follow", __name__)
WRONG = "There is no complaint with this reference and code. Check both as they stand on the page or in the letter you were given."
LONGEST = 20_000


@blueprint.get("/f/<secret>")
def secret_link(secret: str) -> Response:
    """The link a complainant was given. It ends none that were given out before it: gateways open the links of mails they let through."""
    count_attempt("follow")
    try:
        complaint = application().register.by_link(secret)
    except NotFound:
        # A language is chosen on the page that helps: the secret must not come into another address.
        return page("follow/ended.html", 404, narrow=True, here=url_for("amends.follow.lost"))
    actors.follow_open(complaint.reference, secret)
    languages.prefer(str(application().engine.instance(complaint.instance_id).variables.get("language") or ""))
    return see("amends.follow.show", reference=complaint.reference)


@blueprint.get("/follow")
def find() -> Response:
    """Ask for the reference and the code."""
    return page("follow/find.html", narrow=True, reference="", errors={})


@blueprint.post("/follow")
def enter() -> Response:
    """Let the browser in that knows both; which of the two was wrong is not said."""
    count_attempt("follow")
    reference, secret = request.form.get("reference", "").strip().upper(), request.form.get("secret", "").strip()
    try:
        complaint = application().register.by_secret(reference, secret)
    except NotFound:
        return page("follow/find.html", 422, narrow=True, reference=reference, errors={"reference": say_it(WRONG)})
    actors.follow_open(complaint.reference, secret)
    actors.follow_used(complaint)
    return see("amends.follow.show", reference=complaint.reference)


@blueprint.get("/follow/lost")
def lost() -> Response:
    """Ask for a new link by mail."""
    return _lost()


@blueprint.post("/follow/lost")
def ask() -> Response:
    """Take the wish for a new link; the answer is the same whatever was typed, and is given before anybody has looked."""
    count_attempt("follow")
    reference, email = request.form.get("reference", "").strip(), request.form.get("email", "").strip()
    errors = {}
    if not reference:
        errors["reference"] = say_it("Enter the reference of your complaint")
    if "@" not in email:
        errors["email"] = say_it("Enter the e-mail address that you complained with")
    if errors:
        return _lost(422, reference, email, errors)
    application().register.lost_links.ask(reference, email)
    return see("amends.follow.asked")


@blueprint.get("/follow/lost/asked")
def asked() -> Response:
    """What happens now if both were right."""
    return page("follow/asked.html", narrow=True, contact=packages.contact())


@blueprint.post("/follow/close")
def close() -> Response:
    """Forget the complaints this browser may follow."""
    actors.follow_close()
    say(say_it("This browser cannot open your complaint any more. Use your link or your code to come back."))
    return see("amends.follow.find")


@blueprint.get("/follow/<reference>")
def show(reference: str) -> Response:
    """Where the complaint stands and all that was said."""
    if not actors.may_follow(reference):
        return page("follow/find.html", 403, narrow=True, reference=reference, errors={})
    return _show(_complaint(reference))


@blueprint.post("/follow/<reference>/message")
def write(reference: str) -> Response:
    """Add information or files at any time."""
    body = request.form.get("body", "").strip()
    typed([(say_it("What do you want to add?"), body)] if body else [])
    complaint = _complaint(reference)
    count_attempt("file")
    actors.follow_used(complaint)
    try:
        files = [upload for uploads in filling.read_files().values() for upload in uploads]
    except filling.Refused as error:
        return _show(complaint, {"files": str(error)}, 422, body)
    if not body and not files:
        return _show(complaint, {"body": say_it("Write something, or choose a file")}, 422)
    if len(body) > LONGEST:
        too_long = say_it("Write at most %(most)s characters; send the rest as a file", most=speech.number(LONGEST))
        return _show(complaint, {"body": too_long}, 422, body)
    application().register.receive(complaint, body, author=_me(complaint), files=filling.attach(files, _me(complaint)))
    say(say_it("We have received it."))
    return see("amends.follow.show", reference=complaint.reference)


@blueprint.get("/follow/<reference>/answer/<name>")
def offer(reference: str, name: str) -> Response:
    """The form of one thing a complainant can do now: give information, answer the decision, withdraw."""
    complaint = _complaint(reference)
    return _offer(complaint, _offered(complaint, name))


@blueprint.post("/follow/<reference>/answer/<name>")
def answer(reference: str, name: str) -> Response:
    """Send that form; what was typed is given back when it is not wanted any more."""
    complaint = _complaint(reference)
    count_attempt("file")
    actors.follow_used(complaint)
    chosen = _offered(complaint, name)
    key = f"answer:{complaint.reference}:{name}"
    draft: dict[str, Any] = web().drafts.read(key) or {}
    form = filling.form_of(_package(complaint), chosen.form_id)
    context = _context(complaint)
    looking = filling.looking()
    try:
        submission = filling.read_post(form, key, draft, None, context, files=not looking)
    except filling.Refused as error:
        web().drafts.write(key, draft)
        return _offer(complaint, chosen, draft["data"], filling.at_fields(error), 422)
    web().drafts.write(key, draft)
    if looking:
        return _offer(complaint, chosen, draft["data"], filling.still_wrong(form, draft["data"], context=context))
    if submission.action is not None or form.unseen(submission, draft["data"], context=context):
        return _offer(complaint, chosen, draft["data"])
    try:
        data = form.validate(draft["data"], context=context)
    except Invalid as error:
        return _offer(complaint, chosen, draft["data"], error.fields, 422)
    typed(filling.as_rows(form, draft["data"]))
    data, _ = filling.send_files(key, draft, data, _me(complaint), complaint)
    application().register.answer(complaint, name, data, actor=_me(complaint))
    web().drafts.forget(key)
    say(say_it("We have received your answer."))
    return see("amends.follow.show", reference=complaint.reference)


def address(secret: str) -> str:
    """A follow-up link as people get it: below the address this installation says it is reached at, or else the one asked at now."""
    told = follow_address((application().settings or {}).get("base_url"), secret)
    return told or url_for("amends.follow.secret_link", secret=secret, _external=True)


def _lost(status: int = 200, reference: str = "", email: str = "", errors: dict[str, str] | None = None) -> Response:
    return page(
        "follow/lost.html", status, narrow=True, reference=reference, email=email, errors=errors or {}, contact=packages.contact()
    )  # fmt: skip


def _complaint(reference: str) -> Any:
    if not actors.may_follow(reference):
        raise Forbidden(
            say_it(
                "This browser cannot open %(reference)s any more, for example because nobody used it for %(minutes)s minutes. "
                "Open your link again, or type your reference and code.",
                reference=reference,
                minutes=setting("AMENDS_FOLLOW_MINUTES"),
            )  # fmt: skip
        )
    return application().register.get(reference=reference)


def _me(complaint: Any) -> str:
    return f"complainant:{complaint.reference}"


def _package(complaint: Any) -> Any:
    engine = application().engine
    return engine.package(engine.instance(complaint.instance_id).deployment_id)


def _context(complaint: Any) -> dict[str, Any]:
    """What the forms of a complainant may show: the package's settings and the reference, nothing of what staff wrote."""
    return {"settings": dict(_package(complaint).manifest.settings), "reference": complaint.reference}


def _offered(complaint: Any, name: str) -> Any:
    for one in application().register.offers(complaint):
        if one.message == name:
            return one
    raise Conflict(say_it("This was answered already, or is not asked any more. Go back to your complaint to see where it stands."))


def _show(complaint: Any, errors: dict[str, str] | None = None, status: int = 200, body: str = "") -> Response:
    register = application().register
    outcomes = _package(complaint).manifest.outcomes
    return page(
        "follow/show.html", status, narrow=True, complaint=complaint, progress=register.progress(complaint),
        thread=register.thread(complaint),
        offers=register.offers(complaint), errors=errors or {}, body=body, recourse=packages.recourse(),
        outcome=outcomes.get(complaint.outcome, ""),
        answers=casework.answers(_package(complaint), application().engine.instance(complaint.instance_id).variables.get("complaint")),
        mine=[file for file in register.files(complaint) if file.added_by.startswith("complainant")],
    )  # fmt: skip


def _offer(complaint: Any, chosen: Any, data: Any = None, errors: Any = None, status: int = 200) -> Response:
    form = filling.form_of(_package(complaint), chosen.form_id)
    model = form.render(data, context=_context(complaint), errors=errors)
    letter = next((one for one in reversed(application().register.thread(complaint)) if one.direction == "out"), None)
    return page("follow/answer.html", status, narrow=True, complaint=complaint, offer=chosen, model=model, letter=letter)
