"""Appointments at docks: where a shipper delivers to or loads at, slot by slot."""

from datetime import date
from typing import Annotated, cast
from uuid import UUID

import strawberry

from marketplace.batches import book_slot
from marketplace.core.geo import Point
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.docks import DockFacts, dock_slots, held_slot, hold_slot, set_dock
from schema.access import require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import PointInput
from schema.problem import Problem
from schema.scalars import DateTime

DockArgument = Annotated[str, strawberry.argument(description="Its code, 1 to 60 characters, yours alone.")]


@strawberry.type(description="A slot of a dock's day.")
class DockSlot:
    """When, and how many can still come."""

    opens_at: DateTime = strawberry.field(description="First instant.")
    closes_at: DateTime = strawberry.field(description="Last instant.")
    places_left: int = strawberry.field(description="Vehicles that can still come; holds that have not expired count.")


@strawberry.type(name="DockSet", description="The dock is described like this from now on.")
class DockSetType:
    """A described dock."""

    dock: str = strawberry.field(description="Its code.")


@strawberry.type(description="A place that is held; post with its id before it expires.")
class DockSlotHeld:
    """A hold."""

    appointment_id: strawberry.ID = strawberry.field(
        description="apt_…: pickupAppointmentId or dropoffAppointmentId of one row."
    )
    opens_at: DateTime = strawberry.field(description="When the slot opens.")
    closes_at: DateTime = strawberry.field(description="When it closes.")
    expires_at: DateTime = strawberry.field(description="Until when the place is held, market time.")


@strawberry.type(description="The delivery is expected at the dock in that slot.")
class DockSlotBooked:
    """A booked appointment."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")


SetDockResult = Annotated[DockSetType | Problem, strawberry.union("SetDockResult")]
HoldDockSlotResult = Annotated[DockSlotHeld | Problem, strawberry.union("HoldDockSlotResult")]
BookDockSlotResult = Annotated[DockSlotBooked | Problem, strawberry.union("BookDockSlotResult")]


@strawberry.type
class Query:
    """What is free at docks."""

    @query(description="The slots of a dock's day that have not closed yet. For its shipper.", usual_rows=20)
    async def dock_slots(
        self,
        info: Info,
        market_id: MarketArgument,
        dock: DockArgument,
        day: Annotated[date, strawberry.argument(description="A local day.")],
    ) -> list[DockSlot]:
        """Reads slots."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        async with info.context.marketplace.works.open() as work:
            slots = await dock_slots(work, market_id=market, shipper_id=shipper.id, code=dock, day=day)
        return cast("list[DockSlot]", slots)


@strawberry.type
class Mutation:
    """Docks and their appointments."""

    @mutation(description="Describes a dock; the same code again describes it anew, and appointments stand.")
    async def set_dock(
        self,
        info: Info,
        market_id: MarketArgument,
        dock: DockArgument,
        place: Annotated[PointInput, strawberry.argument(description="Where it is.")],
        opens: Annotated[str, strawberry.argument(description="Time of day by the market's clock, such as 08:00.")],
        closes: Annotated[str, strawberry.argument(description="Time of day, after `opens`.")],
        slot_s: Annotated[int, strawberry.argument(description="Seconds of a slot, 600 to 14,400.")],
        places: Annotated[int, strawberry.argument(description="Vehicles in one slot, 1 to 100.")],
        tolerance_s: Annotated[
            int, strawberry.argument(description="Who comes so many seconds after the slot is too late, 0 to 7,200.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> SetDockResult:
        """Describes a dock."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        facts = DockFacts(
            code=dock,
            place=Point(lat=place.lat, lon=place.lon),
            opens=opens,
            closes=closes,
            slot_s=slot_s,
            places=places,
            tolerance_s=tolerance_s,
        )

        async def run(work: Work) -> str:
            await set_dock(work, market_id=market, shipper_id=shipper.id, facts=facts)
            return dock

        async def answer(_work: Work, reference: str) -> DockSetType:
            return DockSetType(dock=reference)

        return await mutate(
            info,
            operation="setDock",
            arguments={"market": market, "facts": repr(facts)},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Holds a place in a slot for ten minutes, for a row that is about to be posted.")
    async def hold_dock_slot(
        self,
        info: Info,
        market_id: MarketArgument,
        dock: DockArgument,
        opens_at: Annotated[DateTime, strawberry.argument(description="When the slot opens, as in dockSlots.")],
        idempotency_key: IdempotencyKey,
    ) -> HoldDockSlotResult:
        """Holds a place."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")

        async def run(work: Work) -> str:
            row = await hold_slot(work, market_id=market, shipper_id=shipper.id, code=dock, opens_at=opens_at)
            held: UUID = row["id"]
            return held.hex

        async def answer(work: Work, reference: str) -> DockSlotHeld:
            row = await held_slot(work, appointment_id=UUID(hex=reference), shipper_id=shipper.id)
            return DockSlotHeld(
                appointment_id=strawberry.ID(to_wire("dock_appointment", row["id"])),
                opens_at=row["opens_at"],
                closes_at=row["closes_at"],
                expires_at=row["expires_at"],
            )

        return await mutate(
            info,
            operation="holdDockSlot",
            arguments={"market": market, "dock": dock, "opens_at": opens_at.isoformat()},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Moves the hand-over of a delivery to a place that you hold at a dock: its window follows, unless"
        " it is on its way already, and its earlier place is free."
    )
    async def book_dock_slot(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        appointment_id: Annotated[strawberry.ID, strawberry.argument(description="apt_… that you hold.")],
        idempotency_key: IdempotencyKey,
    ) -> BookDockSlotResult:
        """Books another place."""
        shipper = require_shipper(info)
        delivery = from_wire("delivery", delivery_id, field="deliveryId")
        appointment = from_wire("dock_appointment", appointment_id, field="appointmentId")

        async def run(work: Work) -> str:
            await book_slot(work, shipper_id=shipper.id, delivery_id=delivery, appointment_id=appointment)
            return delivery.hex

        async def answer(_work: Work, reference: str) -> DockSlotBooked:
            return DockSlotBooked(delivery_id=strawberry.ID(to_wire("delivery", UUID(hex=reference))))

        return await mutate(
            info,
            operation="bookDockSlot",
            arguments={"delivery": delivery, "appointment": appointment},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
