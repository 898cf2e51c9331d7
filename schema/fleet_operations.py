"""The fleet as its operators run it: papers and vehicles to check, applicants, shifts, contracted companies."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.errors import Invalid
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import (
    AccountState,
    ContractKind,
    DocumentKind,
    Vehicle,
    add_company,
    add_dispatcher,
    companies_of_market,
    end_company,
    plan_shift_of,
    set_company_terms,
)
from marketplace.onboarding import (
    DocumentSigner,
    activate_driver,
    add_company_vehicle,
    add_document_picture,
    applicants,
    approve_driver,
    check_document,
    check_vehicle,
    documents_to_check,
    enter_document,
    open_document,
    retire_vehicle,
    upload_of,
    vehicles_to_check,
)
from marketplace.routes import UploadSigner
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.companies import Company
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutation
from schema.onboarding import DocumentUpload
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

LONGEST_REASON = 200


@strawberry.type(description="Somebody on the way into the fleet.")
class Applicant:
    """An applicant."""

    id: strawberry.ID = strawberry.field(description="drv_….")
    name: str = strawberry.field(description="Name.")
    vehicle: Vehicle = strawberry.field(description="What they drive.")
    account_state: AccountState = strawberry.field(description="APPLIED or APPROVED.")
    accepted_papers: list[DocumentKind] = strawberry.field(description="Papers that were accepted and are good now.")
    vehicle_until: DateTime | None = strawberry.field(description="When the chosen vehicle's check ends.")
    created_at: DateTime = strawberry.field(description="When they applied, market time.")


@strawberry.type(description="A paper whose picture waits for a person.")
class WaitingDocument:
    """A paper to check."""

    id: strawberry.ID = strawberry.field(description="doc_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    driver_name: str = strawberry.field(description="Name.")
    kind: DocumentKind = strawberry.field(description="Which paper or certificate.")
    expires_at: DateTime = strawberry.field(description="Until when it is good, as the driver says.")
    uploaded_at: DateTime = strawberry.field(description="When the picture came, market time.")
    object_key: str = strawberry.field(description="Where the picture is in the object store.")


@strawberry.type(description="A vehicle that waits for its check.")
class WaitingVehicle:
    """A vehicle to check."""

    id: strawberry.ID = strawberry.field(description="vhc_….")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_…; null for a company's.")
    kind: Vehicle = strawberry.field(description="What it is.")
    label: str = strawberry.field(description="What the driver calls it.")
    equipment: list[str] = strawberry.field(description="Equipment, as the driver says.")
    created_at: DateTime = strawberry.field(description="When it was handed in, market time.")


@strawberry.type(
    description="What of the fleet waits for a person; each list is the longest waiting first, at most 200."
)
class FleetAttention:
    """Work for operators."""

    applicants: list[Applicant] = strawberry.field(description="Who wants to drive.", metadata=usually(10))
    documents: list[WaitingDocument] = strawberry.field(description="Papers to check.", metadata=usually(10))
    vehicles: list[WaitingVehicle] = strawberry.field(description="Vehicles to check.", metadata=usually(5))


@strawberry.type(description="The change is made, and written down with the operator's name.")
class FleetChanged:
    """A change of the fleet."""

    subject_id: strawberry.ID = strawberry.field(description="What was changed: doc_…, vhc_…, drv_… or com_….")


@strawberry.type(description="Where the picture of a paper can be looked at for two minutes, by whoever asked.")
class DocumentPicture:
    """A signed address for one operator."""

    document_id: strawberry.ID = strawberry.field(description="doc_….")
    url: str = strawberry.field(description="GET it; JPEG, needs no Authorization. Don't pass it on.")
    expires_at: DateTime = strawberry.field(description="Machine time at which the address ends.")


DocumentPictureResult = Annotated[DocumentPicture | Problem, strawberry.union("OpenDocumentResult")]
AddPictureResult = Annotated[DocumentUpload | Problem, strawberry.union("AddDocumentPictureResult")]
DocumentArgument = Annotated[strawberry.ID, strawberry.argument(description="doc_….")]
FleetResult = Annotated[FleetChanged | Problem, strawberry.union("FleetResult")]
Reason = Annotated[str, strawberry.argument(description="Why, 1 to 200 characters; the driver reads it.")]
DriverArgument = Annotated[strawberry.ID, strawberry.argument(description="drv_….")]
CompanyArgument = Annotated[strawberry.ID, strawberry.argument(description="com_….")]
RoutePrice = Annotated[
    MoneyMinor, strawberry.argument(description="What each route pays its drivers at least, minor units; 0 for none.")
]


@strawberry.type
class Query:
    """What operators see of the fleet."""

    @query(description="Papers, vehicles and applicants of a market that wait for a person. For operations.")
    async def fleet_attention(self, info: Info, market_id: MarketArgument) -> FleetAttention:
        """Reads what waits."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            found = {
                "applicants": await applicants(work, market_id=market),
                "documents": await documents_to_check(work, market_id=market),
                "vehicles": await vehicles_to_check(work, market_id=market),
            }
        return cast("FleetAttention", found)

    @query(description="Contracted companies of a market, by name, at most 500. For operations.", usual_rows=10)
    async def companies(self, info: Info, market_id: MarketArgument) -> list[Company]:
        """Reads companies."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return cast("list[Company]", await companies_of_market(work, market_id=market))


@strawberry.type
class Mutation:
    """What operators decide about the fleet. Each decision is written down with the operator's name."""

    @mutation(description="Accepts or refuses a paper, or takes back one that was accepted. For operations.")
    async def check_document(
        self,
        info: Info,
        market_id: MarketArgument,
        document_id: DocumentArgument,
        is_accepted: Annotated[bool, strawberry.argument(description="False refuses it, or takes it back.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
        good_until: Annotated[
            DateTime | None, strawberry.argument(description="Corrects until when it is good, market time.")
        ] = None,
    ) -> FleetResult:
        """Checks a paper."""
        document = from_wire("driver_document", document_id, field="documentId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            await check_document(
                work,
                document_id=document,
                market_id=market,
                operator_id=operator.id,
                is_accepted=is_accepted,
                reason=reason,
                good_until=good_until,
            )
            return document

        details = {"document": document.hex, "is_accepted": is_accepted, "reason": reason}
        details |= {"good_until": good_until.isoformat()} if good_until else {}
        return await _decide(info, "checkDocument", "driver_document", market_id, details, idempotency_key, run)

    @mutation(
        description="An address at which you can look at the picture of a paper for two minutes. That you looked is"
        " written down. For operations."
    )
    async def open_document(
        self, info: Info, market_id: MarketArgument, document_id: DocumentArgument, idempotency_key: IdempotencyKey
    ) -> DocumentPictureResult:
        """Opens a paper."""
        document = from_wire("driver_document", document_id, field="documentId")
        settings, operator = info.context.marketplace.settings, require_operator(info)

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await open_document(work, document_id=document, market_id=market)
            return document

        async def answer(work: Work, key: UUID) -> DocumentPicture:
            signer = DocumentSigner(settings.secret.get_secret_value())
            seen = signer.sign(key, operator.id, now=work.machine_now)
            return DocumentPicture(
                document_id=document_id, url=settings.public_url + seen.url_path, expires_at=seen.expires_at
            )

        return await audited(
            info,
            verb="openDocument",
            market_id=market_id,
            details={"document": document.hex},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Announces a picture of a paper that was entered by hand, and gets an address to PUT it to within"
        " ten minutes. For operations."
    )
    async def add_document_picture(
        self,
        info: Info,
        market_id: MarketArgument,
        document_id: DocumentArgument,
        content_type: Annotated[str, strawberry.argument(description="image/jpeg, image/png or image/webp.")],
        size_bytes: Annotated[int, strawberry.argument(description="1 to 10,485,760.")],
        idempotency_key: IdempotencyKey,
    ) -> AddPictureResult:
        """Announces a picture."""
        document = from_wire("driver_document", document_id, field="documentId")
        settings = info.context.marketplace.settings

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await add_document_picture(
                work, document_id=document, market_id=market, content_type=content_type, size_bytes=size_bytes
            )
            return document

        async def answer(work: Work, key: UUID) -> DocumentUpload:
            signer = UploadSigner(settings.secret.get_secret_value())
            upload = upload_of(work, document_id=key, content_type=content_type, size_bytes=size_bytes, signer=signer)
            return DocumentUpload(
                document_id=document_id, url=settings.public_url + upload.url_path, expires_at=upload.expires_at
            )

        return await audited(
            info,
            verb="addDocumentPicture",
            market_id=market_id,
            details={"document": document.hex, "content_type": content_type, "size_bytes": size_bytes},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Enters a paper that was shown in person: accepted at once; addDocumentPicture keeps a picture of"
        " it. For operations."
    )
    async def enter_document(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: DriverArgument,
        kind: Annotated[DocumentKind, strawberry.argument(description="Which paper or certificate.")],
        good_until: Annotated[DateTime, strawberry.argument(description="Until when it is good, market time.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Enters a paper."""
        driver = from_wire("driver", driver_id, field="driverId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            return await enter_document(
                work,
                driver_id=driver,
                market_id=market,
                kind=kind,
                operator_id=operator.id,
                reason=reason,
                good_until=good_until,
            )

        details = {"driver": driver.hex, "kind": kind.value, "reason": reason, "good_until": good_until.isoformat()}
        return await _decide(info, "enterDocument", "driver_document", market_id, details, idempotency_key, run)

    @mutation(
        description="Takes in a vehicle of a company, which then waits for its check; any of the company's drivers may"
        " choose it. At most 500 for each company. For operations."
    )
    async def add_company_vehicle(
        self,
        info: Info,
        market_id: MarketArgument,
        company_id: CompanyArgument,
        kind: Annotated[Vehicle, strawberry.argument(description="What it is.")],
        label: Annotated[str, strawberry.argument(description="What to call it, 1 to 40 characters; no number plate.")],
        equipment: Annotated[list[str], strawberry.argument(description="Such as COLD_BOX, HAND_TRUCK, STRAPS.")],
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Adds a company's vehicle."""
        company = from_wire("company", company_id, field="companyId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            return await add_company_vehicle(
                work, company_id=company, market_id=market, kind=kind, label=label, equipment=equipment
            )

        details = {"company": company.hex, "kind": kind.value, "label": label, "equipment": equipment}
        return await _decide(info, "addCompanyVehicle", "vehicle", market_id, details, idempotency_key, run)

    @mutation(description="Takes a vehicle out for good; whoever has chosen it needs another one. For operations.")
    async def retire_vehicle(
        self,
        info: Info,
        market_id: MarketArgument,
        vehicle_id: Annotated[strawberry.ID, strawberry.argument(description="vhc_….")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Retires a vehicle."""
        vehicle = from_wire("vehicle", vehicle_id, field="vehicleId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            await retire_vehicle(work, vehicle_id=vehicle, market_id=market, operator_id=operator.id, reason=reason)
            return vehicle

        details = {"vehicle": vehicle.hex, "reason": reason}
        return await _decide(info, "retireVehicle", "vehicle", market_id, details, idempotency_key, run)

    @mutation(description="Says whether a vehicle and its equipment are in order, and until when. For operations.")
    async def check_vehicle(
        self,
        info: Info,
        market_id: MarketArgument,
        vehicle_id: Annotated[strawberry.ID, strawberry.argument(description="vhc_….")],
        is_passed: Annotated[bool, strawberry.argument(description="Whether it may be driven with.")],
        equipment: Annotated[
            list[str], strawberry.argument(description="What was found in it, such as COLD_BOX, or ELECTRIC_DRIVE.")
        ],
        good_until: Annotated[DateTime, strawberry.argument(description="When to look again, market time.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
        pallet_places: Annotated[int, strawberry.argument(description="Pallets that stand in it, 0 to 40.")] = 0,
    ) -> FleetResult:
        """Checks a vehicle."""
        vehicle = from_wire("vehicle", vehicle_id, field="vehicleId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            await check_vehicle(
                work,
                vehicle_id=vehicle,
                market_id=market,
                operator_id=operator.id,
                is_passed=is_passed,
                reason=reason,
                good_until=good_until,
                equipment=equipment,
                pallet_places=pallet_places,
            )
            return vehicle

        details = {"vehicle": vehicle.hex, "is_passed": is_passed, "equipment": equipment, "reason": reason}
        details["pallet_places"] = pallet_places
        details["good_until"] = good_until.isoformat()
        return await _decide(info, "checkVehicle", "vehicle", market_id, details, idempotency_key, run)

    @mutation(description="Takes an applicant on, whose papers are all accepted. For operations.")
    async def approve_driver(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: DriverArgument,
        reason: Reason,
        idempotency_key: IdempotencyKey,
        contract_kind: Annotated[
            ContractKind, strawberry.argument(description="On what terms.")
        ] = ContractKind.CROWDSOURCED,
        company_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="com_… of a contracted driver's company.")
        ] = None,
    ) -> FleetResult:
        """Approves."""
        driver = from_wire("driver", driver_id, field="driverId")
        company = from_wire("company", company_id, field="companyId") if company_id else None

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await approve_driver(
                work, driver_id=driver, market_id=market, contract_kind=contract_kind, company_id=company
            )
            return driver

        details = {"driver": driver.hex, "contract_kind": contract_kind.value, "reason": reason}
        details |= {"company": company.hex} if company else {}
        return await _decide(info, "approveDriver", "driver", market_id, details, idempotency_key, run)

    @mutation(description="Lets an approved driver with a vehicle that has passed its check drive. For operations.")
    async def activate_driver(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: DriverArgument,
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Activates."""
        driver = from_wire("driver", driver_id, field="driverId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await activate_driver(work, driver_id=driver, market_id=market)
            return driver

        details = {"driver": driver.hex, "reason": reason}
        return await _decide(info, "activateDriver", "driver", market_id, details, idempotency_key, run)

    @mutation(description="Agrees hours with a dedicated or contracted driver. For operations.")
    async def plan_shift(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: DriverArgument,
        starts_at: Annotated[DateTime, strawberry.argument(description="Market time.")],
        ends_at: Annotated[DateTime, strawberry.argument(description="Market time, at most 16 hours later.")],
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Plans a shift."""
        driver = from_wire("driver", driver_id, field="driverId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await plan_shift_of(work, driver_id=driver, market_id=market, starts_at=starts_at, ends_at=ends_at)
            return driver

        details = {"driver": driver.hex, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        return await _decide(info, "planShift", "driver", market_id, details, idempotency_key, run)

    @mutation(description="Takes in a company whose own drivers drive for the market. For operations.")
    async def add_company(
        self,
        info: Info,
        market_id: MarketArgument,
        name: Annotated[str, strawberry.argument(description="1 to 80 characters.")],
        route_minor: RoutePrice,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Adds a company."""

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            return await add_company(work, market_id=market, name=name, route_minor=int(route_minor))

        details = {"name": name, "route_minor": int(route_minor)}
        return await _decide(info, "addCompany", "company", market_id, details, idempotency_key, run)

    @mutation(description="Lets a person see a company's drivers, routes and pay. For operations.")
    async def add_dispatcher(
        self,
        info: Info,
        market_id: MarketArgument,
        company_id: CompanyArgument,
        name: Annotated[str, strawberry.argument(description="1 to 80 characters.")],
        email: Annotated[str, strawberry.argument(description="They sign in with it.")],
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Adds a dispatcher; the audit keeps no name."""
        company = from_wire("company", company_id, field="companyId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await add_dispatcher(work, company_id=company, market_id=market, name=name, email=email)
            return company

        details = {"company": company.hex}
        return await _decide(
            info, "addDispatcher", "company", market_id, details, idempotency_key, run, more={"email": email}
        )

    @mutation(description="Agrees what each route pays a company's drivers at least, from now on. For operations.")
    async def set_company_terms(
        self,
        info: Info,
        market_id: MarketArgument,
        company_id: CompanyArgument,
        route_minor: RoutePrice,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Sets terms."""
        company = from_wire("company", company_id, field="companyId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await set_company_terms(work, company_id=company, market_id=market, route_minor=int(route_minor))
            return company

        details = {"company": company.hex, "route_minor": int(route_minor)}
        return await _decide(info, "setCompanyTerms", "company", market_id, details, idempotency_key, run)

    @mutation(description="Ends the work with a company: its drivers get no new offers. For operations.")
    async def end_company(
        self,
        info: Info,
        market_id: MarketArgument,
        company_id: CompanyArgument,
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> FleetResult:
        """Ends a company."""
        company = from_wire("company", company_id, field="companyId")

        async def run(work: Work, market: UUID, _operator: Principal) -> UUID:
            await end_company(work, company_id=company, market_id=market)
            return company

        details = {"company": company.hex, "reason": reason}
        return await _decide(info, "endCompany", "company", market_id, details, idempotency_key, run)


async def _decide(
    info: Info,
    verb: str,
    noun: str,
    market_id: str,
    details: dict[str, Any],
    key: str,
    run: Callable[[Work, UUID, Principal], Awaitable[UUID]],
    *,
    more: Mapping[str, Any] | None = None,
) -> FleetResult:
    """Makes one audited change of a market's fleet; `more` tells two changes apart without being kept."""
    if "reason" in details and not 1 <= len(details["reason"].strip()) <= LONGEST_REASON:
        raise Invalid(f"say why in 1 to {LONGEST_REASON} characters", field="reason")

    async def answer(_work: Work, subject: UUID) -> FleetChanged:
        return FleetChanged(subject_id=strawberry.ID(to_wire(noun, subject)))

    return await audited(
        info,
        verb=verb,
        market_id=market_id,
        details=details,
        idempotency_key=key,
        run=run,
        answer=answer,
        more=more,
    )
