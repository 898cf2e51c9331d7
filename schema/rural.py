"""Rural zones: where deliveries go on days of their own, and for how much more."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from marketplace.accounts import Principal, PrincipalKind
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from marketplace.hubs import clock_time
from marketplace.rural import RuralZone, list_rural_zones, rural_zone_version, set_rural_zone
from schema.access import require_one_of
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutation
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor
from schema.service_areas import GEOJSON, read_geojson

TERMS = {
    "code": "1 to 30 letters, digits and hyphens; versions of one zone share it. Where two zones overlap, the first"
    " code in order counts.",
    "name": "1 to 80 characters, for people.",
    "is_served": "False withdraws the zone: what lies there is delivered like everything else.",
    "days": "Weekdays on which it is served, 1 Monday to 7 Sunday, in order.",
    "cutoff": "Local time of day such as 18:00 until which a day can be ordered for.",
    "cutoff_days": "So many days before the day itself, 0 to 7.",
    "opens": "Local time of day at which hand-overs begin on such a day.",
    "closes": "Local time of day at which they end.",
    "window_s": "Seconds that a window there is wide at least, 1,800 to 43,200; none is as everywhere.",
    "surcharge_minor": "Minor units that a delivery there costs more.",
    "surcharge_basis_points": "Hundredths of a percent of its other price that it costs more, at most 50,000.",
}


@strawberry.type(name="RuralZone", description="One version of a rural zone; never edited, only followed by another.")
class RuralZoneType:
    """A zone's terms."""

    code: str = strawberry.field(description=TERMS["code"])
    version: int = strawberry.field(description="Counts from 1.")
    name: str = strawberry.field(description=TERMS["name"])
    is_served: bool = strawberry.field(description=TERMS["is_served"])
    area: str = strawberry.field(description=GEOJSON)
    days: list[int] = strawberry.field(description=TERMS["days"], metadata=usually(2))
    cutoff: str = strawberry.field(description=TERMS["cutoff"])
    cutoff_days: int = strawberry.field(description=TERMS["cutoff_days"])
    opens: str = strawberry.field(description=TERMS["opens"])
    closes: str = strawberry.field(description=TERMS["closes"])
    window_s: int | None = strawberry.field(description=TERMS["window_s"])
    surcharge_minor: MoneyMinor = strawberry.field(description=TERMS["surcharge_minor"])
    surcharge_basis_points: int = strawberry.field(description=TERMS["surcharge_basis_points"])
    effective_from: DateTime = strawberry.field(description="From when it is in force, market time.")
    effective_to: DateTime | None = strawberry.field(description="When the next version began or begins, market time.")


@strawberry.input(description="A version of a rural zone that is to be set. Amounts are of the market's currency.")
class RuralZoneInput:
    """The terms that are to be set."""

    code: str = strawberry.field(description=TERMS["code"])
    name: str = strawberry.field(description=TERMS["name"])
    is_served: bool = strawberry.field(default=True, description=TERMS["is_served"])
    area: str = strawberry.field(description=GEOJSON)
    days: list[int] = strawberry.field(description=TERMS["days"])
    cutoff: str = strawberry.field(default="18:00", description=TERMS["cutoff"])
    cutoff_days: int = strawberry.field(default=1, description=TERMS["cutoff_days"])
    opens: str = strawberry.field(default="08:00", description=TERMS["opens"])
    closes: str = strawberry.field(default="20:00", description=TERMS["closes"])
    window_s: int | None = strawberry.field(default=None, description=TERMS["window_s"])
    surcharge_minor: MoneyMinor = strawberry.field(default=MoneyMinor(0), description=TERMS["surcharge_minor"])
    surcharge_basis_points: int = strawberry.field(default=0, description=TERMS["surcharge_basis_points"])
    effective_from: DateTime | None = strawberry.field(default=None, description="Now where it is left out.")

    def value(self) -> RuralZone:
        """The terms as the marketplace takes them; wrong ones are refused here."""
        return RuralZone(
            code=self.code,
            name=self.name,
            is_served=self.is_served,
            days=tuple(self.days),
            cutoff=clock_time(self.cutoff),
            cutoff_days=self.cutoff_days,
            opens=clock_time(self.opens),
            closes=clock_time(self.closes),
            window_s=self.window_s,
            surcharge_minor=self.surcharge_minor,
            surcharge_basis_points=self.surcharge_basis_points,
        )


@strawberry.type(description="A new version was set; what is quoted or posted keeps the surcharge of its own.")
class RuralZoneSet:
    """A zone that was set."""

    version: int = strawberry.field(description="Its number among the versions of this zone.")


SetRuralZoneResult = Annotated[RuralZoneSet | Problem, strawberry.union("SetRuralZoneResult")]


@strawberry.type
class Query:
    """Zones for those who post into them, and for those who set them."""

    @query(
        description="The rural zones of a market, every version, by code and latest first; at most 500. For shippers"
        " and operations.",
        usual_rows=4,
    )
    async def rural_zones(self, info: Info, market_id: MarketArgument) -> list[RuralZoneType]:
        """Reads zones."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        market = from_wire("market", market_id, field="marketId")
        if caller.kind is PrincipalKind.OPERATOR and not caller.may_see_market(market):
            raise NotFound("there is no such market")
        async with info.context.marketplace.works.read() as connection:
            return [_shown(row) for row in await list_rural_zones(connection, market_id=market)]


@strawberry.type
class Mutation:
    """Setting zones."""

    @mutation(
        description="Sets the next version of a rural zone: where it lies, on which days it is served and what that"
        " costs, from now or later on. For operations."
    )
    async def set_rural_zone(
        self,
        info: Info,
        market_id: MarketArgument,
        zone: Annotated[RuralZoneInput, strawberry.argument(description="The whole terms.")],
        idempotency_key: IdempotencyKey,
    ) -> SetRuralZoneResult:
        """Sets a zone's terms."""
        terms, area = zone.value(), read_geojson(zone.area)

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            return await set_rural_zone(
                work, market_id=market, terms=terms, area=area, effective_from=zone.effective_from
            )

        async def answer(work: Work, key: UUID) -> RuralZoneSet:
            return RuralZoneSet(version=await rural_zone_version(work, zone_id=key))

        return await audited(
            info,
            verb="setRuralZone",
            market_id=market_id,
            details=terms.as_json() | {"effective_from": str(zone.effective_from)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
            more={"area": area},
        )


def _shown(row: dict[str, Any]) -> RuralZoneType:
    return RuralZoneType(**{name: value for name, value in row.items() if name != "id"})
