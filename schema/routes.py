"""Driving: the route a driver has, and the reports about it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import AttemptFailure, DeliveryState, LeftAt, Requirement
from marketplace.core.errors import Invalid, Refusal
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.recipients import SafePlace
from marketplace.routes import (
    Care,
    IdentityKind,
    IdentityMarker,
    ProofKind,
    Receipt,
    ReportFlag,
    RouteState,
    StopKind,
    StopState,
    UploadSigner,
    arrive_at_stop,
    create_proof_upload,
    drop_off,
    fail_stop,
    my_route,
    pick_up,
    start_route,
)
from schema.access import require_driver
from schema.arguments import ClientEventId, OccurredAt, ReportPlace
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import change, mutation
from schema.places import Address, Package, Window
from schema.problem import Problem, problem_of
from schema.scalars import DateTime, MoneyMinor
from schema.substitutions import ItemSubstitution

MOST_CARES = 50


@strawberry.type(description="A delivery as its driver sees it, from acceptance on.")
class CarriedDelivery:
    """What a driver needs at the door; the recipient's PIN is not among it."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    external_id: str = strawberry.field(description="The shipper's reference, as on the parcel.")
    state: DeliveryState = strawberry.field(description="Where in its life it is.")
    return_of: strawberry.ID | None = strawberry.field(description="dlv_… of the delivery whose parcel this returns.")
    pickup: Address = strawberry.field(description="Where it is picked up.")
    dropoff: Address = strawberry.field(description="Where it goes.")
    pickup_window: Window = strawberry.field(description="When it can be picked up.")
    dropoff_window: Window = strawberry.field(description="When it is to be handed over.")
    time_zone: str = strawberry.field(description="IANA zone of the windows.")
    instructions: str = strawberry.field(description="From shipper and recipient, a line each.")
    safe_place: SafePlace | None = strawberry.field(description="Where the recipient lets it be left.")
    requirements: list[Requirement] = strawberry.field(description="What the hand-over asks for.")
    out_of_cold_limit_s: int | None = strawberry.field(
        description="How long it may be out of the cold in all, seconds; null where nobody counts."
    )
    cold_until: DateTime | None = strawberry.field(
        description="Until when it has to be handed over, market time; null where nobody counts, before its pickup, and"
        " while it is in a vehicle that keeps it cold."
    )
    may_be_left: LeftAt | None = strawberry.field(
        description="Where it may be left, with a photo, if nobody opens: dropOff with `leftAt`. Null where only the"
        " recipient will do."
    )
    packages: list[Package] = strawberry.field(description="The items.", metadata=usually(2))
    substitutions: list[ItemSubstitution] = strawberry.field(
        description="What was short when it was picked, and what goes instead; mostly none.", metadata=usually(1)
    )


@strawberry.type(description="What is to be done for one delivery at a stop.")
class Task:
    """Picking up, handing over or giving back."""

    kind: StopKind = strawberry.field(description="What is done.")
    delivery: CarriedDelivery = strawberry.field(description="For which delivery.")


@strawberry.type(description="One visit of a place.")
class Stop:
    """A stop of the driver's route."""

    id: strawberry.ID = strawberry.field(description="stp_….")
    place: int = strawberry.field(description="Position on the route, from 0.")
    kind: StopKind = strawberry.field(description="What is done there.")
    state: StopState = strawberry.field(description="Where in its life it is.")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    leg_m: int = strawberry.field(description="Road metres from the stop before.")
    leg_s: int = strawberry.field(description="Driving seconds from the stop before.")
    planned_arrival: DateTime = strawberry.field(description="Market time.")
    planned_departure: DateTime = strawberry.field(description="Market time.")
    arrived_at: DateTime | None = strawberry.field(description="Market time.")
    ended_at: DateTime | None = strawberry.field(description="Market time.")
    failure_reason: str | None = strawberry.field(description="Why it failed.")
    paid_wait_from: DateTime | None = strawberry.field(
        description="From when waiting here is paid, market time; null before the arrival."
    )
    may_fail_from: DateTime | None = strawberry.field(
        description="From when RECIPIENT_UNAVAILABLE can be reported here, market time; null before the arrival and"
        " where nobody is waited for."
    )
    path: str | None = strawberry.field(
        description="The way to this stop along streets, from the stop before, or for the first stop from where the"
        " driver was at acceptance: an encoded polyline of 5 decimals (about 1 m), at most 100 points and 1,200"
        " characters, within 5 m of the streets where that many points are enough. Null where no streets are known"
        " or it is not drawn yet: then a straight line is all there is."
    )
    tasks: list[Task] = strawberry.field(description="What is done there, delivery by delivery.", metadata=usually(2))


