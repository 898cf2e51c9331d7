"""Another hub, opened to see what it would change: what is wanted near it comes from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.geo import Point, straight_line_m
from marketplace.hubs import create_hub
from workers.simulation.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class NearerHub:
    """The other hub, and where the market's own are; all of them stock the same."""

    hub_id: UUID
    place: Point
    others: Mapping[UUID, Point]

    def hub_for(self, usual: UUID, there: Point) -> UUID:
        """The hub that a parcel comes from: the other one if it is nearer to its home than the usual one."""
        return self.hub_id if straight_line_m(there, self.place) < straight_line_m(there, self.others[usual]) else usual


async def open_nearer_hub(world: World, *, place: Point, others: Mapping[UUID, Point], time_zone: str) -> NearerHub:
    """Opens another hub in a market that has these."""
    async with world.marketplace.works.open() as work:
        hub_id = await create_hub(
            work,
            market_id=world.market_id,
            shipper_id=None,
            name="What if",
            address="Another hub",
            place=place,
            time_zone=time_zone,
        )
    return NearerHub(hub_id=hub_id, place=place, others=others)
