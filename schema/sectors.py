"""What sectors ask of deliveries, and the chain of custody of those that are handled with care."""

from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.batches import BINDING, BUNDLES, Requirement, Sector
from marketplace.core.errors import NotFound
from marketplace.core.ids import from_wire
from marketplace.routes import CustodyKind, IdentityKind, custody_of
from schema.access import require_one_of
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.scalars import DateTime


@strawberry.type(description="What a trade asks of every delivery.")
class SectorBundle:
    """A line of the published table."""

    sector: Sector = strawberry.field(description="The trade.")
    requirements: list[Requirement] = strawberry.field(
        description="What its deliveries ask for where a row says nothing else.", metadata=usually(3)
    )
    is_binding: bool = strawberry.field(description="Whether nothing of it can be waived.")


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
    occurred_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type
class Query:
    """Sectors and custody."""

    @query(description="What each sector asks for. For anybody.", usual_rows=6)
    async def sectors(self) -> list[SectorBundle]:
        """Shows the table."""
        return [
            SectorBundle(sector=sector, requirements=sorted(bundle), is_binding=sector in BINDING)
            for sector, bundle in BUNDLES.items()
        ]

    @query(
        description="The hands that a delivery went through, first one first, at most 50 links: for deliveries with"
        " CHAIN_OF_CUSTODY, TEMPERATURE_LOG or IDENTITY_CHECK. For its shipper and for operations.",
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
