"""The command line with the slow operation in it: `amends_process.py worker …`, `amends_process.py run …`."""

from __future__ import annotations

import time
from typing import Any

from slow_operations import Slow, note

import amends.engine.api
from amends.cli import main
from amends.webui import app as web

known = amends.engine.api.operations
amends.engine.api.operations = lambda: {**known(), Slow.type: Slow}  # as an installed plugin would be

made = web.create_app


def create_app(application: Any, **config: Any) -> Any:
    """The pages, and one that takes two seconds."""
    app = made(application, **config)

    @app.get("/slow")
    def slow() -> str:
        note("begin request")
        time.sleep(2)
        note("end request")
        return "slow " * 20_000

    return app


import amends.webui  # noqa: E402

amends.webui.create_app = create_app

if __name__ == "__main__":
    main()
