"""The house rules that a machine can keep: names, licences, locks, the wheel's ingredients, and colours one can read."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PARTS = ("engine", "forms", "webui", "processes")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")


def sources(repository: Path) -> list[Path]:
    """Every Python file that is ours."""
    folders = [repository / name for name in ("engine", "forms", "webui", "src", "tests", "scripts")]
    return [path for folder in folders for path in sorted(folder.rglob("*.py")) if "node_modules" not in path.parts]


# -- layout ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_amends_is_made_of_links_to_the_top(repository: Path, part: str) -> None:
    """The four parts live at the top and are linked into the package, so that nothing squats on `engine` in site-packages."""
    link = repository / "src" / "amends" / part
    assert link.is_symlink()
    assert link.resolve() == repository / part


def test_nothing_imports_a_bare_part(repository: Path) -> None:
    """`import engine` works by accident from the top of a checkout and nowhere else."""
    bare = [
        f"{path}:{node.lineno}"
        for path in sources(repository)
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported(node)
        if name.split(".")[0] in PARTS
    ]
    assert bare == []


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    return []


def test_processes_are_data(repository: Path) -> None:
    """A process package has no Python in it: what it says is run by the engine, never by the interpreter."""
    assert list((repository / "processes").rglob("*.py")) == []


def test_every_folder_of_python_is_a_package(repository: Path) -> None:
    """A folder without __init__.py would be left out of the installed packages' list."""
    folders = {path.parent for part in ("engine", "forms", "webui") for path in (repository / part).rglob("*.py")}
    without = [str(folder.relative_to(repository)) for folder in sorted(folders) if not (folder / "__init__.py").exists()]
    # Alembic runs its own files by path; nobody imports them.
    assert [name for name in without if "migrations" not in name and "versions" not in name] == []


def test_the_product_names_nothing_outside_itself(repository: Path) -> None:
    """At run time amends needs nothing beside its checkout: `../shared` is for tests."""
    product = [path for path in sources(repository) if path.relative_to(repository).parts[0] not in ("tests",)]
    assert [str(path) for path in product if "../shared" in path.read_text()] == []


# -- dependencies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_digests(repository: Path, name: str) -> None:
    """pip accepts a lock only whole: every package pinned, every file it may come as named by digest."""
    entries = [entry for entry in re.split(r"\n(?=\S)", (repository / name).read_text()) if not entry.startswith("#")]
    assert entries
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry] == []


@pytest.mark.parametrize("name", [*LOCKS, "package-lock.json"])
def test_locks_name_no_index(repository: Path, name: str) -> None:
    """A lock holds on any machine: it says what, not from where; where npm says it, it is the public registry."""
    text = (repository / name).read_text()
    assert "--index-url" not in text and "--find-links" not in text and "file:" not in text
    elsewhere = [url for url in re.findall(r'"resolved": "([^"]*)"', text) if not url.startswith("https://registry.npmjs.org/")]
    assert elsewhere == []


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^ \\]+", lock.read_text(), re.MULTILINE | re.IGNORECASE))


def test_the_lock_for_tests_covers_the_one_for_running(repository: Path) -> None:
    """`make test` installs all that `make run` needs, in the same versions: the two never fight over .venv."""
    assert pins(repository / "requirements.lock") <= pins(repository / "requirements-dev.lock")


def test_locks_hold_what_the_project_asks_for(repository: Path) -> None:
    """Every requirement in pyproject.toml is locked, in a version it allows: a new one cannot be forgotten in the lock."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = [text for name in ("postgres", "test", "dev") for text in project["optional-dependencies"][name]]
    for lock, wanted in (("requirements.lock", project["dependencies"]), ("requirements-dev.lock", [*project["dependencies"], *extras])):
        locked = {normal(pin.split("==")[0]): pin.split("==")[1] for pin in pins(repository / lock)}
        for requirement in map(Requirement, wanted):
            version = locked.get(normal(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock}: run `make lock`"
            assert requirement.specifier.contains(version, prereleases=True), f"{lock} has {requirement.name} {version}: run `make lock`"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_product_imports_is_what_it_asks_for(repository: Path) -> None:
    """A package that only comes along with another one (or with the tests) is missing the day that one is gone."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    asked = {normal(Requirement(text).name) for text in [*project["dependencies"], *project["optional-dependencies"]["postgres"]]}
    given = importlib.metadata.packages_distributions()
    # Flask is made of these, and Flask-WTF of WTForms: their interfaces are part of what is asked for.
    part_of_flask = {"werkzeug", "jinja2", "itsdangerous", "markupsafe", "blinker", "wtforms"}
    wrong = []
    for path in sources(repository):
        if path.relative_to(repository).parts[0] not in ("engine", "forms", "webui", "src"):
            continue
        for name in {name.split(".")[0] for node in ast.walk(ast.parse(path.read_text())) for name in imported(node)}:
            if name in sys.stdlib_module_names or name == "amends":
                continue
            if not {normal(owner) for owner in given.get(name, [])} & (asked | part_of_flask):
                wrong.append(f"{path.relative_to(repository)}: {name}")
    assert wrong == []


