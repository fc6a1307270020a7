"""Words, drafts, kinds of files: the small parts that pages are made of."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from amends.forms import load
from amends.webui import filling, packages, sniffing, times, words
from amends.webui.drafts import Drafts


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (-30, ("late by 1 day", "late")),
        (-0.5, ("late by 30 minutes", "late")),
        (3, ("today 13:00", "today")),
        (24, ("tomorrow 10:00", "soon")),
        (120, ("Wednesday 10:00", "fine")),
        (24 * 20, ("in 20 days, 10 December", "fine")),
    ],
)
def test_due_in_words(app: Flask, fakes: Any, hours: float, said: tuple[str, str]) -> None:
    """A deadline is said as people say it."""
    with app.test_request_context():
        assert times.due(fakes.NOW + timedelta(hours=hours)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("P15D, end of day", "15 days"), ("P8W", "8 weeks"), ("2 working days", "2 working days"), ("PT24H", "24 hours"), ("soon", "soon")],
)
def test_lengths_in_words(text: str, said: str) -> None:
    """A length of a deadline is said without its notation."""
    assert words.length_words(text) == said


def test_draft_is_taken_once(tmp_path: Path) -> None:
    """Of two who send a draft, one gets it; when sending fails it is there again."""
    drafts = Drafts(tmp_path / "drafts", 1)
    drafts.write("key", {"data": {"a": 1}})
    kept = drafts.add_file("key", "a.txt", "text/plain", b"body")
    assert (drafts.take("key"), drafts.take("key")) == (True, False)
    assert drafts.read("key") is None and drafts.is_taken("key") and drafts.file_body("key", kept.id) == b"body"
    drafts.give_back("key")
    assert drafts.read("key") == {"data": {"a": 1}}


def test_old_drafts_go(tmp_path: Path) -> None:
    """What nobody has touched for the time set is removed, files too."""
    drafts = Drafts(tmp_path / "drafts", 1)
    drafts.write("old", {"data": {}})
    place = next((tmp_path / "drafts").iterdir())
    os.utime(place, (time.time() - 3700,) * 2)
    Drafts(tmp_path / "drafts", 1).write("new", {"data": {}})
    assert (drafts.read("old"), drafts.read("new")) == (None, {"data": {}})


def test_drafts_of_staff_outlive_a_long_weekend(tmp_path: Path) -> None:
    """What somebody at work has begun is kept longer than what a complainant has, by its own setting, and goes after it too."""
    drafts = Drafts(tmp_path / "drafts", 1, 4)
    drafts.write("theirs", {"data": {}})
    drafts.write("mine", {"data": {}}, staff=True)
    left = []
    for hours in (2, 5):
        for place in (tmp_path / "drafts").iterdir():
            os.utime(place, (time.time() - hours * 3600,) * 2)
        Drafts(tmp_path / "drafts", 1, 4).write("new", {"data": {}})
        left.append([drafts.read("theirs") is not None, drafts.read("mine") is not None])
    assert left == [[False, True], [False, False]]
    assert Drafts(tmp_path, 72, 4)._staff_seconds == 72 * 3600


def test_draft_folder_tells_nothing(tmp_path: Path) -> None:
    """The name of a folder does not open the draft, others on the machine cannot read it, and a file name leads nowhere."""
    drafts = Drafts(tmp_path / "drafts", 1)
    drafts.write("my-key", {"data": {}})
    place = next((tmp_path / "drafts").iterdir())
    assert "my-key" not in place.name and (tmp_path / "drafts").stat().st_mode & 0o077 == 0
    assert drafts.file_body("my-key", "../../etc/passwd") is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        ("Grüße".encode(), "text/plain"),
        (b"\0\1\2", sniffing.UNKNOWN),
        (b"", sniffing.UNKNOWN),
    ],
)
def test_kind_of_file_is_told_by_its_content(body: bytes, kind: str) -> None:
    """A name proves nothing."""
    assert sniffing.media_type(body) == kind


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("de", "Innerhalb von 3 Monaten"), ("fr", "Dans un délai de 3 mois"), ("es", "En un plazo de 3 meses"), ("ar", "خلال 3 أشهر"),
    ],
)  # fmt: skip
def test_a_time_limit_is_said_in_the_case_its_language_asks_for(app: Flask, code: str, said: str) -> None:
    """As in “within three months”."""
    with app.test_request_context(), force_locale(code):
        assert packages._within("P3M") == said


def test_what_could_be_several_is_not_listed_as_left_empty() -> None:
    """Before sending, a name of a long list that does not tell them apart stands there as it was typed."""
    people = [{"label": f"Kim Meyer ({number})", "value": f"k{number}"} for number in range(25)]
    parts = [{"type": type, "key": type, "label": type, "valuesKey": "people"} for type in ("select", "taglist", "textfield")]
    form = load({"type": "default", "id": "f", "components": parts})
    model = form.render({"select": "Kim", "taglist": ["k1", "Kim"]}, context={"people": people})
    assert filling.answered(model) == ([("select", "Kim"), ("taglist", "Kim Meyer (1), Kim")], ["textfield"])
