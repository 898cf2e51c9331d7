"""Hand-over points: shops, lockers and village stores where recipients collect what no driver brings to their door.

Operations open them and give their keepers a key. A point holds so many parcels: a place is promised with the posting,
or when the recipient chooses the point, and is free again when the parcel is collected, sent back, or never comes.
"""

from marketplace.points.places import PointFull, free_place, lock_places, promise_places
from marketplace.points.queries import NEAR_M, OpenPoint, list_points, open_points, parcels_at, points_near_door
from marketplace.points.set_point import BadPoint, PlacesTaken, PointFacts, give_keeper_key, set_hand_over_point
from marketplace.points.states import COLLECTION_STEPS, CollectionState

__all__ = [
    "COLLECTION_STEPS",
    "NEAR_M",
    "BadPoint",
    "CollectionState",
    "OpenPoint",
    "PlacesTaken",
    "PointFacts",
    "PointFull",
    "free_place",
    "give_keeper_key",
    "list_points",
    "lock_places",
    "open_points",
    "parcels_at",
    "points_near_door",
    "promise_places",
    "set_hand_over_point",
]
