"""Parcels at hand-over points: chosen, dropped, collected with a code, or sent back when nobody comes.

The delivery is DELIVERED once the driver has dropped the parcel at its point. What follows is its collection: the
recipient is told a code and a last day, and the keeper of the point gives the parcel to whoever says that code.
"""

from marketplace.collecting.choose_point import choose_hand_over_point
from marketplace.collecting.collect import Collected, NotWaitingThere, WrongCode, collect_parcel
from marketplace.collecting.queries import collection_of
from marketplace.collecting.send_back import SendBack, end_uncollected, next_last_day
from marketplace.collecting.settle import settle_collection

__all__ = [
    "Collected",
    "NotWaitingThere",
    "SendBack",
    "WrongCode",
    "choose_hand_over_point",
    "collect_parcel",
    "collection_of",
    "end_uncollected",
    "next_last_day",
    "settle_collection",
]
