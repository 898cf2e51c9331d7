"""Opens a hub."""

from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.hubs.models import Hub


async def create_hub(
    work: Work,
    *,
    market_id: UUID,
    shipper_id: UUID | None,
    name: str,
    address: str,
    place: Point,
    time_zone: str,
) -> UUID:
    """Opens a hub at a place; with a shipper it is that shipper's own, without one it is open to all."""
    zone(time_zone)
    hub = await Hub.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        shipper_id=shipper_id,
        name=name,
        address=address,
        time_zone=time_zone,
        lat=place.lat,
        lon=place.lon,
        created_at=work.now,
    )
    return hub.id
