"""Logs: one line an event, with ids and never with what people wrote."""

from __future__ import annotations

import logging
import sys

import structlog


def configure() -> None:
    """Lines of key=value on standard error. Tracebacks are plain: local variables hold what complainants wrote."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # SpiffWorkflow works out a record for every change of a task's state, only to throw it away.
    logging.getLogger("spiff").setLevel(logging.ERROR)
