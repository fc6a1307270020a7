"""The real modeler in a real browser: bundled from the locked npm packages, with our element templates loaded."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

NEEDED = "bpmn-js-element-templates"
STYLES = (
    "bpmn-js/dist/assets/diagram-js.css",
    "bpmn-js/dist/assets/bpmn-js.css",
    "bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css",
    "@bpmn-io/properties-panel/dist/assets/properties-panel.css",
    "bpmn-js-element-templates/dist/assets/element-templates.css",
)
LAYOUT = (
    "<style>body{margin:0;display:flex;height:100vh}#canvas{flex:1}#panel{width:380px;overflow:auto;border-left:1px solid #ccc}</style>"
)


def bundle(repository: Path, scratch: Path) -> Path:
    """The modeler as one script in the scratch folder."""
    made = scratch / "modeler.js"
    entry = repository / "tests" / "browser" / "modeler" / "entry.mjs"
    command = [repository / "node_modules" / ".bin" / "esbuild", "--bundle", "--minify", "--format=iife", f"--outfile={made}"]
    subprocess.run([*command, "--log-level=error", entry], check=True, cwd=repository)
    return made


class Modeler:
    """A page with the modeler on it."""

    def __init__(self, page: Page, repository: Path, script: Path) -> None:
        self.page = page
        page.set_default_timeout(8_000)
        page.set_content(f'{LAYOUT}<div id="canvas"></div><div id="panel"></div>')
        for style in STYLES:
            page.add_style_tag(path=repository / "node_modules" / style)
        page.add_script_tag(path=script)

    def open(self, diagram: bytes, templates: list[dict[str, Any]]) -> list[str]:
        """Open a diagram with these templates; what the modeler has to complain about."""
        found: list[str] = self.page.evaluate("([xml, templates]) => openModeler(xml, templates)", [diagram.decode(), templates])
        return found

    def choose(self, element: str, template: str = "") -> None:
        """Select an element and, if given, the template for it."""
        self.page.evaluate("([element, template]) => choose(element, template)", [element, template])

    def unfold(self, group: str) -> None:
        """Open a group of the template's fields, by its id, if it is folded."""
        header = self.page.locator(f'[data-group-id="group-ElementTemplates__CustomProperties-{group}"] .bio-properties-panel-group-header')
        if "open" not in (header.first.get_attribute("class") or "").split():
            header.first.click()

    def fill(self, label: str, value: str) -> None:
        """Type into, or choose in, a field of the properties panel."""
        field = self.page.locator("#panel").get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.blur()

    def save(self) -> bytes:
        """The diagram as it is saved."""
        text: str = self.page.evaluate("() => saved()")
        return text.encode()
