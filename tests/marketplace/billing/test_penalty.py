"""A broken promise of a tier gives back by the frozen terms: once, within the month's cap, and only where it was us."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.batches import AttemptFailure, DeliveryState, UnassignedReason, expire_due
from marketplace.batches.models import Batch, Delivery
from marketplace.billing import accrue_delivery
from marketplace.billing.penalty import Course, miss_of
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.hubs.models import Hub
from marketplace.ledger import SLA_CREDIT, balance_of, check_ledger
from marketplace.markets.models import Market
from marketplace.shippers import Miss, ServiceLevel, Tier, set_service_level
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper

LEVEL = ServiceLevel(
    tier=Tier.NEXT_DAY, opens=time(9), grace_s=600, late_percent=50, missed_try_percent=30, monthly_cap_minor=3_000
)


def course(**changes: Any) -> Course:
    values: dict[str, Any] = {
        "state": DeliveryState.DELIVERED, "first_failure": None, "first_late_s": 0, "late_s": 1_800.0, "waited_s": 0,
    }  # fmt: skip
    return Course(**values | changes)


ABSENT, DAMAGED = AttemptFailure.RECIPIENT_UNAVAILABLE, AttemptFailure.DAMAGED_IN_TRANSIT


@pytest.mark.parametrize(
    ("what", "missed"),
    [
        (course(), (Miss.LATE, 1_800.0)),
        (course(late_s=-60.0), None),
        # The shipper let the driver wait for half an hour.
        (course(waited_s=1_800), None),
        (course(waited_s=600), (Miss.LATE, 1_200.0)),
        # A closed door in time kept the promise, however late the next try was; one that came late found nobody.
        (course(first_failure=ABSENT, first_late_s=0), None),
        (course(first_failure=ABSENT, first_late_s=900), (Miss.LATE, 900)),
        (course(first_failure=DAMAGED), (Miss.FAILED_TRY, 0.0)),
        (course(state=DeliveryState.RETURNED), None),
        # Nobody was found in time; but no street leads there, the area was closed, or the address was never found.
        (course(state=DeliveryState.EXPIRED), (Miss.UNSERVED, 0.0)),
        (course(state=DeliveryState.EXPIRED, lacked=UnassignedReason.WINDOW), (Miss.UNSERVED, 0.0)),
        (course(state=DeliveryState.EXPIRED, lacked=UnassignedReason.OUT_OF_REACH), None),
        (course(state=DeliveryState.EXPIRED, lacked=UnassignedReason.PAUSED), None),
        (course(state=DeliveryState.EXPIRED, is_placed=False), None),
        (course(state=DeliveryState.EXPIRED, first_failure=ABSENT), None),
    ],
)
def test_only_what_was_our_doing_is_a_miss(what: Course, missed: tuple[Miss, float] | None) -> None:
    assert miss_of(what) == missed


class World:
    """Deliveries of 4,000 pesos under a tier, whose windows have closed."""

    def __init__(self, work: Work, market: Market, shipper: Shipper, hub: Hub, batch: Batch, level_id: UUID) -> None:
        self.work, self.market, self.shipper, self.hub, self.batch = work, market, shipper, hub, batch
        self.level_id = level_id

    async def delivered(self, late_s: int) -> Delivery:
        work = self.work
        return await make_delivery(
            work,
            self.market,
            self.shipper,
            self.hub,
            self.batch,
            state="DELIVERED",
            price_minor=4_000,
            tier="NEXT_DAY",
            service_level_id=self.level_id,
            dropoff_opens_at=work.now - timedelta(hours=3),
            dropoff_closes_at=work.now - timedelta(seconds=late_s),
        )

    async def bill(self, delivery: Delivery) -> list[tuple[int, str]]:
        await accrue_delivery(self.work, delivery_id=DeliveryId(delivery.id))
        rows = await self.work.fetch(
            "SELECT amount_minor, reason FROM bill_line WHERE delivery_id = $1 AND kind = 'SLA_CREDIT'", delivery.id
        )
        return [(row["amount_minor"], row["reason"]) for row in rows]


@pytest.fixture
async def world(work: Work) -> World:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    await set_service_level(work, shipper_id=shipper.id, market_id=market.id, level=LEVEL)
    level_id = await work.fetch_value("SELECT id FROM service_level")
    return World(work, market, shipper, hub, await make_batch(work, market, shipper), level_id)


async def test_a_late_delivery_gives_back_once_and_the_ledger_knows(world: World) -> None:
    late, kept = await world.delivered(1_200), await world.delivered(600)

    credited = [await world.bill(late), await world.bill(late), await world.bill(kept)]

    assert credited == [[(-2_000, "NEXT_DAY late")], [(-2_000, "NEXT_DAY late")], []]
    balance = await balance_of(world.work, market_id=world.market.id, account=SLA_CREDIT, currency="CLP")
    assert balance.minor == 2_000
    assert (await check_ledger(world.work, market_id=world.market.id)).is_sound


async def test_a_month_gives_back_no_more_than_its_cap(world: World) -> None:
    credited = [await world.bill(await world.delivered(1_200)) for _ in range(3)]

    assert credited == [[(-2_000, "NEXT_DAY late")], [(-1_000, "NEXT_DAY late")], []]


async def test_a_damaged_first_try_gives_back_by_its_own_rule(world: World) -> None:
    delivery = await world.delivered(0)
    await world.work.execute("ALTER TABLE attempt DISABLE TRIGGER ALL")
    await world.work.execute(
        "INSERT INTO attempt (id, market_id, shipper_id, delivery_id, number, route_id, stop_id, driver_id, reason,"
        " next_step, waited_s, late_s, occurred_at)"
        " VALUES ($1, $2, $3, $4, 1, $1, $1, $1, 'DAMAGED_IN_TRANSIT', 'REDELIVER', 0, 0, $5)",
        world.work.new_id(),
        world.market.id,
        world.shipper.id,
        delivery.id,
        world.work.now,
    )

    assert await world.bill(delivery) == [(-1_200, "NEXT_DAY first try failed")]


async def test_a_delivery_that_nobody_was_found_for_is_not_billed_and_gives_back_once(world: World) -> None:
    plain, waited = [
        await make_delivery(
            world.work, world.market, world.shipper, world.hub, world.batch, price_minor=4_000,
            dropoff_opens_at=world.work.now - timedelta(hours=2), dropoff_closes_at=world.work.now, **under,
        )
        for under in ({}, {"tier": "NEXT_DAY", "service_level_id": world.level_id, "unassigned_reason": "WINDOW"})
    ]  # fmt: skip
    assert await expire_due(world.work) == 2

    credited = [await world.bill(one) for one in (plain, waited, waited)]

    assert credited == [[], [(-1_200, "NEXT_DAY not served")], [(-1_200, "NEXT_DAY not served")]]
    assert await world.work.fetch_value("SELECT count(*) FROM bill_line") == 1
    assert (await check_ledger(world.work, market_id=world.market.id)).is_sound
