"""A form of a package on a page: found, read from a post with its files, kept as a draft, shown as a summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import structlog
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from amends.engine.definitions import translations
from amends.engine.errors import Invalid, NotFound
from amends.engine.files import Unscanned
from amends.forms.form import Form
from amends.forms.model import Submission
from amends.forms.rendering import RenderField, RenderModel
from amends.webui import sniffing, speech
from amends.webui.state import application, setting, web
from amends.webui.words import size

log = structlog.get_logger("amends.webui")

EMPTY = "Not given"


class Refused(Invalid):
    """A file that is not kept, with the reason; what was typed beside it is."""


@dataclass(frozen=True)
class Upload:
    """A file somebody sent: its own name and its content."""

    name: str
    body: bytes

    @property
    def media_type(self) -> str:
        """What it is by its content; what the browser calls it is not asked."""
        return sniffing.media_type(self.body)


def form_of(package: Any, form_id: str | None) -> Form:
    """A form of a package in the language of the request; raises NotFound where it has none of this id."""
    body = translations.form_in(package, form_id, speech.current()) if form_id else None
    if body is None:
        raise NotFound(f"The package has no form {form_id}. Tell the process owner: the package has to be checked and deployed again.")
    found: Form = application().forms.form(body, package.forms[form_id])
    return found


def read_files() -> dict[str, list[Upload]]:
    """The files of this post by input name; raises RequestEntityTooLarge and Invalid for what is too large or too many."""
    found: dict[str, list[Upload]] = {}
    for name, sent in request.files.items(multi=True):
        body = sent.stream.read(setting("AMENDS_MAX_FILE") + 1)
        if len(body) > setting("AMENDS_MAX_FILE"):
            raise RequestEntityTooLarge()
        if body or sent.filename:
            plain = PurePosixPath((sent.filename or "").replace("\\", "/")).name[:200] or "file"
            if (why := _refusal(plain, body)) is not None:
                told = "The file “%(file)s” %(why)s. Nothing of it was kept. Choose another file, or none."
                raise Refused(speech.say(told, file=plain, why=why), {name: [why]})
            found.setdefault(name, []).append(Upload(plain, body))
    if sum(map(len, found.values())) > setting("AMENDS_MAX_FILES"):
        too_many = "These are too many files at once. Send at most %(most)s, and the others after that."
        raise Invalid(speech.say(too_many, most=setting("AMENDS_MAX_FILES")))
    return found


def _refusal(name: str, body: bytes) -> str | None:
    """Why a file is not kept, in the language of the request; None where it may be."""
    try:
        why = application().guard.refusal(name, body)
    except Unscanned as error:
        # Where the scanner is, and what it said, is for the log and for whoever runs this.
        log.error("files cannot be scanned", reason=str(error))
        away = "The virus scanner does not answer, so files cannot be taken just now. Send your words without a file, or try again later."
        raise Unscanned(speech.say(away)) from error
    return None if why is None else speech.say(why.pattern, **why.values)


def read_post(
    form: Form, key: str, draft: dict[str, Any], step: int | None = None, context: Mapping[str, Any] | None = None, files: bool = True
) -> Submission:
    """What this post says for a form; new files are kept with the draft `key` at once, so that an error loses none.

    Without `files` new ones are left for the post that really sends the form, which has them again.
    """
    known: dict[str, Any] = draft.setdefault("files", {})
    new: dict[str, list[dict[str, Any]]] = {}
    try:
        sent = read_files() if files else {}
    except Refused:
        # The words are kept before the error is shown: nobody types them twice for a file.
        draft["data"] = form.merge(draft.get("data", {}), form.read(request.form, files={}, stored=known, context=context, step=step))
        raise
    for name, uploads in sent.items():
        for upload in uploads:
            if len(known) >= setting("AMENDS_MAX_FILES"):
                most = "At most %(most)s files can be sent, each up to %(size)s."
                raise Invalid(speech.say(most, most=setting("AMENDS_MAX_FILES"), size=size(setting("AMENDS_MAX_FILE"))))
            kept = web().drafts.add_file(key, upload.name, upload.media_type, upload.body)
            known[kept.id] = {"name": kept.name, "type": kept.media_type, "size": kept.size, "token": kept.id}
            new.setdefault(name, []).append(known[kept.id])
    submission = form.read(request.form, files=new, stored=known, context=context, step=step)
    draft["data"] = form.merge(draft.get("data", {}), submission)
    for token in set(known) - set(tokens(draft["data"])):
        web().drafts.remove_file(key, token)
        del known[token]
    return submission


def looking() -> bool:
    """Whether the page only asks how its form looks with these answers; nothing is sent, and no file is taken yet."""
    return request.form.get("go") == "look"


def still_wrong(form: Form, data: Mapping[str, Any], **how: Any) -> Mapping[str, list[str]] | None:
    """What is still wrong, where the page has said before what is: each sentence goes when its answer is put right."""
    if "_wrong" not in request.form:
        return None
    try:
        form.validate(data, **how)
    except Invalid as error:
        return error.fields
    return None


def at_fields(error: Refused) -> dict[str, list[str]]:
    """The whole sentence at the field the file was chosen for."""
    return {name: [str(error)] for name in error.fields}


def tokens(data: Any) -> Iterable[str]:
    """The tokens of all files in a form's data."""
    if isinstance(data, Mapping):
        if isinstance(data.get("token"), str) and "size" in data:
            yield data["token"]
        else:
            for inner in data.values():
                yield from tokens(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from tokens(inner)


def send_files(
    key: str, draft: Mapping[str, Any], data: Mapping[str, Any], actor: str, complaint: Any | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Put the files of a draft where files of complaints are, before what refers to them is sent.

    Returns the data with each file's token replaced by its id there, and the ids. Without a `complaint` they wait for one to be
    filed. What is sent afterwards may be refused; a file is then at the complaint all the same, as the person meant it to be.
    """
    ids: dict[str, str] = {}
    for token, about in draft.get("files", {}).items():
        body = web().drafts.file_body(key, token)
        if body is not None:
            ids[token] = attach([Upload(about["name"], body)], actor, complaint)[0]
    renamed = _renamed(data, ids)
    return renamed, list(ids.values())


def _renamed(data: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(data, Mapping):
        if data.get("token") in ids and "size" in data:
            return {**data, "token": ids[data["token"]]}
        return {name: _renamed(inner, ids) for name, inner in data.items()}
    return [_renamed(inner, ids) for inner in data] if isinstance(data, list) else data


def summary(model: RenderModel) -> list[tuple[str, str]]:
    """What a form holds, in words: label and value of each field shown that a person can fill in."""
    return [(field.label, _in_words(field) or speech.say(EMPTY)) for field in model.everything() if field.is_input and field.label]


def answered(model: RenderModel) -> tuple[list[tuple[str, str]], list[str]]:
    """What a form holds, in words, and the labels of what was left empty."""
    fields = [field for field in model.everything() if field.is_input and field.label]
    told = [(field.label, _in_words(field)) for field in fields]
    return [(label, words) for label, words in told if words], [label for label, words in told if not words]


def _in_words(field: RenderField) -> str:
    """What a field holds; of a long list also what was typed and could be several: it is not empty."""
    return field.text or ", ".join(filter(None, [*(option.label for option in field.options if option.selected), field.typed]))


def as_rows(form: Form, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What somebody typed, in words, for pages that give it back."""
    return summary(form.render(data))


def attach(uploads: Iterable[Upload], actor: str, complaint: Any | None = None) -> list[str]:
    """Keep files at a complaint, or for one that is about to be filed; their ids."""
    register = application().register
    return [register.add_file(one.name, one.media_type, one.body, actor=actor, complaint=complaint).id for one in uploads]
