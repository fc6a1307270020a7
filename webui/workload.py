"""For team leads: who has how much against what they can do, what will be late in the next five working days, who is away."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.accounts import policy
from amends.engine.calendars import Calendar
from amends.engine.errors import Invalid
from amends.webui import actors, asked, packages, zone
from amends.webui.pages import page, say, see
from amends.webui.people import ACTOR, chosen, everybody
from amends.webui.state import application, now

blueprint = Blueprint("workload", __name__)
DAYS = 5


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(policy.TEAM_LEAD)


@blueprint.get("/workload")
def show() -> Response:
    """Everybody's work, and what is about to be late."""
    return shown({})


def shown(errors: dict[str, str], status: int = 200) -> Response:
    """The page, with what was wrong about the tasks that were to be given to somebody."""
    actors.demand("lead")
    until, work, me = horizon(), application().workload, actors.actor()
    loads = work.loads(until, actor=me)
    risks = work.at_risk(until, loads, actor=me)
    about = application().register.of_instances([one.task.instance_id for one in risks])
    application().engine.record_reads([*about], "workload", actor=me)
    return page(
        "workload/show.html", status, loads=loads, risks=risks, about=about, until=until, people=everybody(), now=now(), errors=errors,
        asked=request.form if errors else {}, chosen=request.form.getlist("task") if errors else [],
    )  # fmt: skip


@blueprint.get("/workload/<account_id>")
def person(account_id: str) -> Response:
    """One person: how much is a full desk, and when they are away."""
    return _person(account_id, {})


@blueprint.post("/workload/<account_id>")
def change(account_id: str) -> Response:
    """Set how much is a full desk, note an absence, or take one back."""
    actors.demand("away", account_id=account_id)
    try:
        change_person(account_id)
    except Invalid as error:
        return _person(account_id, error.by_field("begins"), 422)
    return see("amends.workload.person", account_id=account_id)


def change_person(account_id: str) -> None:
    """What the forms about absences and capacity say; raises `Invalid` by field."""
    absences, me, wanted = application().accounts.absences, actors.actor(), asked.command("capacity", "here", "away")
    if wanted == "capacity":
        typed = request.form.get("capacity", "").strip()
        if typed and not (typed.isascii() and typed.isdigit()):
            raise Invalid("This is no number.", {"capacity": ["Enter a number, or leave it out"]})
        absences.set_capacity(account_id, int(typed) if typed else None, actor=me)
        say("It is changed.")
    elif wanted == "here":
        absences.remove(account_id, request.form.get("absence", ""), actor=me)
        say("The absence is taken back.")
    else:
        begins, ends = _day("begins"), _day("ends") + timedelta(days=1)
        cover = chosen("cover", [one for one in everybody() if one.id != account_id]).removeprefix(ACTOR) or None
        absences.add(account_id, begins, ends, cover, actor=me)
        say("The absence is noted.")


def _day(name: str) -> datetime:
    try:
        return datetime.combine(datetime.fromisoformat(request.form.get(name, "")).date(), time(), zone.current())
    except ValueError as error:
        raise Invalid("This is no date.", {name: ["Enter a date"]}) from error


def horizon() -> datetime:
    """The end of the fifth working day from now, by the package's calendar; five days where it has none."""
    package = packages.complaint_package()
    calendars = package.manifest.calendars if package is not None else {}
    data = calendars.get("default") or next(iter(calendars.values()), None)
    if data is None:
        return now() + timedelta(days=DAYS)
    calendar = Calendar.from_data(data)
    return calendar.end_of_working_day(calendar.add_working_days(calendar.local(now()).date(), DAYS))


def _person(account_id: str, errors: dict[str, str], status: int = 200) -> Response:
    accounts = application().accounts
    found = accounts.get(account_id)
    return page(
        "workload/person.html", status, person=found, absences=accounts.absences.coming(found.id), people=everybody(), errors=errors,
        typed=request.form, capacity=accounts.absences.capacities().get(found.actor, ""),
    )  # fmt: skip
