"""Looks for mail every so often, in a thread of its own, and takes it in."""

from __future__ import annotations

import threading

import structlog

from amends.engine.errors import AmendsError
from amends.engine.incoming.mailbox import Mailbox
from amends.engine.incoming.taking import MailIn

log = structlog.get_logger()


class Poller:
    """Fetches from a mailbox (None: there is none, only what was piped in is taken in) every `every` seconds until it is stopped."""

    def __init__(self, mail: MailIn, mailbox: Mailbox | None, every: float = 60.0) -> None:
        self.mail, self.mailbox, self.every = mail, mailbox, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="amends-mail", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """End after the mail at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def round(self) -> tuple[int, int]:
        """Fetch once, and take in what is there: how many mails were kept now, and how many were taken in.

        Raises `MailboxAway`, after what was kept before is taken in.
        """
        kept = 0
        try:
            if self.mailbox is not None:
                kept, large = self.mailbox.fetch(self._keep)
                if large:
                    log.warning("mails are too large and were put aside in the mailbox", mails=large)
        finally:
            taken = self.mail.take_all()
        return kept, taken

    def _keep(self, raw: bytes) -> None:
        if self._stop.is_set():
            raise AmendsError("Stopped between two mails.")
        self.mail.keep(raw)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.round()
            except AmendsError as error:
                log.warning("mail could not be fetched", error=str(error))
            except Exception as error:
                # The database is away or busy: the thread must live on. Nothing is lost, the mail stays where it is.
                log.error("mail could not be taken in", error=type(error).__name__)
            self._stop.wait(self.every)
