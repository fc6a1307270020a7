"""The auditor sees every event with its proof; the administrator gives accounts and reads the mail folder."""

from __future__ import annotations

import re
from typing import Any


def test_trace_holds_every_event_with_values_and_hash(browser: Any, application: Any, task: Any, complaint: Any) -> None:
    """Who, what, when, where, which values, and the hash."""
    application.engine.complete(task.id, {"severity": "low"}, actor="account:a1")
    browser.sign_in("ann")
    text = browser.get(f"/audit/complaints/{complaint.reference}").text
    named = ("Hanna Handler", "account:a1", "completed", "Assess the complaint (assess)", "severity")
    for said in (*named, "0" * 12, "3 events are not sealed"):
        assert said in text, said


def test_change_in_the_record_is_said(browser: Any, application: Any, complaint: Any, fakes: Any) -> None:
    """A fault in a complaint's chain stands on its trace and in the report."""
    application.engine.faults = [fakes.Fault(complaint.instance_id, 2, "Row 2 was edited.")]
    browser.sign_in("ann")
    assert "Row 2 was edited." in browser.get(f"/audit/complaints/{complaint.reference}").text
    assert "Something was changed" in browser.get("/audit/verify").text


def test_seal_written_down_is_looked_for(browser: Any, application: Any) -> None:
    """A seal that was kept elsewhere is found, or its absence is a fault; what is no seal is refused with a sentence."""
    browser.sign_in("ann")
    assert "The seal you wrote down is among them" in browser.post("/audit/verify", {"head": application.engine.seal}).text
    assert "No seal has this hash." in browser.post("/audit/verify", {"head": "6" * 64}).text
    assert browser.post("/audit/verify", {"head": "no seal"}).status_code == 422


def test_reading_and_being_refused_are_recorded(browser: Any, application: Any, complaint: Any) -> None:
    """Who has seen a complaint, and who tried what they may not, stands in the record (ISO 10002, 4.10)."""
    browser.sign_in("ann")
    browser.get(f"/complaints/{complaint.reference}")
    browser.get(f"/audit/complaints/{complaint.reference}")
    browser.get("/admin")
    assert application.engine.reads == [(complaint.instance_id, what, "account:a4") for what in ("complaint", "trace")]
    assert application.engine.recorded == [("denied", "account:a4", "amends.admin.accounts")]


def test_clauses_count_what_was_done(browser: Any, application: Any, task: Any) -> None:
    """Clause 7.5 names its elements and counts how often they ran."""
    application.engine.complete(task.id, {}, actor="account:a1")
    browser.sign_in("ann")
    row = re.search(r'<th scope="row">7\.5</th><td>(.*?)</td><td class="app-number">(\d+)</td>', browser.get("/audit").text)
    assert row is not None and "Assess the complaint" in row[1] and row[2] == "1"


def test_auditor_changes_nothing(browser: Any, complaint: Any) -> None:
    """An auditor reads a complaint and has no button that changes it."""
    browser.sign_in("ann")
    path = f"/complaints/{complaint.reference}"
    page = browser.get(path)
    assert "Record what the complainant said" not in page.text
    token = browser.token(page)
    assert browser.client.post(f"{path}/message", data={"amends_csrf": token, "body": "x"}).status_code == 403


def test_new_account_shows_its_password_once(app: Any, browser: Any, application: Any) -> None:
    """The generated password works, and is on no other page."""
    browser.sign_in("adam")
    sent = {"username": "nora", "display_name": "Nora New", "roles": ["handler"]}
    page = browser.post("/admin/accounts", sent, on="/admin")
    password = re.search(r'class="app-secret">([^<]+)<', page.text)
    assert password is not None and password[1] not in browser.get("/admin").text
    made = application.accounts.authenticate("nora", password[1])
    assert made is not None and made.roles == {"handler"}


def test_wrong_account_is_explained(browser: Any) -> None:
    """A name that is taken, or missing, is said at its field."""
    browser.sign_in("adam")
    taken = browser.post("/admin/accounts", {"username": "hanna", "display_name": "Again"}, on="/admin")
    assert taken.status_code == 422 and "choose another user name" in taken.text
    assert browser.post("/admin/accounts", {}, on="/admin").status_code == 422


def test_administrator_cannot_lock_everybody_out(browser: Any, application: Any) -> None:
    """Nobody takes their own administration away."""
    browser.sign_in("adam")
    own = next(one for one in application.accounts.list() if one.username == "adam")
    answer = browser.post(f"/admin/accounts/{own.id}", {"do": "deactivate"})
    assert answer.status_code == 422 and application.accounts.get(own.id).active


def test_roles_and_closing(browser: Any, application: Any) -> None:
    """Roles are set as ticked; a closed account cannot sign in."""
    browser.sign_in("adam")
    browser.post("/admin/accounts/a1", {"do": "roles", "roles": ["decider"]})
    assert application.accounts.get("a1").roles == {"decider"}
    browser.post("/admin/accounts/a1", {"do": "deactivate"})
    assert not application.accounts.get("a1").active
    browser.post("/admin/accounts/a1", {"do": "activate"})
    assert application.accounts.get("a1").active


def test_setting_is_overridden_and_given_back(browser: Any, application: Any) -> None:
    """A setting of the package gets the installation's own value, which pages show at once, and loses it again."""
    browser.sign_in("adam")
    browser.post("/admin/settings/organisation", {"value": "Rail and Sea"}, on="/admin/settings")
    assert "Rail and Sea" in browser.get("/").text
    browser.post("/admin/settings/organisation", {"do": "default"}, on="/admin/settings")
    assert "Example Organisation" in browser.get("/").text
    assert browser.post("/admin/settings/organisation", {"value": " "}, on="/admin/settings").status_code == 422
    assert browser.post("/admin/settings/no_such", {"value": "x"}, on="/admin/settings").status_code == 404


def test_mail_folder_shows_letters_as_text(browser: Any, application: Any) -> None:
    """What would have been sent can be read, and nothing of it acts as a page."""
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["To"], mail["Subject"] = "j.meyer@example.org", "We have received <b>it</b>"
    mail.set_content("Dear J. Meyer <script>")
    name = application.mailer.send(mail, "key").removeprefix("mail/")
    browser.sign_in("adam")
    assert "j.meyer@example.org" in browser.get("/admin/mail").text
    text = browser.get(f"/admin/mail/{name}").text
    assert "Dear J. Meyer &lt;script&gt;" in text and "<b>it" not in text
    assert browser.get("/admin/mail/other.eml").status_code == 404
