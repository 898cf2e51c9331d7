"""A delivery into a rural zone goes on a served day: its own one, or the next; whoever names another is told which."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.batches import (
    BadDelivery,
    LocalWindow,
    PostBatch,
    PromiseActor,
    QuoteBatch,
    QuoteResult,
    UnservedDay,
    change_promise,
)
from marketplace.batches.served_day import Origin, served_windows
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.window import Window
from marketplace.core.work import Works
from marketplace.hubs import DayHours, Opening
from marketplace.markets.models import Market
from marketplace.rural import rural_zone_of
from marketplace.shippers import ServiceLevel, Tier
from marketplace.shippers.models import Shipper
from tests.builders import HOME_PLACE, HUB_PLACE, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order
from tests.marketplace.batches.test_place_address import SureGeocoder, post_address
from tests.marketplace.rural.zones import make_zone, terms

SANTIAGO = "America/Santiago"
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday, noon in Santiago."""
OPEN = replace(order("a"), pickup_window=None, dropoff_window=None)
HUB = Origin(place=HUB_PLACE, opening=Opening(), time_zone=SANTIAGO, is_hub=True)
PLACE = replace(HUB, is_hub=False)
NEXT_DAY = ServiceLevel(tier=Tier.NEXT_DAY, cutoff=time(18))
THURSDAY = LocalWindow(opens=datetime(2026, 3, 5, 10), closes=datetime(2026, 3, 5, 12))


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "level", "moment", "day"),
    [
        ((4,), None, NOON, 5),
        ((4,), NEXT_DAY, NOON, 5),
        ((1, 4), None, NOON, 5),  # the cut-off of Monday was on Sunday evening
        ((3,), NEXT_DAY, utc(3, 23), 11),  # late for the tier and for the zone's Wednesday
        ((4,), None, utc(4, 21), 5),
        ((4,), None, utc(4, 21, 1), 12),
    ],
)
def test_what_names_no_window_gets_the_hours_of_the_next_served_day(
    days: tuple[int, ...], level: ServiceLevel | None, moment: datetime, day: int
) -> None:
    promised = served_windows(terms(days=days), level, OPEN, origin=HUB, now=moment)

    assert promised.dropoff == Window(utc(day, 12), utc(day, 21))
    assert promised.pickup == Window(utc(day, 10), utc(day, 21))


def test_a_hub_that_is_closed_on_a_served_day_sends_on_the_next() -> None:
    closed = Opening(hours=tuple(DayHours(day=day, opens=time(8), closes=time(20)) for day in (1, 2)))

    promised = served_windows(terms(days=(2, 4)), None, OPEN, origin=replace(HUB, opening=closed), now=utc(3, 22))

    assert promised.dropoff.opens_at == utc(10, 12)
    with pytest.raises(UnservedDay, match="on none of the next such days"):
        served_windows(terms(), None, OPEN, origin=replace(HUB, opening=closed), now=NOON)


@pytest.mark.parametrize(
    ("day", "hours", "moment", "says"),
    [
        (4, 2, NOON, "Limarí is served on Thursdays; the next served day is 2026-03-05"),
        (5, 2, utc(4, 22), "the next served day is 2026-03-12"),
        (5, 24, NOON, "the next served day is 2026-03-05"),
        (5, 1, NOON, "at least 120 minutes wide"),
    ],
)
def test_a_window_off_the_served_days_is_refused_with_the_next_one(
    day: int, hours: int, moment: datetime, says: str
) -> None:
    opens = datetime(2026, 3, day, 10)
    row = replace(OPEN, dropoff_window=LocalWindow(opens=opens, closes=opens + timedelta(hours=hours)))

    with pytest.raises(UnservedDay, match=says) as refused:
        served_windows(terms(window_s=7_200), None, row, origin=HUB, now=moment)

    assert refused.value.field == "dropoffWindow"


def test_what_lies_at_a_hub_waits_there_and_elsewhere_somebody_has_to_give_it_out() -> None:
    today = LocalWindow(opens=datetime(2026, 3, 2, 13), closes=datetime(2026, 3, 2, 15))
    row = replace(OPEN, pickup_window=today, dropoff_window=THURSDAY)

    assert served_windows(terms(), None, row, origin=HUB, now=NOON).pickup == Window(utc(2, 16), utc(5, 15))
    with pytest.raises(BadDelivery) as refused:
        served_windows(terms(), None, row, origin=PLACE, now=NOON)
    assert refused.value.field == "pickupWindow"


async def world(works: Works, **zone: Any) -> tuple[Market, Shipper, UUID]:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        await make_zone(work, market.id, **zone)
    return market, shipper, hub.id


async def quote(works: Works, market: Market, shipper: Shipper, *rows: Any) -> QuoteResult:
    found = await run_errand(
        works, QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=rows)
    )
    assert found is not None
    return found


