"""Somebody who files complaints on the web, one after the other, and tries each page again until the server has answered it."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from http.cookiejar import CookieJar

REFERENCE = re.compile(r'class="[^"]*app-reference[^>]*>\s*([A-Z0-9-]+)')


WHO = {"email": "j.meyer@example.org", "name": "J. Meyer"}


class GaveUp(Exception):
    """The server did not answer sensibly for too long."""


class Complainant:
    """A browser without scripts. `stopping` ends it between two complaints; `filed` maps what was typed to the reference shown."""

    def __init__(self, address: str, name: str, stopping: Callable[[], bool]) -> None:
        self.address, self.name, self.stopping = address, name, stopping
        self.filed: dict[str, str] = {}
        self.begun = 0
        self._browser = urllib.request.build_opener()

    def run(self) -> None:
        """File until it is to stop."""
        while not self.stopping():
            self.begun += 1
            typed = f"Complaint {self.begun} of {self.name}"
            self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            self.filed[typed] = self._file(typed)

    def _file(self, typed: str) -> str:
        give_up = time.monotonic() + 120
        address, page = self._open("/complain")
        while time.monotonic() < give_up:
            if found := REFERENCE.search(page):
                return found[1]
            if address.endswith("/check"):
                address, page = self._post(address, page, {})
            elif step := re.search(r"/complain/(\d+)$", address):
                answers = {"subject": typed, "description": typed} if step[1] == "1" else WHO
                address, page = self._post(address, page, {**answers, "go": "next"})
            else:
                # It is being sent, or something went wrong: back to where the browser's draft is.
                time.sleep(0.5)
                address, page = self._open("/complain/received" if "is being sent" in page else "/complain")
        raise GaveUp(f"{typed} was never taken; the last page was {address}: {page[:2000]}")

    def _open(self, path: str, data: bytes | None = None) -> tuple[str, str]:
        url = path if path.startswith("http") else self.address + path
        last = "no answer"
        for _ in range(1_200):  # minutes: on a busy machine the server is killed before it is up, many times in a row
            try:
                with self._browser.open(url, data, timeout=20) as answer:
                    return answer.geturl(), answer.read().decode()
            except urllib.error.HTTPError as error:
                if error.code not in (500, 502, 503):
                    return error.geturl() or url, error.read().decode()
                last = f"{error.code}: {error.read().decode(errors='replace')[:2000]}"
            except (OSError, HTTPException) as error:  # nobody there, or killed in the middle of its answer
                last = repr(error)
            time.sleep(0.25)
        raise GaveUp(f"{url} was not answered for too long; at last {last}")

    def _post(self, address: str, page: str, answers: dict[str, str]) -> tuple[str, str]:
        token = re.search(r'name="amends_csrf" value="([^"]+)"', page)
        shown = re.search(r'name="_shown" value="([^"]*)"', page)
        sent = {"amends_csrf": token[1] if token else "", **answers}
        if shown:
            sent["_shown"] = shown[1]
            sent = {name: value for name, value in sent.items() if name in (*shown[1].split(), "amends_csrf", "_shown", "go")}
        return self._open(address, urllib.parse.urlencode(sent).encode())
