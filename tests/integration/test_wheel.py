"""What is installed is what is tested: the wheel is built, installed elsewhere, and holds and does all that the checkout does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

PARTS = ("engine", "forms", "webui", "processes")
# Tests of the installed copy here: the rest of the suite runs on it in CI. Each of these is run if it is there.
KEY_TESTS = ("tests/unit/forms", "tests/unit/engine/definitions", "tests/unit/webui", "tests/processes")


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "COV"))}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**outside, **environment}, timeout=900)


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what is in the checkout (tracked or not yet), so that nothing else gets into it."""
    folder = tmp_path_factory.mktemp("wheel")
    listing = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], repository)
    if listing.returncode:
        pytest.skip("this is no git checkout, so what belongs into the wheel is not known")
    copy = folder / "checkout"
    for name in listing.stdout.splitlines():
        source, target = repository / name, copy / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    shutil.copytree(repository / "webui" / "static" / "dist", copy / "webui" / "static" / "dist")
    (copy / "node_modules").symlink_to(repository / "node_modules")
    built = run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder / "out"), "."], copy
    )
    assert built.returncode == 0, built.stdout + built.stderr
    [file] = (folder / "out").glob("amends-*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it. What amends depends on is lent from this environment, amends itself is not:
    a path in a .pth file adds the folder, but not the .pth files in it, one of which would be the checkout's."""
    folder = tmp_path_factory.mktemp("installed")
    assert run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder).returncode == 0
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    arguments = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    done = run([sys.executable, "-m", "pip", *arguments], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "lent.pth").write_text("\n".join(sorted(lent)) + "\n")
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder from which the checkout cannot be seen."""
    yield tmp_path


def python(installed: Path, code: str, cwd: Path) -> str:
    done = run([str(installed / "bin" / "python"), "-c", code], cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_every_file_of_the_four_parts(repository: Path, wheel: Path) -> None:
    """Python, BPMN, DMN, forms, letters, tables, templates, migrations, assets: a type that nobody listed is not forgotten."""
    ours = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *PARTS], repository).stdout.splitlines()
    checkout = wheel.parent.parent / "checkout"
    built = [str(path.relative_to(checkout)) for path in (checkout / "webui/static/dist").glob("[!.]*")]
    assert len(built) >= 5
    # Names that start with a dot are for tools.
    wanted = {f"amends/{name}" for name in [*ours, *built] if not Path(name).name.startswith(".") and (checkout / name).exists()}
    with zipfile.ZipFile(wheel) as archive:
        there = set(archive.namelist())
    assert wanted - there == set()
    assert {"amends/py.typed", "amends/__init__.py"} <= there


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    """Nothing but the package and its own metadata: no tests, no bare `engine`, no compiled leftovers, no npm packages."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"amends", next(name for name in names if ".dist-info" in name).split("/")[0]}
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc") or "node_modules" in name] == []


def test_installed_copy_is_the_one_imported(repository: Path, installed: Path, elsewhere: Path) -> None:
    """In that environment `amends` is the wheel's, and the command is there."""
    place = Path(python(installed, "import amends; print(amends.__file__)", elsewhere).strip())
    assert place.is_relative_to(installed) and not place.is_relative_to(repository)


def test_every_module_of_the_installed_copy_can_be_imported(installed: Path, elsewhere: Path) -> None:
    """No module needs what only a checkout has."""
    code = """
import importlib, json, pkgutil, amends
failed = {}
for module in pkgutil.walk_packages(amends.__path__, "amends."):
    if ".migrations." in module.name or ".versions." in module.name or module.name.endswith("__main__"):
        continue  # Alembic runs its own files, with its context around them; __main__ is a program
    try:
        importlib.import_module(module.name)
    except Exception as error:  # whatever it is, it is the finding
        failed[module.name] = repr(error)
print(json.dumps(failed))
"""
    assert json.loads(python(installed, code, elsewhere).splitlines()[-1]) == {}


def test_installed_copy_finds_its_assets(installed: Path, elsewhere: Path) -> None:
    """The built style sheet and scripts are in the package, under the names its manifest gives."""
    code = """
import json
from importlib.resources import files
dist = files("amends") / "webui" / "static" / "dist"
print(all((dist / name).is_file() for name in json.loads((dist / "manifest.json").read_text()).values()))
"""
    assert python(installed, code, elsewhere).strip() == "True"


def test_installed_copy_checks_and_deploys_its_own_packages(installed: Path, elsewhere: Path) -> None:
    """Each process package in the wheel is whole: it passes the check, deploys on a new database, and a second deployment
    of the same content is the same deployment."""
    code = """
from importlib.resources import files
from pathlib import Path
from amends.engine import Engine
packages = sorted(one for one in Path(str(files("amends") / "processes")).iterdir() if (one / "package.toml").is_file())
engine = Engine("sqlite:///new.db")
print(len(packages), all(engine.deploy(one).id == engine.deploy(one).id for one in packages))
engine.close()
"""
    count, same = python(installed, code, elsewhere).split()[-2:]
    assert int(count) >= 1
    assert same == "True"


def test_command_of_the_installed_copy_answers(installed: Path, elsewhere: Path) -> None:
    """`amends` and `python -m amends` say what they can do, from any folder."""
    done = run([str(installed / "bin" / "python"), "-m", "amends", "--help"], elsewhere)
    assert done.returncode == 0, done.stderr
    for command in ("run", "check", "deploy", "import", "verify"):
        assert command in done.stdout


@pytest.mark.skipif("AMENDS_TEST_INSTALLED" in os.environ, reason="the whole suite is running on an installed copy already")
def test_key_tests_pass_on_the_installed_copy(repository: Path, installed: Path) -> None:
    """Forms, definitions, pages and every path of every package: green on the wheel, not only on the checkout."""
    chosen = [name for name in KEY_TESTS if any((repository / name).rglob("test_*.py"))]
    assert chosen
    done = run(
        [
            str(installed / "bin" / "python"),
            "-P",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-m",
            "not postgres and not browser",
            *chosen,
        ],
        repository,
        AMENDS_TEST_INSTALLED=str(installed),
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
