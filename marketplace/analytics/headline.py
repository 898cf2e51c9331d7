"""The headline of a market: the figures of a day, and what is under way now, for the map and for operations."""

from dataclasses import dataclass
from datetime import date

from marketplace.analytics.queries import HEADLINE
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId
from marketplace.core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Counts of one local day, as far as they have been rolled up, and live counts; money in minor units.

    `failed` includes deliveries that found no driver in time. Returns are not deliveries of the day: their originals
    are counted, as `returned` when they are back and in `returning` until then.
    """

    day: date
    currency: str
    posted: int
    delivered: int
    on_time: int
    attempted: int
    failed: int
    returned: int
    cancelled: int
    offers_sent: int
    offers_accepted: int
    offers_declined: int
    offers_expired: int
    routes_assigned: int
    routes_completed: int
    earned_minor: int
    paid_minor: int
    waiting: int
    offering: int
    assigned: int
    on_the_way: int
    returning: int
    routes_offered: int
    routes_driven: int
    drivers_available: int
    drivers_engaged: int


async def headline(work: Work, *, market_id: MarketId, day: date | None = None) -> Headline:
    """The figures of a market's local day, of today when none is given, with what is under way now."""
    row = await work.fetch_row(HEADLINE, market_id, day, work.now)
    if row is None:
        raise NotFound("there is no such market")
    return Headline(**dict(row))
