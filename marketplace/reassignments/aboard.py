"""What changes hands: the parcels that are in the first driver's vehicle, and the stops that are left."""

from collections.abc import Collection
from uuid import UUID

from marketplace.batches.states import ON_THE_WAY, DeliveryState
from marketplace.reassignments.refusals import ParcelsDiffer
from marketplace.routes.in_hand import RouteInHand, StopInHand

ABOARD = ON_THE_WAY | {DeliveryState.ATTEMPTED}


def aboard(route: RouteInHand) -> set[UUID]:
    """The deliveries whose parcels are in the vehicle."""
    return {key for key, delivery in route.deliveries.items() if delivery.state in ABOARD}


def still_to_drive(route: RouteInHand) -> list[StopInHand]:
    """The stops at which there is something left to do, in driving order."""
    return [stop for stop in route.stops if not stop.is_ended and route.has_purpose(stop)]


def check_scanned(route: RouteInHand, scanned: Collection[UUID]) -> None:
    """Refuses a scan that is not exactly what is aboard, so that no parcel is lost and none is invented."""
    inside = aboard(route)
    missing, strange = inside - set(scanned), set(scanned) - inside
    if missing:
        raise ParcelsDiffer(f"{len(missing)} parcels of the vehicle are not scanned; scan all of them", field="parcels")
    if strange:
        raise ParcelsDiffer(f"{len(strange)} of these are not aboard; put them aside", field="parcels")
