"""The complaint register: record, reference, conversation, and the replay of records from elsewhere."""

from amends.engine.complaints.records import Attachment, ClockView, Complaint, Filed, Message, Offer, Progress, StageView
from amends.engine.complaints.register import Register

__all__ = ["Attachment", "ClockView", "Complaint", "Filed", "Message", "Offer", "Progress", "Register", "StageView"]
