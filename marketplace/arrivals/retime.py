"""Times routes anew: after something has happened on one, and every so often all that are under way, together."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.arrivals.foresee import foresee, wanted_legs
from marketplace.arrivals.keeping import keep_outlooks
from marketplace.arrivals.legs import ask_for
from marketplace.arrivals.reading import ROUTES_AT_ONCE, Picture, claim_due, claim_route
from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.routing import Router

ROUNDS_AT_ONCE = 50


async def retime_route(works: Works, *, router: Router, route_id: UUID) -> int:
    """Times one route now and returns how many deliveries of it got news; all are forgotten when it is over."""
    return await run_errand(works, Retime(router=router, route_id=route_id)) or 0


async def retime_due(works: Works, *, router: Router, market_id: UUID) -> int:
    """Times all routes of a market that are due and returns how many there were."""
    timed = 0
    for _ in range(ROUNDS_AT_ONCE):
        errand = Retime(router=router, market_id=market_id)
        await run_errand(works, errand)
        timed += errand.claimed
        if errand.claimed < ROUTES_AT_ONCE:
            break
    return timed


@dataclass(slots=True, kw_only=True)
class Retime:
    """The errand: reads and claims routes, asks the router for the legs that are not known, and keeps what is new.

    It is about one route, or about those of a market that are due.
    """

    router: Router
    route_id: UUID | None = None
    market_id: UUID | None = None
    claimed: int = 0

    async def read(self, work: Work) -> Picture | None:
        """The routes as they stand."""
        if self.route_id is not None:
            picture = await claim_route(work, route_id=self.route_id)
        else:
            assert self.market_id is not None, "the errand is about a route or a market"
            picture = await claim_due(work, market_id=self.market_id)
        self.claimed = len(picture.claims) if picture else 0
        return picture

    async def call(self, found: Picture) -> int:
        """Asks for the legs; the routes of the picture remember them."""
        return await ask_for(self.router, wanted_legs(found))

    async def record(self, work: Work, found: Picture, answer: int) -> int:
        """Writes what has changed, unless somebody has read a route again meanwhile."""
        return await keep_outlooks(work, found, foresee(found), has_new_legs=answer > 0)
