"""Hand-over points: set by operations, shown to those who may use them, and kept by whoever has their key."""

from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal, PrincipalKind, note_action
from marketplace.collecting import choose_hand_over_point, collect_parcel
from marketplace.core.errors import Refusal
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import DayHours, Opening, clock_time
from marketplace.points import (
    CollectionState,
    PointFacts,
    give_keeper_key,
    list_points,
    parcels_at,
    points_near_door,
    set_hand_over_point,
)
from schema.access import require_one_of, require_operator, require_recipient
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.hubs import HOLIDAYS, HOURS, OpeningHours, OpeningHoursInput
from schema.mutations import mutate, mutation
from schema.places import PointInput, Window
from schema.problem import Problem
from schema.scalars import DateTime

POINT = {
    "name": "1 to 80 characters.",
    "address": "Street and number, 1 to 100 characters.",
    "places": "Parcels that it holds at most, 1 to 10,000.",
    "kept_days": "Days after the day of its arrival that a parcel is kept, 1 to 14.",
    "is_open": "Whether parcels can be sent there from now on; those that are there stay.",
}
PointArgument = Annotated[strawberry.ID, strawberry.argument(description="hop_….")]


@strawberry.type(description="A shop, a locker or a store at which recipients collect their parcels.")
class HandOverPoint:
    """A point as those see it who may use it."""

    id: strawberry.ID = strawberry.field(description="hop_….")
    shipper_id: strawberry.ID | None = strawberry.field(description="shp_… where it is for one shipper alone.")
    name: str = strawberry.field(description=POINT["name"])
    address: str = strawberry.field(description=POINT["address"])
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    distance_m: int | None = strawberry.field(
        description="Metres from the place that was asked about, as a bird flies."
    )
    hours: list[OpeningHours] = strawberry.field(description=HOURS, metadata=usually(7))
    holidays: list[str] = strawberry.field(description=HOLIDAYS, metadata=usually(5))
    places: int = strawberry.field(description=POINT["places"])
    places_left: int = strawberry.field(description="Places that are free now.")
    kept_days: int = strawberry.field(description=POINT["kept_days"])
    is_open: bool = strawberry.field(description=POINT["is_open"])


@strawberry.input(description="A hand-over point that is to be set: all of it, since it replaces what was before.")
class HandOverPointInput:
    """What operations say of a point."""

    name: str = strawberry.field(description=POINT["name"])
    address: str = strawberry.field(description=POINT["address"])
    place: PointInput = strawberry.field(description="Where it is.")
    hours: list[OpeningHoursInput] = strawberry.field(description=HOURS)
    holidays: list[date] = strawberry.field(default_factory=list, description=HOLIDAYS)
    places: int = strawberry.field(description=POINT["places"])
    kept_days: int = strawberry.field(default=7, description=POINT["kept_days"])
    is_open: bool = strawberry.field(default=True, description=POINT["is_open"])
    shipper_id: strawberry.ID | None = strawberry.field(
        default=None, description="shp_… for whom alone it is; none is everybody in the market."
    )

    def value(self) -> PointFacts:
        """The checked facts; raises what is wrong with them."""
        hours = tuple(
            DayHours(day=one.day, opens=clock_time(one.opens), closes=clock_time(one.closes)) for one in self.hours
        )
        return PointFacts(
            name=self.name,
            address=self.address,
            place=self.place.value(),
            opening=Opening(hours=hours, holidays=frozenset(self.holidays)),
            places=self.places,
            kept_days=self.kept_days,
            is_open=self.is_open,
            shipper_id=from_wire("shipper", self.shipper_id, field="shipperId") if self.shipper_id else None,
        )


@strawberry.type(
    description="A parcel that lies at a hand-over point or is on its way there; nothing of its recipient."
)
class PointParcel:
    """A parcel as the keeper of its point sees it."""

    id: strawberry.ID = strawberry.field(description="col_….")
    state: CollectionState = strawberry.field(description="Whether it is there.")
    external_id: str = strawberry.field(description="The sender's own reference, as on the parcel.")
    shipper_name: str = strawberry.field(description="Who sends it.")
    packages: int = strawberry.field(description="How many packages it is.")
    window: Window = strawberry.field(description="When the driver brings it, or was to.")
    arrived_at: DateTime | None = strawberry.field(description="Since when it is there, market time.")
    due_at: DateTime | None = strawberry.field(description="Until when it can be collected, market time.")
    code_tries: int = strawberry.field(description="Wrong codes that were said; after 5 operations have to help.")


@strawberry.type(description="The point as it stands.")
class HandOverPointSet:
    """A point that was opened or changed."""

    point_id: strawberry.ID = strawberry.field(description="hop_….")


