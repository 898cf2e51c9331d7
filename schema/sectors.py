"""What sectors ask of deliveries, and the chain of custody of those that are handled with care."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal, PrincipalKind
from marketplace.batches import BINDING, BUNDLES, OUT_OF_COLD_S, Requirement, Sector
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.routes import CustodyKind, IdentityKind, custody_of, settle_cold_breach
from schema.access import require_one_of
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutation
from schema.problem import Problem
from schema.scalars import DateTime


@strawberry.type(description="What a trade asks of every delivery.")
class SectorBundle:
    """A line of the published table."""

    sector: Sector = strawberry.field(description="The trade.")
    requirements: list[Requirement] = strawberry.field(
        description="What its deliveries ask for where a row says nothing else.", metadata=usually(3)
    )
    is_binding: bool = strawberry.field(description="Whether nothing of it can be waived.")
    out_of_cold_limit_s: int | None = strawberry.field(
        description="How long its deliveries may be out of the cold in all, seconds, where a row names no limit."
    )


@strawberry.type(description="A parcel changed hands; such a link is never changed.")
class CustodyLink:
    """One hand-over."""

    number: int = strawberry.field(description="Counts the links from 1.")
    kind: CustodyKind = strawberry.field(description="From whom to whom.")
    route_id: strawberry.ID = strawberry.field(description="rte_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    driver_first_name: str = strawberry.field(description="The driver's first name.")
    seal: str | None = strawberry.field(description="The number of its seal.")
    temperature_dc: int | None = strawberry.field(description="Tenths of a degree Celsius.")
    identity_kind: IdentityKind | None = strawberry.field(description="Which papers the recipient has shown.")
    keeps_cold: bool | None = strawberry.field(
        description="Whether the vehicle that it went into keeps it cold; null if it went into none or nobody counts."
    )
    out_of_cold_s: int | None = strawberry.field(
        description="Seconds that it had been out of the cold by then; null where nobody counts."
    )
    occurred_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="Somebody has seen to a parcel that was too long out of the cold.")
class ColdBreachSettled:
    """A breach that waits for nobody any more."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")


SettleColdBreachResult = Annotated[ColdBreachSettled | Problem, strawberry.union("SettleColdBreachResult")]


@strawberry.type
class Query:
    """Sectors and custody."""

    @query(description="What each sector asks for. For anybody.", usual_rows=6)
    async def sectors(self) -> list[SectorBundle]:
        """Shows the table."""
        return [
            SectorBundle(
                sector=sector,
                requirements=sorted(bundle),
                is_binding=sector in BINDING,
                out_of_cold_limit_s=OUT_OF_COLD_S.get(sector),
            )
            for sector, bundle in BUNDLES.items()
        ]

    @query(
        description="The hands that a delivery went through, first one first, at most 50 links: for deliveries with"
        " CHAIN_OF_CUSTODY, TEMPERATURE_LOG or IDENTITY_CHECK, or with a limit out of the cold. For its shipper and for"
        " operations.",
        usual_rows=2,
    )
    async def custody(
        self, info: Info, delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")]
    ) -> list[CustodyLink]:
        """Reads the chain."""
        caller = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        delivery = from_wire("delivery", delivery_id, field="deliveryId")
        shipper_id = caller.id if caller.kind is PrincipalKind.SHIPPER else None
        async with info.context.marketplace.works.read() as connection:
            links = await custody_of(
                connection, delivery_id=delivery, shipper_id=shipper_id, market_id=caller.market_id
            )
        if links is None:
            raise NotFound("there is no such delivery", field="deliveryId")
        return cast("list[CustodyLink]", links)


@strawberry.type
class Mutation:
    """What operations do about parcels that are handled with care."""

    @mutation(
        description="Takes a parcel that was too long out of the cold off the queue of operations, with what was done"
        " about it; the first note stays. For operations."
    )
    async def settle_cold_breach(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        note: Annotated[str, strawberry.argument(description="What was done, 1 to 200 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> SettleColdBreachResult:
        """Settles."""
        delivery = from_wire("delivery", delivery_id, field="deliveryId")

        async def run(work: Work, market: MarketId, operator: Principal) -> UUID:
            await settle_cold_breach(
                work, delivery_id=delivery, market_id=market, operator_id=operator.operator_id, note=note
            )
            return delivery

        async def answer(_work: Work, key: UUID) -> ColdBreachSettled:
            return ColdBreachSettled(delivery_id=strawberry.ID(to_wire("delivery", key)))

        return await audited(
            info,
            verb="settleColdBreach",
            market_id=market_id,
            details={"delivery": delivery.hex, "note": note},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
