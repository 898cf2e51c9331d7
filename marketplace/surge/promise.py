"""The bonus of a route: a part of every offer of it from the first wave that finds surge, and within the budget.

It is looked up before the drivers are weighed and kept in the commit that sends the wave; in between another route may
have taken the rest of the budget, and then the wave is looked at again. Once kept it stays: whoever takes the route is
paid it, whatever has become of surge or budget meanwhile.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.errors import Unavailable
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import Dials
from marketplace.surge.at import surge_at
from marketplace.surge.budget import budget_left, lock_budget, window_start

KEPT = "SELECT true FROM surge_bonus WHERE route_id = $1"
KEEP = """
INSERT INTO surge_bonus (id, market_id, route_id, decision_id, bonus_minor, borne_by_shippers_minor, rule,
                         window_start, promised_at)
SELECT $1, $2, $3, $4, $5::bigint,
       least($5::bigint, (SELECT coalesce(sum(surge_minor), 0)::bigint FROM delivery WHERE route_id = $3)), $6, $7, $8
"""
BONUS_OF_ROUTE = "UPDATE route SET bonus_minor = $2 WHERE id = $1"
SURCHARGES = "SELECT coalesce(sum(surge_minor), 0)::bigint FROM delivery WHERE route_id = $1"


class SurgeSpent(Unavailable):
    """The window's budget of bonuses went to other routes meanwhile; look again."""

    code = "SURGE_SPENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusOffered:
    """A bonus that a route's next offers will carry, and by which rule."""

    decision_id: UUID
    bonus_minor: int
    rule: str


async def bonus_for_route(
    work: Work, settings: Dials, *, route_id: UUID, place: Point, stop_count: int
) -> BonusOffered | None:
    """What surge adds to a route that begins at `place` and has so many drop-offs; None when it adds nothing now.

    A route that has its bonus already gets no other.
    """
    if settings.surge_bonus_cap_minor == 0 or await work.fetch_value(KEPT, route_id):
        return None
    surge = await surge_at(work, market_id=settings.market_id, cell=place.cell, at=work.now)
    bonus_minor = surge.driver_bonus_minor * stop_count
    if surge.decision_id is None or bonus_minor == 0 or bonus_minor > await budget_left(work, settings):
        return None
    surcharges: int = await work.fetch_value(SURCHARGES, route_id)
    return BonusOffered(
        decision_id=surge.decision_id,
        bonus_minor=bonus_minor,
        rule=f"{surge.rule}:{borne_by(bonus_minor, surcharges)}",
    )


async def keep_bonus(work: Work, settings: Dials, *, route_id: UUID, bonus: BonusOffered) -> None:
    """Takes the bonus out of the window's budget and writes it to the route; the caller holds the route's lock."""
    await lock_budget(work, settings.market_id)
    if bonus.bonus_minor > await budget_left(work, settings):
        raise SurgeSpent("the budget of this window was spent meanwhile")
    await work.execute(
        KEEP,
        work.new_id(),
        settings.market_id,
        route_id,
        bonus.decision_id,
        bonus.bonus_minor,
        bonus.rule,
        window_start(settings, work.now),
        work.now,
    )
    await work.execute(BONUS_OF_ROUTE, route_id, bonus.bonus_minor)


def borne_by(bonus_minor: int, surcharges_minor: int) -> str:
    """Who bears a bonus: the shippers whose surcharges cover it, the platform, or both."""
    if surcharges_minor >= bonus_minor:
        return "borne_by_shippers"
    return "borne_by_both" if surcharges_minor else "borne_by_platform"
