"""A server that is killed while a complaint is being sent: what was typed is there again, and sending it again files it once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

import amends
from amends.webui import create_app
from amends.webui.drafts import Drafts

TYPED = "The train never came, and nobody told us"


class Killed(BaseException):
    """Stands for the process dying."""


class Complainant:
    """Somebody in a browser without scripts."""

    def __init__(self, app: Any) -> None:
        self.client = app.test_client()

    def token(self, path: str) -> str:
        page = self.client.get(path, follow_redirects=True).text
        return str(page.split('name="amends_csrf" value="')[1].split('"')[0])

    def write(self) -> None:
        """Answer step after step, up to the page that shows everything."""
        for number in range(1, 20):
            answer = self.client.post(
                f"/complain/{number}", data={"amends_csrf": self.token(f"/complain/{number}"), "go": "next", "description": TYPED}
            )
            if answer.headers["Location"].endswith("/check"):
                return

    def send(self) -> Any:
        return self.client.post("/complain/check", data={"amends_csrf": self.token("/complain/1")}, follow_redirects=True)


@pytest.mark.parametrize("filed_before", [False, True])
def test_a_draft_whose_sender_died_can_be_sent_again_and_arrives_once(
    filed_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before or after the complaint was committed: the page says that it is being sent, then gives everything back to be sent
    again, and there is one complaint.
    """
    application = amends.open(data=tmp_path)
    application.deploy_shipped()
    app = create_app(application, TESTING=True, SECRET_KEY="k" * 32, AMENDS_LIMIT_FILE=None)
    someone = Complainant(app)
    someone.write()
    file = application.register.file

    def dies(*arguments: Any, **named: Any) -> Any:
        if filed_before:
            file(*arguments, **named)
        raise Killed

    monkeypatch.setattr(application.register, "file", dies)
    with pytest.raises(Killed):
        someone.send()
    monkeypatch.setattr(application.register, "file", file)

    assert "is being sent" in someone.send().text, "who sends again at once is told to wait"
    drafts = tmp_path / "drafts"
    [taken] = [folder for folder in drafts.iterdir() if folder.name.endswith(".taken")]
    os.utime(taken, (time.time() - 121,) * 2)
    page = someone.client.get("/complain/received", follow_redirects=True).text
    assert ("Sending was interrupted" in page, TYPED in page) == (True, True)
    reference = application.register.search()[0].reference if filed_before else None
    page = someone.send().text
    [complaint] = application.register.search()
    assert complaint.reference in page and reference in (None, complaint.reference)
    application.close()


def test_only_a_draft_taken_long_ago_is_given_back(tmp_path: Path) -> None:
    """One that is being sent right now stays with its sender, and one that was never taken is left alone."""
    drafts = Drafts(tmp_path, 72)
    drafts.write("key", {"data": {"a": 1}})
    assert drafts.recover("key", 60) is False
    assert drafts.take("key")
    assert (drafts.recover("key", 60), drafts.is_taken("key")) == (False, True)
    assert (drafts.recover("key", 0), drafts.read("key")) == (True, {"data": {"a": 1}})
