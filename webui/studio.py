"""For the process owner: packages and their versions, upload → check → see the problems on the diagram → deploy with a reason."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.definitions import check, read_package
from amends.engine.errors import CheckFailed, Invalid, NotFound
from amends.webui import actors, archives, story
from amends.webui.files import download
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application, own_session, remember, setting, web

blueprint = Blueprint("studio", __name__)


@dataclass(frozen=True)
class Version:
    """A deployed version, with how much runs on it."""

    deployment: Any
    who: str
    reason: str
    running: int
    ended: int


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.OWNER)


@blueprint.get("/studio")
def packages() -> Response:
    """All packages with their versions, the newest first."""
    return _packages()


def _packages(errors: dict[str, str] | None = None, status: int = 200) -> Response:
    found: dict[str, list[Version]] = {}
    for deployment in application().engine.deployments():
        found.setdefault(deployment.package, []).append(_version(deployment))
    return page("studio/packages.html", status, packages=found, folders=_folders(), errors=errors or {})


@blueprint.get("/studio/versions/<deployment_id>")
def version(deployment_id: str) -> Response:
    """One version: what is in it, its diagrams."""
    deployment = _deployment(deployment_id)
    package = application().engine.package(deployment_id)
    diagrams = story.in_order(package, package.manifest.complaints.process)
    chosen = next((one for one in diagrams if one.file == request.args.get("diagram")), diagrams[0] if diagrams else None)
    return page(
        "studio/version.html", version=_version(deployment), package=package, diagrams=diagrams, chosen=chosen,
        places=story.places(chosen, {}) if chosen is not None else [], problems=package.problems,
    )  # fmt: skip


@blueprint.get("/studio/versions/<deployment_id>/package.zip")
def fetch(deployment_id: str) -> Response:
    """The package folder of a version as a zip, to change it in a modeler."""
    deployment = _deployment(deployment_id)
    body = archives.write_zip(application().engine.package(deployment_id).files)
    return download(body, f"{deployment.package}-{deployment.version}.zip", "application/zip")


@blueprint.post("/studio/check")
def upload() -> Response:
    """Check an uploaded zip, or a folder of the server; what is wrong is listed in full and nothing is deployed."""
    folder = request.form.get("folder", "")
    if folder:
        chosen = next((one for one in _folders() if one.name == folder), None)
        if chosen is None:
            raise NotFound(f"There is no package folder {folder} on the server.")
        files = dict(read_package(chosen).files)
    else:
        sent = request.files.get("package")
        body = sent.stream.read(setting("AMENDS_MAX_PACKAGE") + 1) if sent is not None else b""
        if not body:
            return _packages({"package": "Choose the zip file of a package folder"}, 422)
        if len(body) > setting("AMENDS_MAX_PACKAGE"):
            return _packages({"package": "The file is too large for a package. Zip only the package folder"}, 422)
        try:
            files = archives.read_zip(body)
        except Invalid as error:
            return _packages({"package": str(error)}, 422)
    key = web().drafts.new_key()
    web().drafts.write(key, {"package": {path: base64.b64encode(body).decode() for path, body in files.items()}}, staff=True)
    if old := own_session().get("package"):
        web().drafts.forget(old)
    remember(package=key)
    return see("amends.studio.checked")


@blueprint.get("/studio/check")
def checked() -> Response:
    """What the check found, in a list and on the diagram."""
    files = _uploaded()
    package = read_package(files)
    return _checked(package, check_files(files))


@blueprint.get("/studio/check/diagrams/<path:file>")
def draft_diagram(file: str) -> Response:
    """A diagram of the uploaded package, which is not deployed yet."""
    files = _uploaded()
    if file not in files or not file.endswith(".bpmn"):
        raise NotFound("The uploaded package has no such diagram.")
    return Response(files[file], mimetype="application/xml")


@blueprint.post("/studio/deploy")
def deploy() -> Response:
    """Deploy what was checked, with a reason that stays in the history."""
    files = _uploaded()
    reason = request.form.get("reason", "").strip()
    package = read_package(files)
    if not reason:
        return _checked(package, check_files(files), {"reason": "Say why it is deployed; auditors read this"}, 422)
    try:
        deployment = application().engine.deploy(files, actor=actors.actor(), reason=reason)
    except CheckFailed as error:
        return _checked(package, error.problems, {}, 422)
    web().drafts.forget(own_session().get("package") or "")
    remember(package=None)
    say(f"{deployment.title} {deployment.version} is deployed. New complaints run on it; those already running stay on theirs.")
    return see("amends.studio.packages")


def check_files(files: dict[str, bytes]) -> list[Any]:
    """All problems of a package, and what it would change under complaints that run on versions of it."""
    engine = application().engine
    found = check(files, forms=application().forms, operations=engine.registry.operations, now=engine.now())
    return [*found, *engine.differences(files)]


def _checked(package: Any, problems: list[Any], errors: dict[str, str] | None = None, status: int = 200) -> Response:
    diagrams = story.in_order(package, package.manifest.complaints.process)
    counts = {one.file: sum(1 for problem in problems if problem.file == one.file) for one in diagrams}
    worst = max(counts, key=lambda file: counts[file], default="")
    chosen = next((one for one in diagrams if one.file == request.args.get("diagram", worst)), None)
    marked = {
        problem.element_id: "problem" if problem.severity == "error" else "warning"
        for problem in sorted(problems, key=lambda one: one.severity != "warning")
        if chosen is not None and problem.file == chosen.file and problem.element_id
    }
    grouped: dict[str, list[Any]] = {}
    for problem in problems:
        grouped.setdefault(problem.file, []).append(problem)
    same = next((one for one in application().engine.deployments() if one.digest == package.digest), None)
    return page(
        "studio/checked.html", status, package=package, problems=problems, grouped=grouped, errors=errors or {}, same=same,
        diagrams=diagrams, chosen=chosen, marked=marked, counts=counts, refused=any(problem.severity == "error" for problem in problems),
        places=[one for one in story.places(chosen, marked) if one.state != "not reached"] if chosen is not None else [],
    )  # fmt: skip


def _uploaded() -> dict[str, bytes]:
    draft = web().drafts.read(own_session().get("package"))
    if draft is None or "package" not in draft:
        raise NotFound("There is no uploaded package any more. Upload it again.")
    return {path: base64.b64decode(body) for path, body in draft["package"].items()}


def _deployment(deployment_id: str) -> Any:
    for one in application().engine.deployments():
        if one.id == deployment_id:
            return one
    raise NotFound("There is no such version.")


def _version(deployment: Any) -> Version:
    counts = application().engine.counts(deployment.id)
    running = sum(counts.get(state, 0) for state in ("active", "incident", "suspended"))
    return Version(deployment, name_of(deployment.actor), getattr(deployment, "reason", ""), running, sum(counts.values()) - running)


def _folders() -> list[Path]:
    """Package folders on the server that may be deployed from here."""
    base = setting("AMENDS_PACKAGES")
    if not base or not Path(base).is_dir():
        return []
    return sorted(one.parent for one in Path(base).glob("*/package.toml"))