@strawberry.type(description="The key with which a point's keeper signs in: Authorization: Bearer hpk_….")
class KeeperKeyGiven:
    """A new key; the one before is no good any more."""

    point_id: strawberry.ID = strawberry.field(description="hop_….")
    key: str = strawberry.field(description="For the keeper alone. It is not kept, and cannot be shown later.")


@strawberry.type(description="The parcel as it is now.")
class ParcelGiven:
    """A parcel that was collected."""

    collection_id: strawberry.ID = strawberry.field(description="col_….")


@strawberry.type(description="The parcel is brought to the point instead of the door.")
class PointChosen:
    """A recipient's choice."""

    point_id: strawberry.ID = strawberry.field(description="hop_….")


SetHandOverPointResult = Annotated[HandOverPointSet | Problem, strawberry.union("SetHandOverPointResult")]
GiveKeeperKeyResult = Annotated[KeeperKeyGiven | Problem, strawberry.union("GiveKeeperKeyResult")]
CollectParcelResult = Annotated[ParcelGiven | Problem, strawberry.union("CollectParcelResult")]
ChooseHandOverPointResult = Annotated[PointChosen | Problem, strawberry.union("ChooseHandOverPointResult")]


@strawberry.type
class Query:
    """Points for those who send, collect and keep parcels there."""

    @query(
        description="The hand-over points of a market that you may use, nearest to a place first, at most 50; near a"
        " place only those within 10 km. Operations see all, closed ones too. For shippers and operations.",
        usual_rows=10,
    )
    async def hand_over_points(
        self,
        info: Info,
        market_id: MarketArgument,
        near: Annotated[PointInput | None, strawberry.argument(description="A place.")] = None,
    ) -> list[HandOverPoint]:
        """Reads points."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        market = from_wire("market", market_id, field="marketId")
        if caller.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        shipper_id = caller.id if caller.kind is PrincipalKind.SHIPPER else None
        async with info.context.marketplace.works.read() as connection:
            found = await list_points(
                connection,
                market_id=market,
                near=near.value() if near else None,
                shipper_id=shipper_id,
                with_closed=shipper_id is None,
            )
        return [_point(row) for row in found]

    @query(
        description="The hand-over points within 10 km of your door that chooseHandOverPoint takes, nearest first, at"
        " most 50. For recipients.",
        usual_rows=10,
    )
    async def nearby_points(self, info: Info) -> list[HandOverPoint]:
        """Reads the points near the recipient's door."""
        recipient = require_recipient(info)
        async with info.context.marketplace.works.read() as connection:
            return [_point(row) for row in await points_near_door(connection, delivery_id=recipient.delivery_id)]

    @query(
        description="The parcels that lie at your point or have a place there, those that wait first, at most 500. For"
        " keepers of hand-over points.",
        usual_rows=20,
    )
    async def my_parcels(self, info: Info) -> list[PointParcel]:
        """Reads the parcels of the keeper's own point."""
        keeper = require_one_of(info, PrincipalKind.KEEPER)
        async with info.context.marketplace.works.read() as connection:
            rows = await parcels_at(connection, market_id=keeper.home_market_id, point_id=keeper.id)
        return [_parcel(row) for row in rows]

    @query(
        description="The parcels that lie at a hand-over point or have a place there, at most 500. For operations.",
        usual_rows=20,
    )
    async def point_parcels(self, info: Info, market_id: MarketArgument, point_id: PointArgument) -> list[PointParcel]:
        """Reads the parcels of a point."""
        market, point = from_wire("market", market_id, field="marketId"), _point_id(point_id)
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return [_parcel(row) for row in await parcels_at(connection, market_id=market, point_id=point)]


