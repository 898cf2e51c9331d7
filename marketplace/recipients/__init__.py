"""What recipients see and say: they follow one delivery by its link, leave word for the driver, and rate it.

A recipient has no account and is known as one delivery. They learn its status in words, the promised window, the
driver's first name and vehicle, and where the driver is only while that driver is at work for them and a stop or two
away. What the market knows of recipients is hidden from drivers a day after the end, and erased when they ask.
"""

from marketplace.recipients.choose_safe_place import HandOverInPerson, choose_safe_place
from marketplace.recipients.erase_recipient import BadErasure, Erased, StillUnderWay, erase_recipient
from marketplace.recipients.leave_instructions import BadInstructions, leave_instructions
from marketplace.recipients.picture_address import PICTURE_PATH, NoSuchPicture, PictureSigner, read_picture
from marketplace.recipients.queries import tracked_delivery
from marketplace.recipients.rate_delivery import AlreadyRated, BadRating, NotDeliveredYet, rate_delivery
from marketplace.recipients.states import Language, RatingReason, RecipientAction, SafePlace, TrackedStatus
from marketplace.recipients.wishes import TooLateForWishes

__all__ = [
    "PICTURE_PATH",
    "AlreadyRated",
    "BadErasure",
    "BadInstructions",
    "BadRating",
    "Erased",
    "HandOverInPerson",
    "Language",
    "NoSuchPicture",
    "NotDeliveredYet",
    "PictureSigner",
    "RatingReason",
    "RecipientAction",
    "SafePlace",
    "StillUnderWay",
    "TooLateForWishes",
    "TrackedStatus",
    "choose_safe_place",
    "erase_recipient",
    "leave_instructions",
    "rate_delivery",
    "read_picture",
    "tracked_delivery",
]