async def row_of(works: Works, delivery_id: UUID | None) -> asyncpg.Record:
    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", delivery_id)
    assert row is not None
    return row


async def test_a_quote_says_the_day_and_the_surcharge_and_is_charged_as_it_says(
    works: Works, clock: ManualClock
) -> None:
    market, shipper, hub_id = await world(works, surcharge_basis_points=1_000)
    asked = [
        replace(OPEN, external_id="open", hub_id=hub_id),
        order("today", hub_id=hub_id),
        replace(order("in town", hub_id=hub_id), dropoff=replace(OPEN.dropoff, point=HUB_PLACE)),
    ]
    quoted = await quote(works, market, shipper, *asked)
    clock.advance(seconds=60)
    async with works.open() as work:
        await make_zone(work, market.id, surcharge_minor=9_999, days=(5,))

    posted = await run_errand(
        works, PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quoted.quote_id)
    )

    assert posted is not None
    [far, near] = quoted.rows
    otherwise = far["price_minor"] - far["rural"]["surcharge_minor"]
    rule = "rural_zone:limari:1:surcharge"
    assert near["rural"] is None
    assert [(line["amount_minor"], line["rule"]) for line in far["lines"] if line["code"] == "zone"] == [
        (2_000, rule),
        (far["rural"]["surcharge_minor"] - 2_000, rule),
    ]
    assert abs(far["rural"]["surcharge_minor"] - 2_000 - otherwise / 10) <= 1
    assert (far["rural"]["day"], far["rural"]["rule"]) == ("2026-03-05", rule)
    assert [(one.external_id, one.code) for one in quoted.problems] == [("today", "UNSERVED_DAY")]
    kept = await row_of(works, posted.rows[0].delivery_id)
    assert (kept["price_minor"], kept["zone_minor"]) == (far["price_minor"], far["rural"]["surcharge_minor"])
    assert (kept["dropoff_opens_at"], kept["plan_after"]) == (utc(5, 12), utc(5, 9))
    assert (await row_of(works, posted.rows[1].delivery_id))["rural_zone_id"] is None


async def test_a_zone_that_is_withdrawn_or_not_in_force_yet_asks_nothing(works: Works) -> None:
    market, shipper, hub_id = await world(works)
    async with works.open() as work:
        await make_zone(work, market.id, is_served=False)
        withdrawn = await rural_zone_of(work, market_id=market.id, place=HOME_PLACE)

    quoted = await quote(works, market, shipper, order("today", hub_id=hub_id))

    assert withdrawn is None
    assert [row["rural"] for row in quoted.rows] == [None]


async def test_a_promise_changes_to_served_days_only_and_its_own_day_stays_possible(
    works: Works, clock: ManualClock
) -> None:
    market, shipper, hub_id = await world(works)
    errand = PostBatch(
        router=ROUTER,
        gate=check_credit,
        shipper_id=shipper.id,
        market_id=market.id,
        requests=[replace(OPEN, hub_id=hub_id)],
    )
    posted = await run_errand(works, errand)
    assert posted is not None
    delivery_id = posted.rows[0].delivery_id
    assert delivery_id is not None

    async def promise(opens_at: datetime) -> None:
        async with works.open() as work:
            await change_promise(
                work,
                delivery_id=delivery_id,
                opens_at=opens_at,
                closes_at=opens_at + timedelta(hours=2),
                actor=PromiseActor.RECIPIENT,
            )

    with pytest.raises(UnservedDay, match="the next served day is 2026-03-05"):
        await promise(utc(6, 14))
    clock.advance(seconds=2.5 * 86_400)  # past the cut-off of Thursday
    await promise(utc(5, 14))
    with pytest.raises(UnservedDay, match="2026-03-12"):
        await promise(utc(6, 14))
    own = await row_of(works, delivery_id)
    assert (own["dropoff_opens_at"], own["plan_after"]) == (utc(5, 14), utc(5, 9))


async def test_an_address_that_turns_out_to_be_rural_goes_on_the_next_served_day_and_costs_more(works: Works) -> None:
    plain, posted = await post_address(works), await post_address(works)
    async with works.open() as work:
        zone_id = await make_zone(work, posted.market.id)

    for one in (plain, posted):
        await one.place(SureGeocoder())

    row = await posted.row()
    assert (row["rural_zone_id"], row["zone_minor"]) == (zone_id, 2_000)
    assert row["price_minor"] == (await plain.row())["price_minor"] + 2_000
    assert (row["dropoff_opens_at"], row["plan_after"]) == (utc(5, 12), utc(5, 9))
    async with works.open() as work:
        told = await work.fetch_value("SELECT payload ->> 'actor' FROM event WHERE name = 'WindowChanged'")
    assert told == "MARKET"
