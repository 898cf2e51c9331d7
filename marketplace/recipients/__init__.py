"""What recipients see and say: they follow one delivery by its link, leave word for the driver, and rate it.

A recipient has no account and is known as one delivery. They learn its status in words, the promised window, the
driver's first name and vehicle, and where the driver is only while that driver is at work for them and a stop or two
away. What the market knows of recipients is hidden from drivers a day after the end, and erased when they ask.
"""

from marketplace.recipients.queries import tracked_delivery
from marketplace.recipients.states import Language, RatingReason, RecipientAction, SafePlace, TrackedStatus

__all__ = [
    "Language",
    "RatingReason",
    "RecipientAction",
    "SafePlace",
    "TrackedStatus",
    "tracked_delivery",
]
