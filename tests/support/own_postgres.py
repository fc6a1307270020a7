"""A PostgreSQL cluster of a test's own, that may be stopped, killed and started again without hurting anybody."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any


def binaries() -> Path | None:
    """Where PostgreSQL's programs are: on the PATH, or where Debian puts them; None if they are not on this machine."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return known[-1].parent if known else None


class OwnPostgres:
    """Makes a cluster in a temporary folder, starts it, and removes everything in the end."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="amends-postgres-"))
        self.data = self.folder / "data"
        # The server refuses to run as root.
        self.user = next((name for name in ("postgres", "nobody") if _is_user(name)), None) if os.geteuid() == 0 else None
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self) -> OwnPostgres:
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "-D", str(self.data))
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{self.folder}'\nrestart_after_crash=on\n")
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers; after a kill, what it left behind is taken away first."""
        until = time.monotonic() + 30
        while True:
            try:
                self._run("pg_ctl", "start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-D", str(self.data))
                return
            except subprocess.CalledProcessError:
                # Servants of a killed server live a moment longer and hold its shared memory.
                if time.monotonic() > until:
                    raise
                time.sleep(0.3)

    def stop(self) -> None:
        """Stop it at once, without writing down what it has in memory."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))

    def kill(self) -> None:
        """SIGKILL the server and all its servants."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for one in [pid, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def _run(self, program: str, *arguments: str) -> None:
        more: dict[str, Any] = {} if self.user is None else {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        subprocess.run(
            [str(self.programs / program), *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}, **more,
        )  # fmt: skip


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
