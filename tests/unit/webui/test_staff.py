"""Staff work on complaints: nothing typed is lost, nobody overwrites anybody, and each page says what comes next."""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from typing import Any

from amends.webui.state import web

ASSESSMENT = {
    "severity": "low", "complexity": "simple", "impact": "one", "recurrence": "single", "investigate": "yes", "investigation_needed": "yes",
}  # fmt: skip


def filled(page: Any) -> dict[str, str]:
    """The task's form with the first option of each choice taken."""
    values: dict[str, str] = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="radio"[^>]*value="([^"]*)"', page.text):
        values.setdefault(name, value)
    return values


def test_inbox_shows_what_hurts_first(browser: Any, application: Any, complaint: Any, fakes: Any) -> None:
    """Late tasks come before those due today, and these before later ones; each says so in words."""
    for days, name in ((5, "later"), (-2, "late"), (0, "today")):
        task = application.engine.open_task(complaint.instance_id, "assess", due_at=fakes.NOW + timedelta(days=days, hours=1))
        application.engine.tasks[task.id] = fakes.replace(task, name=f"Task {name}")
    browser.sign_in("hanna")
    text = browser.get("/inbox?list=teams").text
    assert text.index("Task late") < text.index("Task today") < text.index("Task later")
    assert "Late by 1 day" in text and "Today 11:00" in text


def test_several_tasks_are_taken_at_once(browser: Any, application: Any, complaint: Any) -> None:
    """What can be taken is taken; what somebody else has is named."""
    mine = application.engine.open_task(complaint.instance_id, "assess")
    theirs = application.engine.open_task(complaint.instance_id, "assess", assignee="account:a9")
    browser.sign_in("hanna")
    answer = browser.post("/inbox", {"task": [mine.id, theirs.id], "do": "claim", "list": "all"}, on="/inbox?list=all")
    assert "1 task is yours" in answer.text and "Somebody else has taken this task." in answer.text
    assert application.engine.tasks[mine.id].assignee == "account:a1"


def test_completing_says_what_happened_and_offers_the_next(browser: Any, application: Any, task: Any, complaint: Any) -> None:
    """After a task: what was done, and the next one."""
    following = application.engine.open_task(complaint.instance_id, "act_now")
    browser.sign_in("hanna")
    page = browser.get(f"/tasks/{task.id}")
    assert "What happens then" in page.text and "Work out the priority" in page.text
    answer = browser.client.post(f"/tasks/{task.id}", data=filled(page), follow_redirects=True)
    assert application.engine.tasks[task.id].state == "completed", answer.text
    assert "Assess the complaint: done" in answer.text and f"/tasks/{following.id}" in answer.text


def test_wrong_answers_keep_the_right_ones(browser: Any, application: Any, task: Any) -> None:
    """An incomplete form comes back with what was typed, and the task stays open."""
    browser.sign_in("hanna")
    page = browser.get(f"/tasks/{task.id}")
    sent = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    note = re.search(r'<textarea[^>]*name="([^"]+)"', page.text)
    assert note is not None
    answer = browser.client.post(f"/tasks/{task.id}", data=sent | {note[1]: "Called her"})
    assert answer.status_code == 422 and "Called her" in answer.text and "There is a problem" in answer.text
    assert application.engine.tasks[task.id].state == "open"
    assert "Called her" in browser.get(f"/tasks/{task.id}").text


def test_draft_is_kept_for_its_writer_alone(app: Any, browser: Any, task: Any, application: Any) -> None:
    """A saved draft is there again for who wrote it, and for nobody else."""
    application.accounts.create("henry", "Henry Handler", ["handler"], password="correct horse battery")
    other = type(browser)(app)
    other.sign_in("henry")
    browser.sign_in("hanna")
    page = browser.get(f"/tasks/{task.id}")
    note = re.search(r'<textarea[^>]*name="([^"]+)"', page.text)
    assert note is not None
    saved = browser.post(f"/tasks/{task.id}", {note[1]: "Half a thought", "go": "draft"})
    assert "Your draft is saved" in saved.text and "Half a thought" in saved.text
    assert "Half a thought" not in other.get(f"/tasks/{task.id}").text


def test_draft_keeps_itself(browser: Any, task: Any) -> None:
    """While somebody types, what is typed is kept, and a line says when."""
    browser.sign_in("hanna")
    path = f"/tasks/{task.id}"
    note = re.search(r'<textarea[^>]*name="([^"]+)"', browser.get(path).text)
    assert note is not None
    answer = browser.post(f"{path}/draft", {note[1]: "Half a thought"}, on=path)
    assert answer.text == "Your draft was saved at 10:00."
    assert "Half a thought" in browser.get(path).text


def test_draft_outlives_a_long_weekend(app: Any, browser: Any, task: Any) -> None:
    """Begun on Thursday evening, it is there on Tuesday."""
    browser.sign_in("hanna")
    path = f"/tasks/{task.id}"
    note = re.search(r'<textarea[^>]*name="([^"]+)"', browser.get(path).text)
    assert note is not None
    browser.post(f"{path}/draft", {note[1]: "Half a thought"}, on=path)
    with app.app_context():
        drafts = web().drafts
    for place in drafts.folder.iterdir():
        os.utime(place, (time.time() - 110 * 3600,) * 2)
    drafts._swept = 0
    drafts.write("another", {})
    assert "Half a thought" in browser.get(path).text