@strawberry.type(description="The route a driver has.")
class Route:
    """A route with exact places, for its driver only."""

    id: strawberry.ID = strawberry.field(description="rte_….")
    state: RouteState = strawberry.field(description="ASSIGNED or STARTED.")
    version: int = strawberry.field(description="Rises when stops are added or skipped.")
    distance_m: int = strawberry.field(description="Road metres between the stops.")
    duration_s: int = strawberry.field(description="Seconds from the first arrival to the last departure.")
    approach_m: int = strawberry.field(
        description="Road metres from where the driver was at acceptance to the first stop."
    )
    approach_s: int = strawberry.field(description="Driving seconds of that way.")
    starts_at: DateTime = strawberry.field(description="When to set off, market time.")
    is_degraded: bool = strawberry.field(description="Whether times are estimates without streets.")
    unavailable_after_s: int = strawberry.field(
        description="Seconds that are waited at a door before RECIPIENT_UNAVAILABLE can be reported."
    )
    guarantee_minor: MoneyMinor = strawberry.field(description="What was promised; the pay may only be more.")
    currency: str = strawberry.field(description="ISO 4217.")
    is_flagged: bool = strawberry.field(description="Whether somebody looks at its reports before it is paid.")
    accepted_at: DateTime = strawberry.field(description="Market time.")
    started_at: DateTime | None = strawberry.field(description="Market time.")
    stops: list[Stop] = strawberry.field(description="The next stop first, ended ones last.", metadata=usually(15))


@strawberry.input(description="Papers that a driver has looked at at a door. Their digits are kept nowhere.")
class IdentityInput:
    """Kind, last digits, and whether the name is right."""

    kind: IdentityKind = strawberry.field(description="Which document.")
    last_digits: str = strawberry.field(description="The last 2 to 6 digits or capital letters of its number.")
    name_matches: bool = strawberry.field(description="Whether it is in the recipient's name.")