def test_no_dependency_has_a_licence_that_would_bind_ours(repository: Path) -> None:
    """Neither what amends runs on nor what tests it is under the GPL or AGPL (the LGPL of a library used as one is fine)."""
    locked = {normal(pin.split("==")[0]) for pin in pins(repository / "requirements-dev.lock")}
    refused = []
    for distribution in importlib.metadata.distributions():
        about = distribution.metadata
        if normal(about["Name"]) not in locked:
            continue
        licence = about.get("License-Expression") or " ; ".join(
            [text for key, text in about.items() if key == "Classifier" and text.startswith("License ::")]
            or [(about.get("License") or "")[:80]]
        )
        if re.search(r"(?<!L)(?<!Lesser )(A?GPL|General Public License)", licence.replace("Lesser General Public License", "LGPL")):
            refused.append(f"{about['Name']}: {licence}")
    assert refused == []


def test_npm_packages_have_free_licences(repository: Path) -> None:
    """The same for what is bundled into the pages or tests them; bpmn.io's own licence asks for its mark, which stays (tests/browser)."""
    lock = json.loads((repository / "package-lock.json").read_text())
    free = {"MIT", "ISC", "0BSD", "Zero-Clause BSD", "BSD-0-Clause", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0"}
    others = {
        name.removeprefix("node_modules/"): about.get("license")
        for name, about in lock["packages"].items()
        if name and not free & set(str(about.get("license")).strip("()").split(" OR "))  # whoever offers a choice lets us choose
    }
    # `only` (of the sign-in service that tests use) and `cli-table` (of the modeler's) say MIT in their readme alone.
    assert set(others) <= {"bpmn-js", "diagram-js", "@bpmn-io/form-js-viewer", "only", "cli-table"}, others


# -- documents ---------------------------------------------------------------------------------------------------------


def documents(repository: Path) -> list[Path]:
    return [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]


def test_documents_name_commands_that_exist(repository: Path) -> None:
    """Every `amends …` command in the documents is one, with the options it has, and every `make …` a target."""
    from amends.cli import main as program

    targets = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    wrong = []
    for path in documents(repository):
        code = "\n".join(spans(path.read_text()))
        for command, rest in re.findall(r"(?:^|/| )amends ([a-z]+)((?: [^\n|]*)?)", code, re.MULTILINE):
            known = program.commands.get(command)
            if known is None:
                wrong.append(f"{path.name}: amends {command}")
                continue
            options = {option for parameter in known.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
            subcommands = getattr(known, "commands", {})
            options |= {option for one in subcommands.values() for parameter in one.params for option in parameter.opts}
            wrong += [
                f"{path.name}: amends {command} {option}" for option in re.findall(r"(?<!\S)--[a-z-]+", rest) if option not in options
            ]
        wrong += [f"{path.name}: make {name}" for name in re.findall(r"(?:^|\W)make ([a-z]+)\b", code) if name not in targets]
    assert wrong == []


def spans(text: str) -> list[str]:
    """What is set as code in Markdown: fenced blocks and spans."""
    return [block or span for block, span in re.findall(r"```(?:sh|ini)\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)]


def test_links_in_documents_lead_somewhere(repository: Path) -> None:
    """Every relative link names a file or folder that is there."""
    broken = []
    for path in documents(repository):
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)#]*)(?:#[^)]*)?\)", path.read_text()):
            if target and not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


# -- what is in the repository -----------------------------------------------------------------------------------------


def tracked(repository: Path) -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return done.stdout.splitlines()


def test_nothing_built_is_committed(repository: Path) -> None:
    """Assets, wheels and environments are made, not kept."""
    made = ("webui/static/dist/", "node_modules/", "dist/", "build/", ".venv/", "data/")
    assert [name for name in tracked(repository) if name.startswith(made)] == []


def test_pages_have_no_inline_script_or_style(repository: Path) -> None:
    """The content security policy forbids both; a template that has one would work only until it is served."""
    wrong = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=\"|javascript:", re.IGNORECASE)
    found = []
    for folder in ("webui/templates", "forms/templates"):
        for path in sorted((repository / folder).rglob("*.html")):
            found += [f"{path.relative_to(repository)}: {match.group(0)}" for match in wrong.finditer(path.read_text())]
    assert found == []


def test_templates_use_classes_that_exist(repository: Path) -> None:
    """Every app-… class in a template is one the skin knows; a misspelt one would silently look like nothing."""
    known = set()
    for path in (repository / "webui" / "static").glob("*.css"):
        known |= set(re.findall(r"\.(app-[a-z0-9_-]+)", path.read_text()))
    unknown = []
    for path in sorted((repository / "webui" / "templates").rglob("*.html")):
        for attribute in re.findall(r'class="([^"]*)"', path.read_text()):
            # What a template computes is not read here, nor what is glued to it.
            names = re.sub(r"\{[{%].*?[}%]\}", "?", attribute).split()
            unknown += [f"{path.name}: {name}" for name in names if re.fullmatch(r"app-[a-z0-9_-]+", name) and name not in known]
    assert unknown == []


# -- colours -----------------------------------------------------------------------------------------------------------

TEXT_ON_GROUND = [
    *(("text", ground) for ground in ("page", "surface", "surface-2", "action-soft")),
    *(("text-quiet", ground) for ground in ("page", "surface", "surface-2", "action-soft")),
    *(("action", ground) for ground in ("page", "surface", "surface-2", "action-soft")),
    *(("action-strong", ground) for ground in ("page", "surface", "surface-2")),
    *(("visited", ground) for ground in ("page", "surface")),
    *(("danger", ground) for ground in ("page", "surface")),
    *(
        (state, ground)
        for state in ("late", "soon", "fine", "waiting", "done")
        for ground in ("page", "surface", "surface-2", f"{state}-soft")
    ),
    ("on-action", "action"),
    ("on-action", "action-strong"),
    ("on-danger", "danger"),
    ("on-danger", "danger-strong"),
    ("on-focus", "focus"),
    ("on-brand", "brand"),
]
EDGE_ON_GROUND = [("line-strong", ground) for ground in ("page", "surface", "surface-2")]


def tokens(repository: Path, scheme: str) -> dict[str, str]:
    """The colours of tokens.css, by name, in light or dark."""
    text = (repository / "webui" / "static" / "tokens.css").read_text()
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    dark = dark.split("@media print")[0]
    found = dict(re.findall(r"--amends-([a-z0-9-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found.update(re.findall(r"--amends-([a-z0-9-]+): (#[0-9a-f]{6});", dark))
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours written #rrggbb."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(repository: Path, scheme: str) -> None:
    """WCAG 2.2 AA in both schemes: letters at 4.5 to 1 on every ground they are set on, edges of fields at 3 to 1."""
    colours = tokens(repository, scheme)
    wanted = [(pair, 4.5) for pair in TEXT_ON_GROUND] + [(pair, 3.0) for pair in EDGE_ON_GROUND]
    faint = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair, least in wanted
        if contrast(colours[pair[0]], colours[pair[1]]) < least
    }
    assert faint == {}


def test_contrast_is_measured_right() -> None:
    """Black on white is 21 to 1, and #767676 on white is the well-known faintest grey that passes."""
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_assets_carry_nothing_of_govuk_alone(repository: Path) -> None:
    """GOV.UK's typeface and crest are not ours to use; the stylesheet that is served has neither, and asks nobody else."""
    built = list((repository / "webui" / "static" / "dist").glob("amends-*.css"))
    assert len(built) == 1, "The assets are not built: run `make assets`."
    text = built[0].read_text()
    assert not re.search(r"GDS Transport|@font-face|govuk-crest", text)
    assert re.findall(r"""url\((?!["']?data:)[^)]*\)""", text) == []


def test_manifest_names_what_is_there(repository: Path) -> None:
    """Every logical name maps to a file whose name holds the digest of its content, so that it may be cached for ever."""
    dist = repository / "webui" / "static" / "dist"
    manifest = json.loads((dist / "manifest.json").read_text())
    assert set(manifest) == {"amends.css", "app.js", "icon.svg"}
    for logical, file in manifest.items():
        stem, suffix = logical.rsplit(".", 1)
        assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{suffix}", file)
        assert (dist / file).is_file()
