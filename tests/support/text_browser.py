"""Somebody in front of a text browser: w3m in a terminal, moved by its keys alone, read as it shows the page."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

EDITOR = '#!/bin/sh\ncp {typed} "$1"\n'
TAB, ENTER, CLEAR, AT_THE_TOP, LEFT = "\t", "\r", "\x15", "g", "h"
PATIENCE = 20.0


class TextBrowser:
    """w3m on a terminal of 80 columns."""

    def __init__(self, folder: Path, address: str, language: str) -> None:
        """Open an address; `folder` is the home of this w3m, so that nobody's settings, cookies or history count."""
        self.folder, self._typed = folder, folder / "typed.txt"
        editor = folder / "editor"
        editor.write_text(EDITOR.format(typed=self._typed))
        editor.chmod(0o755)
        command = ["w3m", "-config", "/dev/null", "-cols", "80"]
        for option in (f"accept_language={language}", "use_cookie=1", "accept_cookie=1", "use_mouse=0", f"editor={editor}"):
            command += ["-o", option]
        self._terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
        surroundings = os.environ | {"HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [*command, address], stdin=end, stdout=end, stderr=end, env=surroundings, start_new_session=True, cwd=folder
        )
        os.close(end)
        self._settle()

    def close(self) -> None:
        """Leave."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._terminal)

    def keys(self, keys: str) -> None:
        """Press keys, and wait until the terminal is quiet."""
        os.write(self._terminal, keys.encode())
        self._settle()

    def read(self) -> str:
        """The whole page as w3m writes it out, with what is typed into its fields."""
        shown = self.folder / f"shown-{time.monotonic_ns()}.txt"
        self._ask("S", "Save buffer to", str(shown))
        for _ in range(100):
            if shown.exists() and (text := shown.read_text()):
                return text
            time.sleep(0.05)
        raise AssertionError("w3m did not write the page out.")

    def wait_for(self, words: str) -> str:
        """Wait until the page says this; its text."""
        until = time.monotonic() + PATIENCE
        while words not in flat(text := self.read()):
            if time.monotonic() > until:
                raise AssertionError(f"The page never said {words!r}:\n{text}")
            time.sleep(0.2)
        return text

    def find(self, words: str) -> None:
        """Go to the first place of the page where this stands; words on one line, `^` for the beginning of one."""
        self.keys(AT_THE_TOP)
        self._ask("/", "Forward", words.replace("?", "[?]"))

    def follow(self, link: str) -> None:
        """Follow the link, or press the button, with this text."""
        self.find(link)
        self.keys(ENTER)

    def fill(self, label: str, text: str) -> None:
        """Type into the field after this label."""
        self.find("^" + label)
        self.keys(TAB)
        self._ask(ENTER, "TEXT", text)

    def write(self, label: str, text: str) -> None:
        """Write into the field of several lines after this label, for which w3m opens an editor."""
        self._typed.write_text(text + "\n")
        self.find("^" + label)
        self.keys(TAB + ENTER)

    def choose(self, option: str) -> None:
        """Choose the radio button with this label."""
        self.find(f"[)] {option}")
        self.keys(LEFT + ENTER)

    def _ask(self, key: str, prompt: str, answer: str) -> None:
        """Press a key that asks for something; answer only once it asks, for w3m may still be loading a page."""
        os.write(self._terminal, key.encode())
        self._settle(until_it_says=prompt)
        self.keys(f"{CLEAR}{answer}{ENTER}")

    def _settle(self, until_it_says: str = "") -> None:
        said, quiet, until = b"", 0, time.monotonic() + PATIENCE
        while quiet < 2 or until_it_says.encode() not in said:
            if time.monotonic() > until:
                raise AssertionError(f"w3m never asked {until_it_says!r}, but said {said[-2000:]!r}")
            ready, _, _ = select.select([self._terminal], [], [], 0.08)
            if ready:
                said += os.read(self._terminal, 65536)
                quiet = 0
            else:
                quiet += 1


def flat(text: str) -> str:
    """The text with its lines run together."""
    return " ".join(text.split())