@strawberry.input(description="What a careful parcel asks for when it changes hands.")
class CareInput:
    """Seal, temperature and papers of one delivery of the stop."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    seal: str | None = strawberry.field(
        default=None, description="1 to 40 characters, for CHAIN_OF_CUSTODY: at the door the same as at the pickup."
    )
    temperature_dc: int | None = strawberry.field(
        default=None, description="Tenths of a degree Celsius, -1,000 to 1,000, for TEMPERATURE_LOG."
    )
    identity: IdentityInput | None = strawberry.field(default=None, description="For IDENTITY_CHECK, at the door only.")


CareArgument = Annotated[
    list[CareInput] | None,
    strawberry.argument(description="For deliveries with such a requirement, each once; at most 50."),
]


@strawberry.type(description="A report was taken, now or when it first came.")
class ReportTaken:
    """What became of a report."""

    route_id: strawberry.ID = strawberry.field(description="rte_….")
    stop_id: strawberry.ID | None = strawberry.field(description="stp_…, for reports about a stop.")
    effective_at: DateTime = strawberry.field(description="The moment that counts, market time.")
    received_at: DateTime = strawberry.field(description="When it came in, market time.")
    flag: ReportFlag | None = strawberry.field(description="What is odd about it, if anything.")
    route: Route | None = strawberry.field(description="The driver's route now; null when it is completed.")


@strawberry.type(description="Where to PUT a picture within ten minutes.")
class ProofUpload:
    """A signed address."""

    proof_id: strawberry.ID = strawberry.field(description="prf_…, to be named at the hand-over.")
    url: str = strawberry.field(description="PUT exactly the announced bytes there, with the announced content type.")
    expires_at: DateTime = strawberry.field(description="Until when, machine time.")


ReportResult = Annotated[ReportTaken | Problem, strawberry.union("ReportResult")]
CreateProofUploadResult = Annotated[ProofUpload | Problem, strawberry.union("CreateProofUploadResult")]
StopArgument = Annotated[strawberry.ID, strawberry.argument(description="stp_….")]


@strawberry.type
class Query:
    """The calling driver's work."""

    @query(description="The route you have, with exact places, or null. One read.")
    async def my_route(self, info: Info) -> Route | None:
        """Reads the driver's route."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            return cast("Route | None", await my_route(work.connection, driver_id=driver.id, now=work.now))


@strawberry.type
class Mutation:
    """Reports. Their `clientEventId` is the idempotency key, so an app that was offline just sends them again."""

    @mutation(description="The driver sets off.")
    async def start_route(
        self,
        info: Info,
        route_id: Annotated[strawberry.ID, strawberry.argument(description="rte_….")],
        client_event_id: ClientEventId,
        occurred_at: OccurredAt,
        point: ReportPlace = None,
    ) -> ReportResult:
        """Starts."""
        driver, route = require_driver(info), from_wire("route", route_id, field="routeId")
        return await _report(
            info,
            lambda work: start_route(
                work,
                driver_id=driver.id,
                route_id=route,
                client_event_id=client_event_id,
                occurred_at=occurred_at,
                place=point.value() if point else None,
            ),
        )

    @mutation(description="The driver is at a stop.")
    async def arrive_at_stop(
        self,
        info: Info,
        stop_id: StopArgument,
        client_event_id: ClientEventId,
        occurred_at: OccurredAt,
        point: ReportPlace = None,
    ) -> ReportResult:
        """Arrives."""
        driver, stop = require_driver(info), from_wire("stop", stop_id, field="stopId")
        return await _report(
            info,
            lambda work: arrive_at_stop(
                work,
                driver_id=driver.id,
                stop_id=stop,
                client_event_id=client_event_id,
                occurred_at=occurred_at,
                place=point.value() if point else None,
            ),
        )

    @mutation(description="Every parcel that waits at the stop is in the vehicle.")
    async def pick_up(
        self,
        info: Info,
        stop_id: StopArgument,
        client_event_id: ClientEventId,
        occurred_at: OccurredAt,
        point: ReportPlace = None,
        care: CareArgument = None,
    ) -> ReportResult:
        """Picks up."""
        driver, stop = require_driver(info), from_wire("stop", stop_id, field="stopId")
        cares = _cares(info, care)
        return await _report(
            info,
            lambda work: pick_up(
                work,
                driver_id=driver.id,
                stop_id=stop,
                client_event_id=client_event_id,
                occurred_at=occurred_at,
                place=point.value() if point else None,
                care=cares,
            ),
        )

    @mutation(
        description="The parcels of the stop are handed over, with the proof that was asked for. A wrong PIN is"
        " PIN_WRONG; five of them lock the delivery."
    )
    async def drop_off(
        self,
        info: Info,
        stop_id: StopArgument,
        client_event_id: ClientEventId,
        occurred_at: OccurredAt,
        point: ReportPlace = None,
        pin: Annotated[str | None, strawberry.argument(description="What the recipient said, up to 8 digits.")] = None,
        proof_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="prf_… of uploaded pictures, at most 10.")
        ] = None,
        left_at: Annotated[
            LeftAt, strawberry.argument(description="Where it was left, if its `mayBeLeft` says so; with a photo.")
        ] = LeftAt.RECIPIENT,
        care: CareArgument = None,
    ) -> ReportResult:
        """Hands over."""
        driver, stop = require_driver(info), from_wire("stop", stop_id, field="stopId")
        proofs = [from_wire("proof", proof_id, field="proofIds") for proof_id in proof_ids or []]
        cares = _cares(info, care)

        async def run(work: Work) -> Receipt | Refusal:
            outcome = await drop_off(
                work,
                driver_id=driver.id,
                stop_id=stop,
                client_event_id=client_event_id,
                occurred_at=occurred_at,
                place=point.value() if point else None,
                pin=pin,
                proof_ids=proofs,
                left_at=left_at,
                care=cares,
            )
            if outcome.refusal is not None:
                return outcome.refusal
            return outcome.accepted()

        return await _report(info, run)

    @mutation(description="The stop ends without success. A failed hand-over brings a return as a further stop.")
    async def fail_stop(
        self,
        info: Info,
        stop_id: StopArgument,
        reason: Annotated[AttemptFailure, strawberry.argument(description="Why.")],
        client_event_id: ClientEventId,
        occurred_at: OccurredAt,
        point: ReportPlace = None,
    ) -> ReportResult:
        """Fails."""
        driver, stop = require_driver(info), from_wire("stop", stop_id, field="stopId")
        return await _report(
            info,
            lambda work: fail_stop(
                work,
                driver_id=driver.id,
                stop_id=stop,
                client_event_id=client_event_id,
                occurred_at=occurred_at,
                reason=reason,
                place=point.value() if point else None,
            ),
        )

    @mutation(description="Announces one picture of exactly that size and type, and says where to PUT it.")
    async def create_proof_upload(
        self,
        info: Info,
        stop_id: StopArgument,
        kind: Annotated[ProofKind, strawberry.argument(description="PHOTO or SIGNATURE.")],
        content_type: Annotated[str, strawberry.argument(description="image/jpeg, image/png or image/webp.")],
        size_bytes: Annotated[int, strawberry.argument(description="1 to 10,485,760.")],
    ) -> CreateProofUploadResult:
        """Announces a picture. A repetition announces another one; what is never sent costs nothing."""
        driver, stop = require_driver(info), from_wire("stop", stop_id, field="stopId")
        settings = info.context.marketplace.settings
        signer = UploadSigner(settings.secret.get_secret_value())
        upload = await change(
            info,
            lambda work: create_proof_upload(
                work,
                driver_id=driver.id,
                stop_id=stop,
                kind=kind,
                content_type=content_type,
                size_bytes=size_bytes,
                signer=signer,
            ),
        )
        return ProofUpload(
            proof_id=strawberry.ID(to_wire("proof", upload.proof_id)),
            url=settings.public_url + upload.url_path,
            expires_at=upload.expires_at,
        )


def _cares(info: Info, care: list[CareInput] | None) -> list[Care]:
    """Care as the marketplace takes it: papers are marked here, so that their digits go no further."""
    if len(care or ()) > MOST_CARES:
        raise Invalid(f"say it for at most {MOST_CARES} deliveries", field="care")
    marker = IdentityMarker(info.context.marketplace.settings.secret.get_secret_value())
    found = []
    for one in care or ():
        delivery, papers = from_wire("delivery", one.delivery_id, field="care.deliveryId"), one.identity
        seen = None
        if papers is not None:
            seen = marker.see(delivery, papers.kind, papers.last_digits, name_matches=papers.name_matches)
        found.append(Care(delivery_id=delivery, seal=one.seal, temperature_dc=one.temperature_dc, identity=seen))
    return found


async def _report(info: Info, run: Callable[[Work], Awaitable[Receipt | Refusal]]) -> ReportTaken | Problem:
    """Takes one report; the same Work reads the route that it leaves behind."""
    driver = require_driver(info)

    async def once(work: Work) -> ReportTaken | Problem:
        receipt = await run(work)
        if isinstance(receipt, Refusal):
            return problem_of(receipt)
        return _taken(receipt, cast("Route | None", await my_route(work.connection, driver_id=driver.id, now=work.now)))

    return await change(info, once)


def _taken(receipt: Receipt, route: Route | None) -> ReportTaken:
    def wire(noun: str, value: UUID | None) -> strawberry.ID | None:
        return strawberry.ID(to_wire(noun, value)) if value else None

    return ReportTaken(
        route_id=strawberry.ID(to_wire("route", receipt.route_id)),
        stop_id=wire("stop", receipt.stop_id),
        effective_at=receipt.effective_at,
        received_at=receipt.received_at,
        flag=receipt.flag,
        route=route,
    )