@strawberry.type
class Mutation:
    """Setting points, choosing one, and giving parcels out."""

    @mutation(
        description="Opens a hand-over point, or changes one: parcels that have a place there keep it. For operations."
    )
    async def set_hand_over_point(
        self,
        info: Info,
        market_id: MarketArgument,
        facts: Annotated[HandOverPointInput, strawberry.argument(description="All of it.")],
        idempotency_key: IdempotencyKey,
        point_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="hop_… of one that is there; none opens another.")
        ] = None,
    ) -> SetHandOverPointResult:
        """Sets a point."""
        value, key = facts.value(), _point_id(point_id) if point_id else None

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            return await set_hand_over_point(work, market_id=market, facts=value, point_id=key)

        async def answer(_work: Work, subject: UUID) -> HandOverPointSet:
            return HandOverPointSet(point_id=strawberry.ID(to_wire("hand_over_point", subject)))

        return await audited(
            info,
            verb="setHandOverPoint",
            market_id=market_id,
            details={
                "name": value.name,
                "places": value.places,
                "kept_days": value.kept_days,
                "is_open": value.is_open,
                "shipper": value.shipper_id.hex if value.shipper_id else None,
                "point": key.hex if key else None,
            },
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
            more={"opening": value.opening.as_json(), "address": value.address, "place": str(value.place)},
        )

    @mutation(
        description="Gives the keeper of a point a key, which alone sees and gives out the parcels there; the one"
        " before is no good any more. For operations."
    )
    async def give_keeper_key(
        self, info: Info, market_id: MarketArgument, point_id: PointArgument, idempotency_key: IdempotencyKey
    ) -> GiveKeeperKeyResult:
        """Gives a key."""
        market, point = MarketId(from_wire("market", market_id, field="marketId")), _point_id(point_id)
        operator, tokens = require_operator(info, market), info.context.tokens

        async def run(work: Work) -> str:
            key_id = await give_keeper_key(work, market_id=market, point_id=point, tokens=tokens)
            await note_action(
                work, operator_id=operator.operator_id, market_id=market, verb="giveKeeperKey", subject_id=point
            )
            return key_id.hex

        async def answer(_work: Work, reference: str) -> KeeperKeyGiven:
            return KeeperKeyGiven(point_id=point_id, key=tokens.keeper_key(UUID(hex=reference)))

        return await mutate(
            info,
            operation="giveKeeperKey",
            arguments={"market": market, "point": point},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Records that a parcel was given to whoever said its code. Five wrong codes lock it for the keeper."
        " For keepers of hand-over points and operations."
    )
    async def collect_parcel(
        self,
        info: Info,
        collection_id: Annotated[strawberry.ID, strawberry.argument(description="col_… of a parcel that waits.")],
        code: Annotated[str, strawberry.argument(description="The 6 digits that its recipient was told.")],
        idempotency_key: IdempotencyKey,
    ) -> CollectParcelResult:
        """Gives a parcel out."""
        caller = require_one_of(info, PrincipalKind.KEEPER, PrincipalKind.OPERATOR)
        collection, tokens = from_wire("collection", collection_id, field="collectionId"), info.context.tokens

        async def run(work: Work) -> str | Refusal:
            done = await collect_parcel(work, collection_id=collection, by=caller, code=code[:20], tokens=tokens)
            if done.refusal is None and caller.kind is PrincipalKind.OPERATOR:
                await note_action(
                    work,
                    operator_id=caller.operator_id,
                    market_id=MarketId(done.market_id),
                    verb="collectParcel",
                    subject_id=collection,
                )
            return done.refusal or collection.hex

        async def answer(_work: Work, _reference: str) -> ParcelGiven:
            return ParcelGiven(collection_id=collection_id)

        return await mutate(
            info,
            operation="collectParcel",
            arguments={"collection": collection, "code": code},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Has the parcel brought to a hand-over point near the door instead: before the pickup in its"
        " window, as far as the point is open in it, or after a failed try on the next day on which it is open. For"
        " recipients."
    )
    async def choose_hand_over_point(
        self, info: Info, point_id: PointArgument, idempotency_key: IdempotencyKey
    ) -> ChooseHandOverPointResult:
        """Chooses a point."""
        recipient, point = require_recipient(info), _point_id(point_id)

        async def run(work: Work) -> str:
            await choose_hand_over_point(work, delivery_id=recipient.delivery_id, point_id=point)
            return point.hex

        async def answer(_work: Work, _reference: str) -> PointChosen:
            return PointChosen(point_id=point_id)

        return await mutate(
            info,
            operation="chooseHandOverPoint",
            arguments={"point": point},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _point_id(text: str) -> UUID:
    return from_wire("hand_over_point", text, field="pointId")


def _point(row: dict[str, Any]) -> HandOverPoint:
    opening = row["opening"]
    names = ("name", "address", "lat", "lon", "distance_m", "places", "kept_days", "is_open")
    return HandOverPoint(
        id=strawberry.ID(to_wire("hand_over_point", row["id"])),
        shipper_id=strawberry.ID(to_wire("shipper", row["shipper_id"])) if row["shipper_id"] else None,
        hours=cast("list[OpeningHours]", opening["hours"]),
        holidays=opening["holidays"],
        places_left=row["places"] - row["taken"],
        **{name: row[name] for name in names},
    )


def _parcel(row: dict[str, Any]) -> PointParcel:
    names = ("external_id", "shipper_name", "packages", "arrived_at", "due_at", "code_tries")
    return PointParcel(
        id=strawberry.ID(to_wire("collection", row["id"])),
        state=CollectionState(row["state"]),
        window=Window(opens_at=row["opens_at"], closes_at=row["closes_at"]),
        **{name: row[name] for name in names},
    )
