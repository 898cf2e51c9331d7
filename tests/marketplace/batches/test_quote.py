"""Quoting: a price that holds, and becomes a batch once."""

from dataclasses import replace

import pytest

from marketplace.batches import PostBatch, QuoteBatch, QuoteExpired, QuoteResult, Requirement, Sector
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.shippers import set_rate_card
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order


async def world(works: Works) -> tuple[Market, Shipper, Hub]:
    async with works.open() as work:
        market = await make_market(work)
        return market, await make_shipper(work, market), await make_hub(work, market)


async def quote(works: Works, market: Market, shipper: Shipper, hub: Hub) -> QuoteResult:
    rows = [
        order("a-1", hub_id=hub.id, requirements=[Requirement.FRAGILE, Requirement.COLD]),
        order("a-2", hub_id=hub.id),
    ]
    result = await run_errand(
        works, QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=rows)
    )
    assert result is not None
    return result


async def test_a_quote_is_the_sum_of_its_lines(works: Works) -> None:
    market, shipper, hub = await world(works)

    quoted = await quote(works, market, shipper, hub)

    assert quoted.total_minor == sum(row["price_minor"] for row in quoted.rows)
    for row in quoted.rows:
        assert row["price_minor"] == sum(line["amount_minor"] for line in row["lines"])
    assert quoted.is_degraded


async def test_a_quote_says_what_each_requirement_adds(works: Works) -> None:
    market, shipper, hub = await world(works)
    async with works.open() as work:
        await set_rate_card(
            work,
            shipper_id=shipper.id,
            market_id=market.id,
            service_level="STANDARD",
            currency="CLP",
            base_minor=4_000,
            per_km_minor=0,
            per_stop_minor=0,
            minimum_minor=0,
            surcharges=[{"code": "pair", "amount_minor": 9_000, "requirement": "TWO_PERSON"}],
        )
    rows = [order("a-1", hub_id=hub.id, sector=Sector.MANUFACTURING, requirements=[Requirement.TAIL_LIFT])]

    quoted = await run_errand(
        works, QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=rows)
    )

    assert quoted is not None
    (row,) = quoted.rows
    names = ("requirement", "is_of_sector", "chooses_driver", "service_s", "surcharge_minor")
    assert [tuple(one[name] for name in names) for one in row["requirements"]] == [
        ("HEAVY", True, True, 0, 0),
        ("TAIL_LIFT", False, True, 0, 0),
        ("TWO_PERSON", True, True, 480, 9_000),
    ]
    assert (row["out_of_cold_limit_s"], row["pallet_places"], row["price_minor"]) == (None, 0, 13_000)


async def test_a_posted_quote_costs_what_it_said_whatever_the_card_says_now(works: Works) -> None:
    market, shipper, hub = await world(works)
    quoted = await quote(works, market, shipper, hub)
    async with works.open() as work:
        await set_rate_card(
            work,
            shipper_id=shipper.id,
            market_id=market.id,
            service_level="STANDARD",
            currency="CLP",
            base_minor=99_000,
            per_km_minor=0,
            per_stop_minor=0,
            minimum_minor=0,
        )

    posted = await run_errand(
        works, PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quoted.quote_id)
    )

    assert posted is not None
    async with works.open() as work:
        total = await work.fetch_value("SELECT sum(price_minor) FROM delivery WHERE batch_id = $1", posted.batch_id)
        versions = await work.fetch("SELECT DISTINCT rate_card_version FROM delivery")
        assert total == quoted.total_minor
        assert [row[0] for row in versions] == [1]


async def test_a_quote_posted_twice_is_one_batch(works: Works, clock: ManualClock) -> None:
    market, shipper, hub = await world(works)
    quoted = await quote(works, market, shipper, hub)
    errand = PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quoted.quote_id)
    first = await run_errand(works, errand)
    clock.advance(seconds=3600)

    again = await run_errand(works, errand)

    assert first is not None
    assert again is not None
    assert again.batch_id == first.batch_id
    assert [row.delivery_id for row in again.rows] == [row.delivery_id for row in first.rows]


async def test_an_expired_quote_is_refused(works: Works, clock: ManualClock) -> None:
    market, shipper, hub = await world(works)
    quoted = await quote(works, market, shipper, hub)
    clock.advance(seconds=15 * 60)

    with pytest.raises(QuoteExpired):
        await run_errand(
            works, PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quoted.quote_id)
        )


async def test_somebody_elses_quote_does_not_exist(works: Works) -> None:
    market, shipper, hub = await world(works)
    quoted = await quote(works, market, shipper, hub)
    async with works.open() as work:
        stranger = await make_shipper(work, market)

    with pytest.raises(NotFound):
        await run_errand(
            works, PostBatch(router=ROUTER, gate=check_credit, shipper_id=stranger.id, quote_id=quoted.quote_id)
        )


def test_the_digest_of_a_row_ignores_the_order_of_requirements() -> None:
    row = order("a-1", requirements=[Requirement.COLD, Requirement.FRAGILE])

    assert row.digest == replace(row, requirements=[Requirement.FRAGILE, Requirement.COLD]).digest
    assert row.digest != replace(row, instructions="ring twice").digest
