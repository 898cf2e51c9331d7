"""The clock that drivers' apps and portals set theirs by."""

from datetime import datetime

import strawberry

from schema.context import Info
from schema.fields import query


@strawberry.type(description="Both clocks of the marketplace, read in one transaction.")
class Clock:
    """What time it is for the market and for machines."""

    market_time: datetime = strawberry.field(
        description="What offers, windows, shifts and pay live on. In a demo it may run faster than machine time."
    )
    machine_time: datetime = strawberry.field(description="What tokens and one-time codes live on.")


@strawberry.type
class Query:
    """Reading the clock; nobody has to sign in for it."""

    @query(description="The clocks of the marketplace, to compare an offer's expiresAt with.")
    async def clock(self, info: Info) -> Clock:
        """Reads both clocks."""
        async with info.context.marketplace.works.open() as work:
            return Clock(market_time=work.now, machine_time=work.machine_now)
