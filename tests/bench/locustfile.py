"""Staff at their inboxes, for locust: open the list, open a task, think, complete it. `web_load.py` starts it.

Environment: LOAD_STAFF is a JSON list of user name and password; LOAD_THINK how many seconds somebody thinks on average:
from half of it to half as much again, as people who all thought for the same time would go on all at once, in the waves they came in.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import random
import re
from typing import Any

from locust import FastHttpUser, constant, task

STAFF = itertools.cycle(json.loads(os.environ.get("LOAD_STAFF", "[]")))
THINK = float(os.environ.get("LOAD_THINK", "20"))
_TOKEN = re.compile(r'name="amends_csrf"[^>]*value="([^"]+)"')
_TASK = re.compile(r'href="(/tasks/[^"/?]+)"')


class Staff(FastHttpUser):  # type: ignore[misc]  # locust is not installed where this is checked
    """Somebody who works here."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Sign in."""
        username, password = next(STAFF)
        page = self.client.get("/sign-in", name="sign-in page")
        given = {"username": username, "password": password, "amends_csrf": _token(page)}
        self.client.post("/sign-in", given, name="sign in", headers=self._from("/sign-in"))

    @task
    def work(self) -> None:
        """One task of one's own."""
        page = self.client.get("/inbox?list=mine", name="inbox")
        found = _TASK.search(page.text)
        if found is None:
            missing = {"request_type": "GET", "name": "a task in the inbox", "response_time": 0, "response_length": 0, "context": {}}
            self.environment.events.request.fire(**missing, exception=LookupError("there is none"))
            self._think()
            return
        where = html.unescape(found.group(1))
        page = self.client.get(where, name="task")
        self._think()
        self.client.post(
            where, {"go": "complete", "amends_csrf": _token(page)}, name="complete", headers=self._from(where), allow_redirects=False
        )

    def _from(self, where: str) -> dict[str, str]:
        return {"Referer": f"{self.host}{where}"}

    def _think(self) -> None:
        import gevent

        gevent.sleep(random.uniform(THINK / 2, 3 * THINK / 2))  # noqa: S311 - no secret


def _token(page: Any) -> str:
    found = _TOKEN.search(page.text)
    return html.unescape(found.group(1)) if found else ""
