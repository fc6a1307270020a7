"""The complaint register: record, reference, conversation, and the replay of records from elsewhere."""

from .records import Attachment, ClockView, Complaint, Filed, Message, Offer, Progress, StageView
from .register import Register

__all__ = ["Attachment", "ClockView", "Complaint", "Filed", "Message", "Offer", "Progress", "Register", "StageView"]
