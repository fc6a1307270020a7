"""The complainant's whole way in a text browser, which has neither pictures nor styles nor scripts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import end
from staff import ASKED, ASSESSED, DECIDED, FOUND, REVIEWED, Staff
from text_browser import ENTER, TAB, TextBrowser, flat
from waitress.server import create_server

import amends
from amends.webui import create_app

pytestmark = pytest.mark.browser

UNLIMITED = {f"AMENDS_LIMIT_{what}": None for what in ("SIGN_IN", "FILE", "FOLLOW")}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any, Staff]]:
    """A running server in three languages, and its staff."""
    application = amends.open(data=tmp_path_factory.mktemp("text"))
    application.deploy_shipped()
    application.runner.start()
    server = create_server(create_app(application, AMENDS_LANGUAGES="en,de,fr", **UNLIMITED), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}", application, Staff(application)
    end(server)
    application.close()


@pytest.fixture
def browse(tmp_path: Path, missing: Callable[[str, str], None]) -> Iterator[Callable[[str, str], TextBrowser]]:
    """A function that opens an address in a text browser of somebody with this language."""
    if shutil.which("w3m") is None:
        missing("w3m", "there is no w3m (Debian: apt install w3m)")
    opened: list[TextBrowser] = []

    def open_(address: str, language: str = "en") -> TextBrowser:
        home = tmp_path / f"home-{len(opened)}"
        home.mkdir()
        opened.append(TextBrowser(home, address, language))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def reference_on(page: str) -> str:
    found = re.search(r"C-\w+", page)
    assert found is not None, page
    return found[0]


def test_from_the_first_page_to_the_survey(installation: tuple[str, Any, Staff], browse: Callable[..., TextBrowser]) -> None:
    """File, follow, write, answer a question, reject, see the review, accept, and say how it was: by the keys of w3m alone."""
    address, application, staff = installation
    w3m = browse(address)
    w3m.wait_for("Tell us what went wrong")
    w3m.follow("Make a complaint")
    w3m.wait_for("step 1 of 5")
    w3m.follow("Continue")
    assert "There is a problem" in w3m.wait_for("step 1 of 5")
    w3m.write("What happened?", "The lift was broken.\nNobody came.")
    w3m.fill("What is it about", "Broken lift")
    w3m.follow("Continue")
    for number in range(2, 6):
        page = w3m.wait_for(f"step {number} of 5")
        if "Your name" in page:
            w3m.fill("Your name", "Ann Meyer")
        w3m.follow("Continue")
    page = w3m.wait_for("Check before you send")
    assert "The lift was broken. Nobody came." in flat(page) and "Ann Meyer" in page
    w3m.follow("Send the complaint")
    reference = reference_on(w3m.wait_for("We have received your complaint"))
    w3m.follow(f"{address}/f/")
    assert "Received" in w3m.wait_for("Broken lift")
    w3m.write("What do you want to add?", "It is still broken.")
    w3m.follow("^Send$")
    w3m.wait_for("We have received it.")

    staff.do(reference, "assess", ASSESSED)
    staff.do(reference, "investigate", ASKED)
    again(w3m, "Send the information we asked for")
    assert "On which platform was it?" in flat(w3m.read())
    w3m.follow("Send the information we asked for")
    w3m.wait_for("Back to your complaint")
    w3m.write("Your answer", "On platform 2.")
    w3m.follow("^Send$")
    w3m.wait_for("We have received your answer")

    staff.do(reference, "investigate", FOUND)
    staff.do(reference, "decide", DECIDED)
    answer(w3m, "No, please look at it again")
    staff.do(reference, "review", REVIEWED, "reviewer")
    again(w3m, "We had not read your letter.")
    answer(w3m, "Yes, I accept it")

    again(w3m, "Your complaint is closed.")
    w3m.follow("Tell us how we did")
    w3m.wait_for("Back to your complaint")
    w3m.choose("Dissatisfied")
    w3m.follow("^Send$")
    w3m.wait_for("We have received your answer")
    complaint = application.register.get(reference)
    said = [message.body for message in application.register.thread(complaint) if message.direction == "in"]
    assert [words for words in ("It is still broken.", "On platform 2.") if not any(words in one for one in said)] == []
    assert (complaint.state, complaint.outcome) == ("closed", "monetary_relief")


def test_saved_and_sent_found_by_its_code_and_withdrawn(installation: tuple[str, Any, Staff], browse: Callable[..., TextBrowser]) -> None:
    """In German: saved in one browser and sent from another; the code opens it in a third, a wrong one does not; withdrawn there."""
    address, application, _ = installation
    first = browse(f"{address}/complain/1", "de")
    first.wait_for("Schritt 1 von 5")
    first.write("Was ist geschehen?", "Niemand kam.")
    first.follow("Speichern")
    link = re.search(rf"{address}/complain/resume/\S+", first.wait_for("gespeichert"))
    assert link is not None
    second = browse(link[0], "de")
    second.wait_for("Niemand kam.")
    for number in range(2, 6):
        second.follow("^Weiter")
        second.wait_for(f"Schritt {number} von 5")
    second.follow("^Weiter")
    assert "Niemand kam." in second.wait_for("Prüfen")
    second.follow("Beschwerde senden")
    page = second.wait_for("Beschwerde erhalten")
    reference = reference_on(page)
    code = re.search(r"/f/(\S+)", page)
    assert code is not None
    third = browse(f"{address}/follow", "de")
    for typed, told in (("wrong", "keine Beschwerde. Vergleichen"), (code[1], "Was Sie jetzt tun können")):
        third.fill("Aktenzeichen", reference)
        third.fill("Code", typed)
        third.follow("Meine Beschwerde öffnen")
        third.wait_for(told)
    third.follow("zurückziehen")
    third.wait_for("Zurück zu Ihrer Beschwerde")
    third.find("2.000 Zeichen")
    third.keys(TAB + ENTER)  # the button says what it does, as the heading above it
    third.wait_for("erhalten")
    again(third, "Ihre Beschwerde ist abgeschlossen.")
    assert application.register.get(reference).outcome == "withdrawn"


def again(w3m: TextBrowser, words: str) -> None:
    """Load the page again until it says this."""
    for _ in range(60):
        w3m.keys("R")
        if words in flat(w3m.read()):
            return
    raise AssertionError(f"The page never said {words!r}:\n{w3m.read()}")


def answer(w3m: TextBrowser, choice: str) -> None:
    """Answer the decision."""
    again(w3m, "Accept the decision, or ask for a review")
    w3m.follow("Accept the decision, or ask for a review")
    w3m.wait_for("Do you accept the decision?")
    assert "\nYours sincerely,\n" in w3m.read()  # the letter it is about, with its lines
    w3m.choose(choice)
    w3m.follow("^Send$")
    w3m.wait_for("We have received your answer")


def test_pages_are_written_out(installation: tuple[str, Any, Staff], missing: Callable[[str, str], None], tmp_path: Path) -> None:
    """w3m writes the start page and the form out, in the language asked for: all texts, links and fields in order."""
    if shutil.which("w3m") is None:
        missing("w3m", "there is no w3m (Debian: apt install w3m)")

    def read(path: str) -> str:
        command = ["w3m", "-dump", "-cols", "80", "-o", "accept_language=de", "-config", "/dev/null", installation[0] + path]
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=os.environ | {"HOME": str(tmp_path)})
        return told.stdout

    start = read("/")
    for words in ("Zum Inhalt springen", "Sagen Sie uns, was schiefgelaufen ist", "Beschwerde einreichen", "1. Eingegangen", "English"):
        assert words in start
    form = read("/complain/1")
    for words in ("Schritt 1 von 5", "Was ist geschehen?", "Weiter", "Ist das schon früher passiert?"):
        assert words in form
