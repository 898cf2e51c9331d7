"""One row of a batch as a shipper asks for it, and what is wrong with one that was not taken."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import (
    DeliveryRequest,
    FailurePolicy,
    ItemRequest,
    Requirement,
    RowProblem,
    Sector,
)
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import from_wire
from marketplace.shippers import Tier
from marketplace.substitutions import SubstitutionRule
from schema.places import AddressInput, PackageInput, WindowInput


@strawberry.type(description="Why one row of a request was not taken. The other rows are.")
class RowProblemType:
    """A problem of one row."""

    external_id: str = strawberry.field(description="The row's own reference.")
    code: str = strawberry.field(description="Stable and made for programs.")
    message: str = strawberry.field(description="For people.")
    field: str | None = strawberry.field(description="The field at fault.")


@strawberry.input(description="So many of one of your SKUs.")
class ItemInput:
    """A line of what comes from stock."""

    sku: str = strawberry.field(description="Your code, as setSku knows it.")
    quantity: int = strawberry.field(description="1 to 1,000.")
    substitution: SubstitutionRule = strawberry.field(
        default=SubstitutionRule.NONE,
        description="What may go where the hub has run out of it: nothing, what `similar` names, or what the recipient"
        " agrees to.",
    )
    similar: list[str] = strawberry.field(
        default_factory=list, description="SKUs of yours that may go without asking, at most 5; of others none is sent."
    )

    def value(self) -> ItemRequest:
        """The line as the marketplace takes it."""
        return ItemRequest(
            sku=self.sku, quantity=self.quantity, substitution=self.substitution, similar=list(self.similar)
        )


@strawberry.input(description="One delivery as a shipper asks for it.")
class DeliveryInput:
    """A row of a quote or batch."""

    external_id: str = strawberry.field(description="Your own reference, 1 to 100 characters, unique for you.")
    dropoff: AddressInput = strawberry.field(description="Where it goes.")
    pickup_window: WindowInput | None = strawberry.field(
        default=None, description="When it can be picked up, local time; two hours before its window if left out."
    )
    dropoff_window: WindowInput | None = strawberry.field(
        default=None,
        description="When it is to be handed over, local time; leave it out with a tier but SCHEDULED, or for the next"
        " day on which a rural zone is served.",
    )
    tier: Tier | None = strawberry.field(
        default=None, description="Your tier, whose terms give the window and add to the price; see serviceLevels."
    )
    packages: list[PackageInput] = strawberry.field(
        default_factory=list,
        description="1 to 20; with `items` and none here each thing is a package, of more than 20 each kind.",
    )
    items: list[ItemInput] = strawberry.field(
        default_factory=list,
        description="At most 20 SKUs of yours that come from stock, in place of `pickup`: from the hub that serves the"
        " door cheapest, or with `hubId` from that hub alone. A tier gives their windows, or both are named.",
    )
    hub_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="hub_…: either this or `pickup`. One that is closed or full then, or too far off, refuses the row.",
    )
    pickup: AddressInput | None = strawberry.field(default=None, description="A place instead of a hub.")
    requirements: list[Requirement] = strawberry.field(
        default_factory=list, description="What it asks of driver and hand-over, at most 10."
    )
    pickup_appointment_id: strawberry.ID | None = strawberry.field(
        default=None, description="apt_… that you hold at the dock of the pickup, in place of its window."
    )
    dropoff_appointment_id: strawberry.ID | None = strawberry.field(
        default=None, description="apt_… that you hold at the dock of the drop-off, in place of its window."
    )
    sector: Sector | None = strawberry.field(
        default=None, description="Asks for all that the trade asks for, as `sectors` lists it, besides `requirements`."
    )
    waived_requirements: list[Requirement] = strawberry.field(
        default_factory=list, description="What of its sector it does without; a PHARMACY waives nothing."
    )
    out_of_cold_limit_s: int | None = strawberry.field(
        default=None,
        description="How long it may be out of the cold in all, 300 to 14,400 seconds, that of its sector if left out:"
        " from the hub to the door, but for the time in a vehicle that keeps cold. Who waives COLD has it carried in"
        " any vehicle that can keep this.",
    )
    instructions: str = strawberry.field(default="", description="For the driver, at most 500 characters.")
    service_level: str = strawberry.field(
        default="STANDARD", description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY; your rate card names yours."
    )
    priority: int = strawberry.field(default=0, description="0 to 100; higher is planned first.")
    failure_policy: FailurePolicy | None = strawberry.field(
        default=None, description="What is done where nobody takes it; yours from setFailurePolicy if left out."
    )
    hand_over_point_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="hop_… at which its recipient collects it: of `dropoff` only name and phone count then.",
    )
    max_attempts: int | None = strawberry.field(
        default=None, description="Attempts where the policy tries again, 1 to 5; yours if left out."
    )

    def value(self) -> DeliveryRequest:
        """The row as the marketplace takes it; its limits are checked there, row by row."""
        return DeliveryRequest(
            external_id=self.external_id,
            hub_id=from_wire("hub", self.hub_id, field="hubId") if self.hub_id else None,
            pickup=self.pickup.value() if self.pickup else None,
            dropoff=self.dropoff.value(),
            packages=[package.value() for package in self.packages],
            items=[item.value() for item in self.items],
            pickup_window=self.pickup_window.value() if self.pickup_window else None,
            dropoff_window=self.dropoff_window.value() if self.dropoff_window else None,
            tier=self.tier,
            requirements=list(self.requirements),
            instructions=self.instructions,
            service_level=self.service_level,
            priority=self.priority,
            failure_policy=self.failure_policy,
            max_attempts=self.max_attempts,
            sector=self.sector,
            waived=list(self.waived_requirements),
            out_of_cold_s=self.out_of_cold_limit_s,
            pickup_appointment_id=_appointment(self.pickup_appointment_id, "pickupAppointmentId"),
            dropoff_appointment_id=_appointment(self.dropoff_appointment_id, "dropoffAppointmentId"),
            hand_over_point_id=(
                from_wire("hand_over_point", self.hand_over_point_id, field="handOverPointId")
                if self.hand_over_point_id
                else None
            ),
        )


def _appointment(wire: strawberry.ID | None, field: str) -> UUID | None:
    return from_wire("dock_appointment", wire, field=field) if wire else None


MaySplit = Annotated[
    bool,
    strawberry.argument(
        description="Whether what no hub has all of may come from several: then it is several deliveries, each priced"
        " for itself. Not for rows that name their packages; with `quoteId` it is as it was quoted."
    ),
]


Rows = Annotated[list[DeliveryInput], strawberry.argument(description="1 to 1,000 deliveries.")]


def delivery_requests(deliveries: Sequence[DeliveryInput]) -> list[DeliveryRequest]:
    """Rows as the marketplace takes them; a malformed id or place names the row it stands in."""
    values = []
    for i, row in enumerate(deliveries):
        try:
            values.append(row.value())
        except (Invalid, NotFound) as refusal:
            raise type(refusal)(refusal.message, field=f"deliveries[{i}].{refusal.field}") from None
    return values


def row_problem(problem: RowProblem) -> RowProblemType:
    """What is wrong with a row, as a shipper reads it."""
    return RowProblemType(
        external_id=problem.external_id, code=problem.code, message=problem.message, field=problem.field
    )
