"""The way into the fleet, for those who take it: applying, papers, vehicles, and what a driver wants."""

from typing import Annotated, Any, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import (
    AccountState,
    DocumentKind,
    DocumentState,
    Vehicle,
    VehicleState,
    driver_profile,
    set_language,
    set_preferences,
)
from marketplace.onboarding import (
    add_vehicle,
    announce_document,
    apply_to_drive,
    choose_vehicle,
    documents_of,
    vehicles_of,
)
from marketplace.recipients import Language
from marketplace.routes import UploadSigner
from schema.access import require_driver
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import change, mutate, mutation
from schema.problem import Problem
from schema.scalars import DateTime


@strawberry.type(description="A paper or certificate that the driver handed in.")
class DriverDocument:
    """One's own paper."""

    id: strawberry.ID = strawberry.field(description="doc_….")
    kind: DocumentKind = strawberry.field(description="Which paper, or the certificate of which skill.")
    state: DocumentState = strawberry.field(description="How far it is.")
    expires_at: DateTime = strawberry.field(description="Until when it is good, market time.")
    created_at: DateTime = strawberry.field(description="When it was announced, market time.")
    checked_at: DateTime | None = strawberry.field(description="When somebody looked at it, market time.")
    reason: str | None = strawberry.field(description="What they said.")


@strawberry.type(description="A vehicle that the driver can take: an own one, or one of the driver's company.")
class DriverVehicle:
    """A vehicle to choose."""

    id: strawberry.ID = strawberry.field(description="vhc_….")
    kind: Vehicle = strawberry.field(description="What it is.")
    label: str = strawberry.field(description="What the driver calls it.")
    capacity: list[int] = strawberry.field(description="Packages, grams and cubic decimetres that it holds.")
    pallet_places: int = strawberry.field(description="How many pallets stand in it; an operator has counted.")
    equipment: list[str] = strawberry.field(description="Such as COLD_BOX, HAND_TRUCK, TAIL_LIFT.")
    state: VehicleState = strawberry.field(description="Whether it has passed its check.")
    checked_until: DateTime | None = strawberry.field(description="Until when the check is good, market time.")
    reason: str | None = strawberry.field(description="What was said at the check.")
    is_chosen: bool = strawberry.field(description="Whether it is the vehicle of the day.")


@strawberry.type(description="Where a driver stands: the account, papers, vehicles and wishes.")
class MyPapers:
    """One's own file."""

    account_state: AccountState = strawberry.field(description="How far the account is; only ACTIVE ones go online.")
    documents_until: DateTime | None = strawberry.field(description="When the first paper ends; null without end.")
    vehicle_until: DateTime | None = strawberry.field(description="When the vehicle's check ends; null without end.")
    area_cells: list[str] = strawberry.field(
        description="H3 cells of resolution 7 where the driver wants to go; none is everywhere."
    )
    max_distance_m: int | None = strawberry.field(description="Longest route that the driver wants, metres.")
    language: Language = strawberry.field(description="In which the driver is told what happens.")
    documents: list[DriverDocument] = strawberry.field(
        description="Papers, latest first, at most 200.", metadata=usually(8)
    )
    vehicles: list[DriverVehicle] = strawberry.field(description="Vehicles, at most 200.", metadata=usually(3))


@strawberry.type(
    description="The application was received. The answer is the same for a phone that is known, or a"
    " market that is not."
)
class Applied:
    """An application."""

    is_received: bool = strawberry.field(description="Always true; sign in with the phone to hand in papers.")


@strawberry.type(description="Where to PUT the picture of a paper, with its content type, within ten minutes.")
class DocumentUpload:
    """A signed address."""

    document_id: strawberry.ID = strawberry.field(description="doc_….")
    url: str = strawberry.field(description="PUT the bytes here; needs no Authorization.")
    expires_at: DateTime = strawberry.field(description="Machine time at which the address ends.")


@strawberry.type(description="The driver's file, as it is now.")
class PapersChanged:
    """What came of a change."""

    papers: MyPapers = strawberry.field(description="The whole file.")


ApplyResult = Annotated[Applied | Problem, strawberry.union("ApplyToDriveResult")]
DocumentUploadResult = Annotated[DocumentUpload | Problem, strawberry.union("CreateDocumentUploadResult")]
PapersResult = Annotated[PapersChanged | Problem, strawberry.union("PapersResult")]
LanguageArgument = Annotated[Language, strawberry.argument(description="The language of messages.")]


