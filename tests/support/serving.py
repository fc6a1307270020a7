"""An end for a server in this process: whoever still answers has answered before its door is closed."""

from __future__ import annotations

from typing import Any


def end(server: Any) -> None:
    """Stop a waitress server.

    A thread that answers wakes the loop through a pipe when it is done; were that closed before, the byte would go to whatever has the
    pipe's number by then, such as a connection to PostgreSQL.
    """
    server.task_dispatcher.shutdown(timeout=10)
    server.close()