def test_conflict_says_who_and_when_and_gives_back_what_was_typed(app: Any, browser: Any, application: Any, task: Any) -> None:
    """The slower of two learns who was faster, and keeps their words."""
    application.accounts.create("henry", "Henry Handler", ["handler"], password="correct horse battery")
    slow, quick = browser, type(browser)(app)
    slow.sign_in("hanna")
    quick.sign_in("henry")
    page = slow.get(f"/tasks/{task.id}")
    quick.client.post(f"/tasks/{task.id}", data=filled(quick.get(f"/tasks/{task.id}")))
    note = re.search(r'<textarea[^>]*name="([^"]+)"', page.text)
    assert note is not None
    answer = slow.client.post(f"/tasks/{task.id}", data=filled(page) | {note[1]: "My careful words"})
    assert answer.status_code == 409
    assert "Henry Handler" in answer.text and "today 10:00" in answer.text and "My careful words" in answer.text


def test_done_task_says_who_did_it(browser: Any, application: Any, task: Any) -> None:
    """A link to a task that is done says so, and leads on."""
    application.engine.complete(task.id, {}, actor="account:a2")
    browser.sign_in("hanna")
    assert "This was done by Dan Decider" in browser.get(f"/tasks/{task.id}").text


def test_who_may_not_is_told_who_can(browser: Any, task: Any) -> None:
    """A task of another role can be read, not done, and the page names those who can."""
    browser.sign_in("dan")
    text = browser.get(f"/tasks/{task.id}").text
    assert "You cannot do this task" in text and "Hanna Handler" in text and "What happens then" not in text


def test_independence_is_said_before_anybody_tries(browser: Any, application: Any, complaint: Any) -> None:
    """Who investigated is named as one who may not review (ISO 10002, 4.7)."""
    done = application.engine.open_task(complaint.instance_id, "investigate")
    application.engine.complete(done.id, {}, actor="account:a1")
    review = application.engine.open_task(complaint.instance_id, "review")
    browser.sign_in("hanna")
    assert "somebody else than Hanna Handler" in browser.get(f"/tasks/{review.id}").text
    assert "May therefore not do: Review the decision" in browser.get(f"/complaints/{complaint.reference}").text


def test_complaint_page_says_all_of_it(browser: Any, application: Any, task: Any, complaint: Any) -> None:
    """State, clocks, conversation, work, files, people, process and history stand on one page; the diagram also as a list."""
    browser.sign_in("hanna")
    text = browser.get(f"/complaints/{complaint.reference}?diagram=assessment.bpmn").text
    for said in ("late by 2 working days", "It happened again.", "receipt.pdf", "Assess the complaint", "The same as a list", "now here"):
        assert said.lower() in text.lower(), said
    marks = re.search(r'data-marks="([^"]*)"', text)
    assert marks is not None and "assess&#34;: &#34;active" in marks[1]


def test_files_leave_only_as_downloads(browser: Any, application: Any, complaint: Any) -> None:
    """Nothing a stranger sent is shown as a page of ours."""
    browser.sign_in("hanna")
    file = application.register.files(complaint)[0]
    answer = browser.get(f"/complaints/{complaint.reference}/files/{file.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.mimetype == "application/octet-stream"
    assert browser.get(f"/complaints/{complaint.reference}/files/other").status_code == 404


def test_search_keeps_names_out_of_addresses(browser: Any, complaint: Any) -> None:
    """A search is posted; its only hit is opened at once."""
    browser.sign_in("hanna")
    answer = browser.post("/complaints", {"text": complaint.reference}, follow=False)
    assert answer.location == f"/complaints/{complaint.reference}"


def test_complaint_is_filed_for_somebody(browser: Any, application: Any) -> None:
    """By phone, post or visit, with the day it came; a day to come is refused."""
    browser.sign_in("hanna")
    assert browser.post("/file", {"channel": "phone", "received": "2026-11-21 10:00"}).status_code == 422
    assert browser.post("/file", {"received": "2026-11-19 10:00"}).status_code == 422
    page = browser.post("/file", {"channel": "phone", "received": "2026-11-19 10:00"})
    assert "Complaint on behalf of somebody" in page.text


def test_held_up_work_is_shown_and_tried_again(browser: Any, application: Any, task: Any, complaint: Any, fakes: Any) -> None:
    """An incident says where and why in words; who may operate tries again."""
    application.engine.views[complaint.instance_id].incidents = (fakes.IncidentView("x1", "assess", "The mail server does not answer."),)
    application.accounts.set_roles("a1", ["handler", "process-owner"])
    browser.sign_in("hanna")
    path = f"/complaints/{complaint.reference}"
    assert "The mail server does not answer." in browser.get(path).text
    browser.post(f"{path}/retry", on=path)
    assert application.engine.retried == ["x1"]


def test_what_was_chosen_beside_what_was_wrong_stays_chosen(browser: Any, complaint: Any, task: Any) -> None:
    """How it came, where the words were forgotten; the priority, where the date is none: it is recorded as it was meant."""
    browser.sign_in("hanna")
    page = f"/complaints/{complaint.reference}"
    answer = browser.post(f"{page}/message", {"channel": "visit", "body": ""}, on=page)
    assert answer.status_code == 422 and 'value="visit" selected' in answer.text
    answer = browser.post(f"/tasks/{task.id}/arrange", {"priority": "90", "follow_up": "soon"}, on=page)
    assert answer.status_code == 422 and 'value="soon"' in answer.text
    assert re.findall(r'<option value="(\d+)" selected>', answer.text.split('id="task-priority"')[1].split("</select>")[0]) == ["90"]
