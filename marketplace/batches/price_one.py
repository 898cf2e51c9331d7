"""The price of one delivery whose drive was not known when it was posted, by the card under which it was posted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.batches.price import with_level, with_rural_zone
from marketplace.core.errors import NotFound
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.pricing import PricedFacts, RateCard, price_delivery, total_minor
from marketplace.rural import RuralZone
from marketplace.shippers import find_service_level, rate_card_version


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """What a price depends on besides the distance."""

    shipper_id: UUID
    market_id: UUID
    service_level: str
    rate_card_version: int
    service_level_id: UUID | None
    opens: datetime
    requirements: Collection[str]
    weight_g: int
    volume_dm3: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> "RowFacts":
        """The facts of a delivery's row; the window opens by the clock of its zone."""
        _, weight_g, volume_dm3 = row["load"]
        return cls(
            shipper_id=row["shipper_id"],
            market_id=row["market_id"],
            service_level=row["service_level"],
            rate_card_version=row["rate_card_version"],
            service_level_id=row["service_level_id"],
            opens=row["dropoff_opens_at"].astimezone(zone(row["time_zone"])).replace(tzinfo=None),
            requirements=row["requirements"],
            weight_g=weight_g,
            volume_dm3=volume_dm3,
        )


async def price_one(work: Work, facts: RowFacts, *, distance_m: int, rural: RuralZone | None = None) -> tuple[int, int]:
    """Minor units for a drive of so many metres, and how many of them the rural zone adds in which it ends."""
    card = await rate_card_version(
        work,
        shipper_id=facts.shipper_id,
        market_id=facts.market_id,
        service_level=facts.service_level,
        version=facts.rate_card_version,
    )
    if card is None:
        raise NotFound("the rate card of this delivery is gone")
    told = PricedFacts(
        opens=facts.opens,
        requirements=frozenset(facts.requirements),
        weight_g=facts.weight_g,
        volume_dm3=facts.volume_dm3,
    )
    lines = price_delivery(RateCard.of(dict(card)), distance_m=distance_m, facts=told)
    if facts.service_level_id is not None:
        level = await find_service_level(work, level_id=facts.service_level_id, shipper_id=facts.shipper_id)
        lines = with_level(lines, level)
    in_town_minor = total_minor(lines)
    if rural is not None:
        lines = with_rural_zone(lines, rural)
    return total_minor(lines), total_minor(lines) - in_town_minor
