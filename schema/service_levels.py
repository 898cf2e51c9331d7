"""Tiers: what a shipper's deliveries are promised and cost more, and what a broken promise gives back."""

from typing import Annotated, Any, cast

import strawberry

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, ShipperId, from_wire
from marketplace.core.work import Work
from marketplace.hubs import clock_time
from marketplace.shippers import ServiceLevel, Tier, list_service_levels, set_service_level
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem
from schema.rate_cards import ShipperArgument
from schema.scalars import DateTime, MoneyMinor

TERMS = {
    "is_offered": "Whether deliveries can be posted with it; false withdraws a tier.",
    "opens": "Local time of day such as 08:00 at which its window opens; EXPRESS runs from then on.",
    "cutoff": "Local time of day such as 13:00 until which it can be ordered; none is all day.",
    "window_s": "How wide the promised window is, 900 to 86,400 seconds; for SCHEDULED the narrowest one.",
    "uplift_basis_points": "Hundredths of a percent of the plain price that it costs more, at most 50,000.",
    "uplift_minor": "Minor units that it costs more.",
    "grace_s": "Seconds after the window that still count as in time, at most 86,400.",
    "late_percent": "Percent of the price that a later hand-over gives back, at most 100.",
    "late_minor": "Minor units that a later hand-over gives back; both together are at most the price.",
    "missed_try_percent": "Percent of the price that a first try gives back which failed by our fault, or which"
    " nobody was found for before the window closed, at most 100.",
    "monthly_cap_minor": "The most that is given back in a month of the market, minor units; none is no cap.",
}


@strawberry.type(description="One version of what a tier promises and costs; never edited, only followed by another.")
class ShipperServiceLevel:
    """The terms of a tier."""

    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    tier: Tier = strawberry.field(description="How soon a delivery is promised.")
    version: int = strawberry.field(description="Counts from 1.")
    is_offered: bool = strawberry.field(description=TERMS["is_offered"])
    opens: str = strawberry.field(description=TERMS["opens"])
    cutoff: str | None = strawberry.field(description=TERMS["cutoff"])
    window_s: int = strawberry.field(description=TERMS["window_s"])
    uplift_basis_points: int = strawberry.field(description=TERMS["uplift_basis_points"])
    uplift_minor: MoneyMinor = strawberry.field(description=TERMS["uplift_minor"])
    grace_s: int = strawberry.field(description=TERMS["grace_s"])
    late_percent: int = strawberry.field(description=TERMS["late_percent"])
    late_minor: MoneyMinor = strawberry.field(description=TERMS["late_minor"])
    missed_try_percent: int = strawberry.field(description=TERMS["missed_try_percent"])
    monthly_cap_minor: MoneyMinor | None = strawberry.field(description=TERMS["monthly_cap_minor"])
    effective_from: DateTime = strawberry.field(description="From when it is in force, market time.")
    effective_to: DateTime | None = strawberry.field(description="When the next version began or begins, market time.")


@strawberry.input(description="A version of a tier's terms that is to be set. Amounts are of the market's currency.")
class ServiceLevelInput:
    """The terms that are to be set."""

    tier: Tier = strawberry.field(description="How soon a delivery is promised.")
    is_offered: bool = strawberry.field(default=True, description=TERMS["is_offered"])
    opens: str = strawberry.field(default="08:00", description=TERMS["opens"])
    cutoff: str | None = strawberry.field(default=None, description=TERMS["cutoff"])
    window_s: int = strawberry.field(default=14_400, description=TERMS["window_s"])
    uplift_basis_points: int = strawberry.field(default=0, description=TERMS["uplift_basis_points"])
    uplift_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description=TERMS["uplift_minor"])
    grace_s: int = strawberry.field(default=0, description=TERMS["grace_s"])
    late_percent: int = strawberry.field(default=0, description=TERMS["late_percent"])
    late_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description=TERMS["late_minor"])
    missed_try_percent: int = strawberry.field(default=0, description=TERMS["missed_try_percent"])
    monthly_cap_minor: MoneyMinor | None = strawberry.field(default=None, description=TERMS["monthly_cap_minor"])
    effective_from: DateTime | None = strawberry.field(default=None, description="Now where it is left out.")

    def value(self) -> ServiceLevel:
        """The terms as the marketplace takes them; wrong ones are refused here."""
        return ServiceLevel(
            tier=self.tier,
            is_offered=self.is_offered,
            opens=clock_time(self.opens),
            cutoff=clock_time(self.cutoff) if self.cutoff is not None else None,
            window_s=self.window_s,
            uplift_basis_points=self.uplift_basis_points,
            uplift_minor=self.uplift_minor,
            grace_s=self.grace_s,
            late_percent=self.late_percent,
            late_minor=self.late_minor,
            missed_try_percent=self.missed_try_percent,
            monthly_cap_minor=self.monthly_cap_minor,
        )


@strawberry.type(description="A new version was set; deliveries that are posted keep theirs.")
class ServiceLevelSet:
    """Terms that were set."""

    version: int = strawberry.field(description="Its number among the shipper's versions of this tier.")


SetServiceLevelResult = Annotated[ServiceLevelSet | Problem, strawberry.union("SetServiceLevelResult")]


@strawberry.type
class Query:
    """Tiers for those who post by them, and for those who set them."""

    @query(description="Your tiers, every version, latest first; at most 200.", usual_rows=4)
    async def service_levels(self, info: Info) -> list[ShipperServiceLevel]:
        """Reads one's own terms."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.read() as connection:
            found = await list_service_levels(connection, shipper_id=shipper.id)
        return cast("list[ShipperServiceLevel]", found)

    @query(description="A shipper's tiers in a market, latest first; at most 200. For operations.", usual_rows=4)
    async def shipper_service_levels(
        self, info: Info, market_id: MarketArgument, shipper_id: ShipperArgument
    ) -> list[ShipperServiceLevel]:
        """Reads a shipper's terms."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId")
        async with info.context.marketplace.works.read() as connection:
            found = await list_service_levels(connection, shipper_id=shipper, market_id=market)
        return cast("list[ShipperServiceLevel]", found)


@strawberry.type
class Mutation:
    """Setting tiers."""

    @mutation(description="Sets the next version of a shipper's tier, from now or later on. For operations.")
    async def set_service_level(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        level: Annotated[ServiceLevelInput, strawberry.argument(description="The whole terms.")],
        idempotency_key: IdempotencyKey,
    ) -> SetServiceLevelResult:
        """Sets a tier's terms."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        shipper, value = ShipperId(from_wire("shipper", shipper_id, field="shipperId")), level.value()
        kept: dict[str, Any] = value.as_json()

        async def run(work: Work) -> str:
            version = await set_service_level(
                work, shipper_id=shipper, market_id=market, level=value, effective_from=level.effective_from
            )
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="setServiceLevel",
                subject_id=shipper,
                details=kept | {"version": version},
            )
            return str(version)

        async def answer(_work: Work, reference: str) -> ServiceLevelSet:
            return ServiceLevelSet(version=int(reference))

        return await mutate(
            info,
            operation="setServiceLevel",
            arguments={"market": market, "shipper": shipper, "level": kept, "from": str(level.effective_from)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
