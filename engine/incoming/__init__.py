"""Mail that comes in: read whatever it is, told what kind it is, kept, and taken to the complaint it belongs to."""

from amends.engine.incoming.mailbox import Mailbox, mailbox_from
from amends.engine.incoming.poller import Poller
from amends.engine.incoming.reading import Incoming, read_mail
from amends.engine.incoming.taking import Kept, MailIn

__all__ = ["Incoming", "Kept", "MailIn", "Mailbox", "Poller", "mailbox_from", "read_mail"]
