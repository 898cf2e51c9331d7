"""Rural zones as tests set them."""

from datetime import time
from typing import Any
from uuid import UUID

from marketplace.core.work import Work
from marketplace.rural import RuralZone, set_rural_zone

TUESDAY, THURSDAY = 2, 4
AREA = {
    "type": "Polygon",
    "coordinates": [[[-71.40, -30.0], [-71.30, -30.0], [-71.30, -29.93], [-71.40, -29.93], [-71.40, -30.0]]],
}
"""Around the home of the tests, and far from the hub."""


def terms(**changes: Any) -> RuralZone:
    """Served on Thursdays from nine to six, with what was ordered by six the evening before, for 2,000 pesos more."""
    values: dict[str, Any] = {
        "code": "limari",
        "name": "Limarí",
        "days": (THURSDAY,),
        "cutoff": time(18),
        "opens": time(9),
        "closes": time(18),
        "surcharge_minor": 2_000,
    }
    return RuralZone(**values | changes)


async def make_zone(work: Work, market_id: UUID, **changes: Any) -> UUID:
    """A zone that is in force at once."""
    return await set_rural_zone(work, market_id=market_id, terms=terms(**changes), area=AREA)
