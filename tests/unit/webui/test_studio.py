"""The process owner uploads a package, sees every problem, and deploys with a reason."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from amends.engine.errors import Invalid
from amends.webui import archives


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    return made.getvalue()


def shipped(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def package(fakes: Any, changed: dict[str, bytes]) -> bytes:
    files = shipped(fakes.PACKAGE) | changed
    return zipped({f"iso10002/{path}": body for path, body in files.items()})


def upload(browser: Any, body: bytes) -> Any:
    sent = {"package": (io.BytesIO(body), "package.zip")}
    return browser.post("/studio/check", sent, on="/studio", content_type="multipart/form-data")


def test_changed_package_is_checked_then_deployed_with_a_reason(browser: Any, application: Any, fakes: Any) -> None:
    """Nothing is deployed by uploading; a reason is asked for and kept."""
    browser.sign_in("olga")
    page = upload(browser, package(fakes, {"letters/new.md": b"---\nsubject: New\n---\nHello."}))
    assert "Checked, not deployed" in page.text and len(application.engine.deployed) == 1
    assert browser.post("/studio/deploy", {"reason": " "}, on="/studio/check").status_code == 422
    done = browser.post("/studio/deploy", {"reason": "A new letter"}, on="/studio/check")
    assert "is deployed" in done.text
    assert (application.engine.deployed[0].reason, application.engine.deployed[0].actor) == ("A new letter", "account:a3")


def test_problems_stand_in_the_list_and_on_the_diagram(browser: Any, application: Any, fakes: Any) -> None:
    """A broken package names file and element, marks the element, and cannot be deployed."""
    broken = (fakes.PACKAGE / "assessment.bpmn").read_bytes().replace(b'formId="assessment"', b'formId="gone"')
    browser.sign_in("olga")
    page = upload(browser, package(fakes, {"assessment.bpmn": broken}))
    assert "It cannot be deployed" in page.text and "assessment.bpmn · assess" in page.text
    assert "assess&#34;: &#34;problem" in page.text
    assert browser.get("/studio/check/diagrams/assessment.bpmn").data == broken
    assert 'action="/studio/deploy"' not in page.text


def test_version_downloads_as_it_was_deployed(browser: Any, fakes: Any) -> None:
    """The zip of a version holds its files, byte by byte."""
    browser.sign_in("olga")
    body = browser.get("/studio/versions/d1/package.zip").data
    assert archives.read_zip(body) == shipped(fakes.PACKAGE)
    assert browser.get("/studio/versions/d9").status_code == 404


def test_nothing_uploaded_is_said(browser: Any) -> None:
    """No file, no zip, no package any more: each is a sentence."""
    browser.sign_in("olga")
    assert browser.post("/studio/check", on="/studio").status_code == 422
    assert "not a zip archive" in upload(browser, b"no zip").text
    assert browser.get("/studio/check").status_code == 404


@pytest.mark.parametrize("path", ["../evil.bpmn", "/etc/passwd", "a/../../b", "C:/windows/x", "..\\evil.bpmn"])
def test_paths_that_lead_out_are_refused(path: str) -> None:
    """No file of an archive lands outside of its folder."""
    with pytest.raises(Invalid, match="leads out of its folder"):
        archives.read_zip(zipped({path: b"x"}))


def test_bombs_are_refused_while_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to too much is stopped, whatever the archive says of its sizes."""
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000)
    with pytest.raises(Invalid, match="larger than 10,000 bytes"):
        archives.read_zip(zipped({"a.txt": b"0" * 9_000, "b.txt": b"0" * 1_001}))
    monkeypatch.setattr(archives, "MAX_FILES", 2)
    with pytest.raises(Invalid, match="holds 3 files"):
        archives.read_zip(zipped({"a": b"", "b": b"", "c": b""}))


def test_links_and_damage_are_refused() -> None:
    """A link is no file, and a damaged archive is said to be one."""
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Invalid, match="is a link"):
        archives.read_zip(made.getvalue())
    whole = bytearray(zipped({"a.txt": b"hello " * 1000}))
    whole[40:44] = b"\xff\xff\xff\xff"
    with pytest.raises(Invalid, match="damaged|cannot be unpacked"):
        archives.read_zip(bytes(whole))


def test_what_a_mac_adds_is_left_out() -> None:
    """Hidden files and resource forks of a file manager are no part of the package, and one folder around all is taken off."""
    sent = {"p/package.toml": b"x", "p/.DS_Store": b"x", "__MACOSX/p/._package.toml": b"x", "p/forms/a.form": b"y"}
    assert archives.read_zip(zipped(sent)) == {"package.toml": b"x", "forms/a.form": b"y"}
