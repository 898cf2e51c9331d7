"""Who comes to a dock comes by appointment: held for a while, booked with the batch, free again when it is off."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.attention import needs_attention
from marketplace.batches import CancelReason, DeliveryRequest, PackageRequest, QuoteBatch, book_slot, cancel_delivery
from marketplace.batches.appointments import NotAtDock
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.docks import BadDock, DockFacts, NotASlot, SlotFull, UnknownDock, dock_slots, hold_slot, set_dock
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import HOME_PLACE, make_hub, make_market, make_shipper
from tests.conftest import NOW
from tests.marketplace.batches.orders import order
from tests.marketplace.batches.test_post import post

GATE = DockFacts(code="gate", place=HOME_PLACE, opens="08:00", closes="18:00", slot_s=3_600, places=1, tolerance_s=900)


class Plant:
    """A consignee with a gate, and a shipper who delivers there."""

    def __init__(self, works: Works, market: Market, shipper: Shipper, hub: Hub) -> None:
        self.works, self.market, self.shipper, self.hub = works, market, shipper, hub
        self.mine: dict[str, Any] = {"market_id": market.id, "shipper_id": shipper.id}

    async def hold(self, number: int = 0) -> UUID:
        """Holds the next slot but so many."""
        async with self.works.open() as work:
            row = await hold_slot(work, **self.mine, code="gate", opens_at=await self.opens(work, number))
        held: UUID = row["id"]
        return held

    async def opens(self, work: Work, number: int = 0) -> datetime:
        """When that slot opens."""
        slots = await dock_slots(work, **self.mine, code="gate", day=NOW.date())
        return slots[number].opens_at

    async def left(self, number: int = 0) -> int:
        """Places left in that slot."""
        async with self.works.open() as work:
            return (await dock_slots(work, **self.mine, code="gate", day=NOW.date()))[number].places_left

    def row(self, name: str, appointment_id: UUID, **changes: Any) -> DeliveryRequest:
        """A pallet for the gate."""
        pallet = PackageRequest(weight_g=400_000, length_mm=1200, width_mm=800, height_mm=1500, pallet_places=1)
        values = {"packages": [pallet], "dropoff_window": None, "dropoff_appointment_id": appointment_id} | changes
        return order(name, hub_id=self.hub.id, **values)


async def plant(works: Works, facts: DockFacts = GATE) -> Plant:
    """A market with a shipper, its hub and a gate."""
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        await set_dock(work, market_id=market.id, shipper_id=shipper.id, facts=facts)
    return Plant(works, market, shipper, hub)


async def test_the_slot_is_the_window_of_the_stop_and_nobody_elses(works: Works) -> None:
    gate = await plant(works)
    held = await gate.hold(1)
    with pytest.raises(SlotFull):
        await gate.hold(1)

    result = await post(works, gate.market, gate.shipper, gate.row("a-1", held))

    async with works.open() as work:
        row = await work.fetch_row("SELECT dropoff_opens_at, dropoff_closes_at FROM delivery")
        opens_at = await gate.opens(work, 1)
        state = await work.fetch_row("SELECT state, delivery_id, is_pickup FROM dock_appointment")
    assert row is not None
    assert tuple(row) == (opens_at, opens_at + timedelta(hours=1))
    assert state is not None
    assert tuple(state) == ("BOOKED", result.rows[0].delivery_id, False)
    assert (await gate.left(1), await gate.left(2)) == (0, 1)


async def test_a_hold_ends_by_itself_and_a_row_that_comes_later_is_not_posted(works: Works, clock: ManualClock) -> None:
    gate = await plant(works)
    held = await gate.hold()
    clock.advance(seconds=601)

    result = await post(works, gate.market, gate.shipper, gate.row("a-1", held))

    assert [(row.problem.code, row.problem.field) for row in result.rows if row.problem] == [
        ("APPOINTMENT_GONE", "dropoffAppointmentId")
    ]
    assert await gate.left() == 1
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 0


async def test_one_place_is_taken_for_one_row_and_only_at_its_dock(works: Works) -> None:
    gate = await plant(works)
    first, second = await gate.hold(), await gate.hold(1)
    elsewhere = order("x").dropoff
    far = Point(lat=HOME_PLACE.lat + 0.01, lon=HOME_PLACE.lon)

    result = await post(
        works,
        gate.market,
        gate.shipper,
        gate.row("a-1", first),
        gate.row("a-2", first),
        gate.row("a-3", second, dropoff=type(elsewhere)(point=far, address="Another street 1")),
    )

    assert [row.problem.code if row.problem else "posted" for row in result.rows] == [
        "posted",
        "APPOINTMENT_GONE",
        NotAtDock.code,
    ]


async def test_a_quote_keeps_the_appointment_until_it_is_posted(works: Works) -> None:
    gate = await plant(works)
    held = await gate.hold()

    quoted = await run_errand(
        works,
        QuoteBatch(
            router=StraightLineRouter(),
            shipper_id=gate.shipper.id,
            market_id=gate.market.id,
            requests=[gate.row("a-1", held)],
        ),
    )

    assert quoted is not None
    assert (len(quoted.rows), quoted.problems, quoted.rows[0]["pallet_places"]) == (1, [], 1)


async def test_what_is_called_off_frees_its_place(works: Works) -> None:
    gate = await plant(works)
    result = await post(works, gate.market, gate.shipper, gate.row("a-1", await gate.hold()))
    delivery_id = result.rows[0].delivery_id
    assert delivery_id is not None

    async with works.open() as work:
        await cancel_delivery(
            work, shipper_id=gate.shipper.id, delivery_id=delivery_id, reason=CancelReason.SHIPPER_REQUESTED
        )

    assert await gate.left() == 1


async def test_who_misses_the_slot_waits_for_a_person_until_another_is_booked(works: Works, clock: ManualClock) -> None:
    gate = await plant(works)
    result = await post(works, gate.market, gate.shipper, gate.row("a-1", await gate.hold()))
    delivery_id = result.rows[0].delivery_id
    assert delivery_id is not None
    async with works.open() as work:
        until = await gate.opens(work) + timedelta(hours=1, seconds=900)
    clock.advance(seconds=(until - clock.now).total_seconds())
    async with works.open() as work:
        in_time = [one.kind.value for one in await needs_attention(work, market_id=gate.market.id)]
    clock.advance(seconds=1)
    async with works.open() as work:
        late = [(one.kind.value, one.reason) for one in await needs_attention(work, market_id=gate.market.id)]
    later = await gate.hold(1)

    async with works.open() as work:
        mine: dict[str, Any] = {"shipper_id": gate.shipper.id, "delivery_id": delivery_id}
        await book_slot(work, **mine, appointment_id=later)
        with pytest.raises(NotFound):
            await book_slot(work, **mine, appointment_id=later)

    assert "DOCK_MISSED" not in in_time
    assert ("DOCK_MISSED", "gate") in late
    async with works.open() as work:
        states = await work.fetch("SELECT state FROM dock_appointment ORDER BY opens_at")
        assert [row["state"] for row in states] == ["RELEASED", "BOOKED"]
        assert "DOCK_MISSED" not in [one.kind.value for one in await needs_attention(work, market_id=gate.market.id)]


@pytest.mark.parametrize(
    "wrong", [{"slot_s": 599}, {"places": 0}, {"tolerance_s": 7_201}, {"opens": "8"}, {"closes": "08:30"}, {"code": ""}]
)
def test_a_dock_that_could_serve_nobody_is_refused(wrong: dict[str, Any]) -> None:
    values = {name: getattr(GATE, name) for name in DockFacts.__dataclass_fields__}

    with pytest.raises(BadDock):
        DockFacts(**values | wrong)


async def test_a_slot_is_one_of_the_docks_own_and_another_shippers_dock_looks_like_none(works: Works) -> None:
    gate = await plant(works)
    async with works.open() as work:
        other = await make_shipper(work, gate.market, name="Ferretería Beta")
        opens_at = await gate.opens(work)

        with pytest.raises(NotASlot):
            await hold_slot(work, **gate.mine, code="gate", opens_at=opens_at + timedelta(minutes=1))
        with pytest.raises(UnknownDock):
            await hold_slot(work, market_id=gate.market.id, shipper_id=other.id, code="gate", opens_at=opens_at)
        assert await work.fetch_value("SELECT count(*) FROM dock_appointment") == 0
