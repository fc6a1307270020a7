"""Who may see a complaint, said on its page: conflicts of interest, people it is about, its team, its mark (ISO 10002, 4.7, 4.10)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import Invalid
from amends.webui import actors, asked
from amends.webui.complaint import shown
from amends.webui.pages import say, see
from amends.webui.people import PARTS, chosen, everybody, name_of
from amends.webui.state import application

blueprint = Blueprint("standing", __name__)


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(work=True)


@blueprint.post("/complaints/<reference>/conflict")
def declare(reference: str) -> Response:
    """Say that one has a conflict of interest oneself; the complaint is closed to them from then on."""
    complaint = _complaint(reference)
    if request.form.get("sure") != "yes":
        return shown(reference, {"conflict-sure": "Tick that you are sure: you will not see this complaint any more"}, 422)
    application().register.people.declare(complaint, actor=actors.actor(), reason=request.form.get("reason", ""))
    say("It is noted. What you had of this complaint is given back, and you cannot open it any more.")
    return see("amends.inbox.tasks")


@blueprint.post("/complaints/<reference>/people")
def note(reference: str) -> Response:
    """Note somebody's part in a complaint, or take a note back."""
    complaint, people = _complaint(reference), application().register.people
    actors.demand("restrict", instance_id=complaint.instance_id)
    part, reason, wanted = request.form.get("part", ""), request.form.get("reason", ""), asked.command("", "withdraw")
    try:
        person = chosen("person", everybody(), "Choose whom it is about")
        if part not in PARTS:
            raise Invalid("It was not said what is noted.", {"part": ["Choose what is noted about them"]})
    except Invalid as error:
        return shown(reference, error.by_field(), 422)
    if wanted == "withdraw":
        people.withdraw(complaint, person, part, actor=actors.actor(), reason=reason)
        say(f"The note about {name_of(person)} is taken back.")
    else:
        people.note(complaint, person, part, actor=actors.actor(), reason=reason)
        say(f"It is noted about {name_of(person)}.")
    if not actors.may("read", instance_id=complaint.instance_id):
        return see("amends.inbox.tasks")
    return see("amends.complaint.show", reference=reference, _anchor="people")


@blueprint.post("/complaints/<reference>/restrict")
def restrict(reference: str) -> Response:
    """Give a complaint to a team, and mark it as confidential or not."""
    complaint, people = _complaint(reference), application().register.people
    actors.demand("restrict", instance_id=complaint.instance_id)
    if "team" not in request.form:
        raise Invalid(asked.UNKNOWN)  # an empty one is for everybody: only where that was chosen
    team, confidential = request.form.get("team", ""), request.form.get("confidential") == "yes"
    if team and team != complaint.team and team not in application().accounts.team_names():
        return shown(reference, {"team": f"Nobody is in a team “{team}” any more. Choose one that there is"}, 422)
    if confidential != complaint.confidential:
        people.mark(complaint, confidential=confidential, actor=actors.actor())
    if team != complaint.team:
        people.give_to_team(complaint, team, actor=actors.actor())
    say("Who may see this complaint is changed.")
    if not actors.may("read", instance_id=complaint.instance_id):
        return see("amends.inbox.tasks")
    return see("amends.complaint.show", reference=reference, _anchor="people")


def _complaint(reference: str) -> Any:
    complaint = application().register.get(reference=reference)
    actors.demand("read", instance_id=complaint.instance_id)
    return complaint
