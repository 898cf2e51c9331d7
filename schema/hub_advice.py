"""Where the next hub would save most, for operations."""

from datetime import date
from typing import Annotated, cast

import strawberry

from marketplace.core.errand import run_errand
from marketplace.core.ids import from_wire
from marketplace.hubs import AdviseHub
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.places import Point
from schema.seats import Seats

SEATS = Seats("advices", each=1, together=1)
"""A solver takes a core for up to ten seconds, so that one is asked for at a time."""


@strawberry.type(description="A day's drives from hub to door as if each parcel went alone; routes share them.")
class HubDrives:
    """Drives before or after."""

    hours_per_day: float = strawberry.field(description="Hours of driving there, on an average day.")
    km_per_day: float = strawberry.field(description="Kilometres there, on an average day.")
    share_within: float = strawberry.field(description="Share of deliveries within `withinS` of their hub, 0 to 1.")


@strawberry.type(description="A place for a hub, and what it would take over from the hubs there are.")
class AdvisedSite:
    """A site."""

    cell: str = strawberry.field(description="H3 index of resolution 8, about 0.7 km².")
    place: Point = strawberry.field(description="The middle of the cell.")
    deliveries_per_day: float = strawberry.field(description="Deliveries that are nearer to it than to their hub.")
    saved_hours_per_day: float = strawberry.field(description="Hours of driving that these save.")
    saved_km_per_day: float = strawberry.field(description="Kilometres that these save.")


@strawberry.type(description="Where to open hubs, by what was delivered from hubs before.")
class HubAdvice:
    """Advice."""

    days: int = strawberry.field(description="Local days that it was learnt from.")
    deliveries: int = strawberry.field(description="Deliveries on these days.")
    candidates: int = strawberry.field(description="Sites that were looked at: the busiest cells.")
    sites: list[AdvisedSite] = strawberry.field(
        description="The best of them together; none where none is worth it.", metadata=usually(1)
    )
    before: HubDrives = strawberry.field(description="With the hubs that things came from.")
    after: HubDrives = strawberry.field(description="With these sites beside them.")
    within_s: int = strawberry.field(description="What counts as near, seconds of driving.")
    optimality_gap: float = strawberry.field(description="How far from the best it may be; 0 is proven best.")
    is_degraded: bool = strawberry.field(description="Whether drives were estimated without streets.")


@strawberry.type
class Query:
    """Advice about hubs."""

    @query(
        description="Where the market's next hub, or hubs, would save most driving, from where things went in a period"
        " of at most 92 days. `doorstep simulate --hub lat,lon` plays a day with it. Costs 400 units more than its"
        " fields; one at a time. For operations.",
        own_units=400,
    )
    async def hub_advice(
        self,
        info: Info,
        market_id: MarketArgument,
        first: Annotated[date, strawberry.argument(name="from", description="First local day.")],
        last: Annotated[date, strawberry.argument(name="to", description="Last local day.")],
        candidates: Annotated[int, strawberry.argument(description="Sites that are looked at, 1 to 200.")] = 60,
        sites: Annotated[int, strawberry.argument(description="Hubs to open at most, 1 to 5.")] = 1,
        within_s: Annotated[int, strawberry.argument(description="What counts as near, 60 to 7,200 seconds.")] = 900,
        worth_hours_per_day: Annotated[
            float, strawberry.argument(description="Hours of driving that each hub has to save a day, 0 to 1,000.")
        ] = 0.0,
    ) -> HubAdvice:
        """Asks for advice."""
        market = from_wire("market", market_id, field="marketId")
        operator = require_operator(info, market)
        errand = AdviseHub(
            router=info.context.marketplace.router,
            market_id=market,
            first_day=first,
            last_day=last,
            candidates=candidates,
            sites=sites,
            within_s=within_s,
            worth_hours_per_day=worth_hours_per_day,
        )
        with SEATS.take(operator.id):
            advice = await run_errand(info.context.marketplace.works, errand)
        return cast("HubAdvice", advice)
