"""Every page is shown to whom it is for, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

PAGES = {
    "hanna": [
        "/inbox",
        "/inbox?list=all",
        "/tasks/{task}",
        "/complaints",
        "/complaints?state=closed",
        "/complaints/{reference}",
        "/file",
        "/account",
    ],
    "olga": ["/studio", "/studio/versions/d1", "/diagrams/d1/complaint.bpmn"],
    "ann": ["/audit", "/audit/complaints/{reference}", "/audit/verify", "/complaints/{reference}"],
    "adam": ["/admin", "/admin/accounts/a1", "/admin/settings", "/admin/mail"],
}
PUBLIC = ["/", "/complain/1", "/follow", "/sign-in", "/healthz"]


def paths(who: str, task: Any, complaint: Any) -> list[str]:
    return [path.format(task=task.id, reference=complaint.reference) for path in PAGES[who]]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_no_account(browser: Any, path: str) -> None:
    """Nobody signs in to complain or to follow a complaint."""
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("who", PAGES)
def test_role_sees_its_pages(browser: Any, task: Any, complaint: Any, who: str) -> None:
    """Each role opens all of its pages."""
    browser.sign_in(who)
    assert {path: browser.get(path).status_code for path in paths(who, task, complaint)} == dict.fromkeys(paths(who, task, complaint), 200)


@pytest.mark.parametrize("who", PAGES)
def test_nobody_sees_staff_pages_signed_out(browser: Any, task: Any, complaint: Any, who: str) -> None:
    """Without an account every staff page leads to the sign-in."""
    for path in paths(who, task, complaint):
        answer = browser.get(path)
        assert answer.status_code == 303 and "/sign-in" in answer.location, path


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("hanna", "/studio"), ("hanna", "/audit"), ("hanna", "/admin"), ("olga", "/inbox"), ("olga", "/admin"), ("ann", "/inbox"),
        ("adam", "/audit"), ("adam", "/complaints"),
    ],
)  # fmt: skip
def test_other_roles_are_refused(browser: Any, who: str, path: str) -> None:
    """A role opens no other role's pages, and is told what it would take."""
    browser.sign_in(who)
    answer = browser.get(path)
    assert answer.status_code == 403
    assert "It needs" in answer.text


def test_no_inline_script_or_style(browser: Any, task: Any, complaint: Any) -> None:
    """The policy forbids inline script and style, so no page has any."""
    import re

    for who in PAGES:
        browser.client.delete_cookie("amends")
        browser.sign_in(who)
        for path in paths(who, task, complaint):
            text = browser.get(path).text
            assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), path
