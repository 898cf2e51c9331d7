"""Rows as shippers send them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches import DeliveryRequest, LocalWindow, PackageRequest, Place
from tests.builders import HOME_PLACE

ROUTER = StraightLineRouter()
TODAY = LocalWindow(opens=datetime(2026, 3, 2, 12, 0), closes=datetime(2026, 3, 2, 15, 0))
"""Noon to three in Chile: the manual clock of the tests stands at noon."""


def order(external_id: str, *, hub_id: UUID | None = None, **changes: Any) -> DeliveryRequest:
    """A small parcel to a home, in today's window."""
    values: dict[str, Any] = {
        "external_id": external_id,
        "hub_id": hub_id,
        "dropoff": Place(point=HOME_PLACE, address="Avenida Costanera 1200", name="Luz", phone="+56911111111"),
        "packages": [PackageRequest(weight_g=1200, length_mm=300, width_mm=200, height_mm=100)],
        "pickup_window": TODAY,
        "dropoff_window": TODAY,
    }
    return DeliveryRequest(**values | changes)
