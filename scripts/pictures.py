"""Make the pictures of docs/process-owner.md anew, from the real thing: the modeler with our templates, `amends check`, the studio.

Run by a developer after what they show has changed: `.venv/bin/python scripts/pictures.py`. It needs `make test`, and Chromium.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from modeler import Modeler, bundle  # noqa: E402  # the tests' modeler is the one that is shown

import amends  # noqa: E402
from amends.engine.definitions import read_package  # noqa: E402
from amends.engine.services import element_templates, operations  # noqa: E402
from amends.webui import create_app  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1380, "height": 640}
PASSWORD = "a password for pictures only"  # noqa: S105  # of an installation that is thrown away
FONT = "13px/1.5 'DejaVu Sans Mono',monospace"
TERMINAL = f"<style>body{{{{margin:0}}}}pre{{{{margin:0;padding:16px;font:{FONT};color:#1b1f24}}}}</style><pre>{{}}</pre>"


def modeler(browser: Browser, package: Path, scratch: Path) -> None:
    """A diagram of the package, open, and a task that gets a template and its fields."""
    page = browser.new_page(viewport=SIZE)
    script = bundle(ROOT, scratch)
    shown = Modeler(page, ROOT, script)
    templates = element_templates(operations(), read_package(package))
    shown.open((package / "communication.bpmn").read_bytes(), templates)
    page.screenshot(path=PICTURES / "modeler.png")
    page.close()
    page = browser.new_page(viewport=SIZE)
    shown = Modeler(page, ROOT, script)
    shown.open((package / "escalation.bpmn").read_bytes(), templates)
    shown.choose("tell", "amends.send-message")
    shown.unfold("inputs")
    shown.fill("Letter", "escalation")
    page.screenshot(path=PICTURES / "template.png")
    page.close()


def checked(browser: Browser, package: Path) -> None:
    """What `amends check` says to a package with a slip in it."""
    diagram = package / "escalation.bpmn"
    diagram.write_text(diagram.read_text().replace('target="role"', 'target="rolle"', 1))
    command = [Path(sys.executable).parent / "amends", "check", "iso10002"]
    said = subprocess.run(command, cwd=package.parent, capture_output=True, text=True).stdout
    page = browser.new_page(viewport={"width": 1100, "height": 200})
    page.set_content(TERMINAL.format(html.escape(f"$ amends check iso10002\n{said}")))
    page.locator("pre").screenshot(path=PICTURES / "check.png")
    page.close()


def studio(browser: Browser, package: Path, data: Path) -> None:
    """The studio after a change was deployed."""
    application = amends.open(data=data)
    application.deploy_shipped()
    manifest = package / "package.toml"
    manifest.write_text(re.sub(r'(?m)^version = "1\.0\.0"', 'version = "1.1.0"', manifest.read_text(), count=1))
    application.accounts.create("olga", "Olga Owner", ["process-owner"], PASSWORD)
    application.engine.deploy(package, actor="system", reason="The manager is told by mail, too")
    server = create_server(create_app(application, AMENDS_PACKAGES=ROOT / "processes"), host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    page = browser.new_page(viewport=SIZE)
    page.goto(f"http://127.0.0.1:{server.effective_port}/studio")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"http://127.0.0.1:{server.effective_port}/studio")
    page.screenshot(path=PICTURES / "studio.png")
    page.close()
    server.close()
    application.close()


def main() -> None:
    """All of them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        scratch = Path(folder)
        package = scratch / "iso10002"
        shutil.copytree(ROOT / "processes" / "iso10002", package)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        modeler(browser, package, scratch)
        studio(browser, package, scratch / "data")
        checked(browser, package)
        browser.close()
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