@strawberry.type
class Query:
    """A driver's own file."""

    @query(description="The calling driver's papers, vehicles and wishes.")
    async def my_papers(self, info: Info) -> MyPapers:
        """Reads one's own file."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            return await _papers(work, driver.id)


@strawberry.type
class Mutation:
    """Applying, papers, vehicles and wishes."""

    @mutation(
        description="Applies to drive in a market. Needs no sign-in and no idempotencyKey: a phone that is known stays"
        " as it is. Sign in with the phone afterwards to hand in papers."
    )
    async def apply_to_drive(
        self,
        info: Info,
        market_id: MarketArgument,
        name: Annotated[str, strawberry.argument(description="1 to 80 characters.")],
        phone: Annotated[str, strawberry.argument(description="With the country code, such as +56912345678.")],
        vehicle: Annotated[Vehicle, strawberry.argument(description="What the applicant drives.")],
        language: LanguageArgument = Language.EN,
    ) -> ApplyResult:
        """Applies."""
        market = from_wire("market", market_id, field="marketId")
        wish: dict[str, Any] = {"market_id": market, "name": name, "phone": phone, "vehicle": vehicle}
        await change(info, lambda work: apply_to_drive(work, **wish, language=language.value.lower()))
        return Applied(is_received=True)

    @mutation(
        description="Announces a picture of a paper and gets an address to send it to. Takes no idempotencyKey: what is"
        " never sent costs nothing."
    )
    async def create_document_upload(
        self,
        info: Info,
        kind: Annotated[DocumentKind, strawberry.argument(description="Which paper or certificate.")],
        good_until: Annotated[DateTime, strawberry.argument(description="Until when it is good, market time.")],
        content_type: Annotated[str, strawberry.argument(description="image/jpeg, image/png or image/webp.")],
        size_bytes: Annotated[int, strawberry.argument(description="1 to 10,485,760.")],
    ) -> DocumentUploadResult:
        """Announces a paper."""
        driver = require_driver(info)
        settings = info.context.marketplace.settings
        signer = UploadSigner(settings.secret.get_secret_value())
        upload = await change(
            info,
            lambda work: announce_document(
                work,
                driver_id=driver.id,
                kind=kind,
                content_type=content_type,
                size_bytes=size_bytes,
                good_until=good_until,
                signer=signer,
            ),
        )
        return DocumentUpload(
            document_id=strawberry.ID(to_wire("driver_document", upload.document_id)),
            url=settings.public_url + upload.url_path,
            expires_at=upload.expires_at,
        )

    @mutation(description="Hands in a vehicle, which then waits for its check. At most 10 each.")
    async def add_vehicle(
        self,
        info: Info,
        kind: Annotated[Vehicle, strawberry.argument(description="What it is.")],
        label: Annotated[str, strawberry.argument(description="What to call it, 1 to 40 characters; no number plate.")],
        idempotency_key: IdempotencyKey,
        equipment: Annotated[
            list[str] | None, strawberry.argument(description="Such as COLD_BOX, HAND_TRUCK, STRAPS, ELECTRIC_DRIVE.")
        ] = None,
    ) -> PapersResult:
        """Adds a vehicle."""
        driver_id, tools = require_driver(info).id, equipment or []

        async def run(work: Work) -> str:
            return (await add_vehicle(work, driver_id=driver_id, kind=kind, label=label, equipment=tools)).hex

        arguments = {"kind": kind.value, "label": label, "equipment": tools}
        return await _changed(info, "addVehicle", arguments, idempotency_key, run)

    @mutation(description="Takes a vehicle that has passed its check for today; it says what fits and what is carried.")
    async def choose_vehicle(
        self,
        info: Info,
        vehicle_id: Annotated[strawberry.ID, strawberry.argument(description="vhc_….")],
        idempotency_key: IdempotencyKey,
    ) -> PapersResult:
        """Chooses the vehicle of the day."""
        driver_id, vehicle = require_driver(info).id, from_wire("vehicle", vehicle_id, field="vehicleId")

        async def run(work: Work) -> str:
            await choose_vehicle(work, driver_id=driver_id, vehicle_id=vehicle)
            return vehicle.hex

        return await _changed(info, "chooseVehicle", {"vehicle": vehicle}, idempotency_key, run)

    @mutation(
        description="Where the driver wants to go and how far. It is respected when drivers are chosen and never counts"
        " against anybody."
    )
    async def set_preferences(
        self,
        info: Info,
        area_cells: Annotated[
            list[str], strawberry.argument(description="H3 cells of resolution 7, at most 500; none is everywhere.")
        ],
        idempotency_key: IdempotencyKey,
        max_distance_m: Annotated[
            int | None, strawberry.argument(description="Longest route in metres, 1,000 to 500,000; null for any.")
        ] = None,
    ) -> PapersResult:
        """Sets wishes."""
        driver_id = require_driver(info).id

        async def run(work: Work) -> str:
            await set_preferences(work, driver_id=driver_id, area_cells=area_cells, max_distance_m=max_distance_m)
            return driver_id.hex

        arguments = {"areas": area_cells, "max_distance_m": max_distance_m}
        return await _changed(info, "setPreferences", arguments, idempotency_key, run)

    @mutation(description="In which language you are told what happens to your pay, papers, blocks and account.")
    async def set_language(
        self, info: Info, language: LanguageArgument, idempotency_key: IdempotencyKey
    ) -> PapersResult:
        """Sets the language."""
        driver_id = require_driver(info).id

        async def run(work: Work) -> str:
            await set_language(work, driver_id=driver_id, language=language.value.lower())
            return driver_id.hex

        return await _changed(info, "setLanguage", {"language": language.value}, idempotency_key, run)


async def _changed(info: Info, operation: str, arguments: dict[str, Any], key: str, run: Any) -> PapersResult:
    driver_id = require_driver(info).id

    async def answer(work: Work, _reference: str) -> PapersChanged:
        return PapersChanged(papers=await _papers(work, driver_id))

    return await mutate(info, operation=operation, arguments=arguments, idempotency_key=key, run=run, answer=answer)


async def _papers(work: Work, driver_id: Any) -> MyPapers:
    row = await driver_profile(work, driver_id=driver_id)
    if row is None:
        raise NotFound("there is no such driver")
    documents, vehicles = await documents_of(work, driver_id=driver_id), await vehicles_of(work, driver_id=driver_id)
    return cast("MyPapers", dict(row) | {"documents": documents, "vehicles": vehicles})
