"""Service areas: where a shipper's parcels are fetched and brought, as GeoJSON."""

from typing import Annotated, Any

import orjson
import strawberry

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from marketplace.shippers import BadServiceArea, find_service_area, set_service_area
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem
from schema.scalars import DateTime

LONGEST_AREA = 100_000
GEOJSON = (
    "GeoJSON text of a Polygon or MultiPolygon with holes, longitude before latitude: at most 50 polygons, 1,000"
    " corners and 3 degrees."
)
ShipperOrAll = Annotated[
    strawberry.ID | None, strawberry.argument(description="shp_…; none is the default of the market.")
]


@strawberry.type(description="Where a shipper is served; places outside are refused with OUT_OF_AREA.")
class ShipperServiceArea:
    """An area in force."""

    version: int = strawberry.field(description="Counts from 1.")
    is_default: bool = strawberry.field(description="Whether it is the market's, for want of one of the shipper's own.")
    area: str = strawberry.field(description=GEOJSON)
    created_at: DateTime = strawberry.field(description="Since when it is in force, market time.")


@strawberry.type(
    description="A new version was set; it is in force at once, for what is quoted and posted from now on."
)
class ServiceAreaSet:
    """An area that was set."""

    version: int = strawberry.field(description="Its number among the versions of this area.")


SetServiceAreaResult = Annotated[ServiceAreaSet | Problem, strawberry.union("SetServiceAreaResult")]


@strawberry.type
class Query:
    """Areas for those who post within them, and for those who set them."""

    @query(description="Where you are served in a market; null is everywhere.")
    async def service_area(self, info: Info, market_id: MarketArgument) -> ShipperServiceArea | None:
        """Reads one's own area."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        async with info.context.marketplace.works.read() as connection:
            return _shown(await find_service_area(connection, market_id=market, shipper_id=shipper.id))

    @query(description="Where a shipper is served, or by default everybody; null is everywhere. For operations.")
    async def shipper_service_area(
        self, info: Info, market_id: MarketArgument, shipper_id: ShipperOrAll = None
    ) -> ShipperServiceArea | None:
        """Reads an area."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId") if shipper_id else None
        async with info.context.marketplace.works.read() as connection:
            return _shown(await find_service_area(connection, market_id=market, shipper_id=shipper))


@strawberry.type
class Mutation:
    """Setting areas."""

    @mutation(description="Sets where a shipper is served, or by default everybody, from now on. For operations.")
    async def set_service_area(
        self,
        info: Info,
        market_id: MarketArgument,
        idempotency_key: IdempotencyKey,
        shipper_id: ShipperOrAll = None,
        area: Annotated[str | None, strawberry.argument(description=f"{GEOJSON} None takes it away.")] = None,
    ) -> SetServiceAreaResult:
        """Sets an area."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId") if shipper_id else None
        value = read_geojson(area) if area is not None else None

        async def run(work: Work) -> str:
            version = await set_service_area(work, market_id=market, shipper_id=shipper, area=value)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="setServiceArea",
                subject_id=market,
                details={"version": version, "shipper_id": str(shipper) if shipper else None},
            )
            return str(version)

        async def answer(_work: Work, reference: str) -> ServiceAreaSet:
            return ServiceAreaSet(version=int(reference))

        return await mutate(
            info,
            operation="setServiceArea",
            arguments={"market": market, "shipper": str(shipper), "area": value},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def read_geojson(text: str) -> dict[str, Any]:
    """The GeoJSON object of a text; what lies in it is for the marketplace to judge."""
    try:
        value = orjson.loads(text) if len(text) <= LONGEST_AREA else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadServiceArea(f"an area is GeoJSON text of at most {LONGEST_AREA:,} characters", field="area")
    return value


def _shown(found: dict[str, Any] | None) -> ShipperServiceArea | None:
    return ShipperServiceArea(**found) if found is not None else None
