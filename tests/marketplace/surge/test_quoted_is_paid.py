"""One busy hour from quote to wallet: the shipper pays what was quoted, the driver gets what was offered."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from marketplace.analytics import surge_figures
from marketplace.batches import PostBatch, QuoteBatch, QuoteExpired
from marketplace.batches.models import Delivery
from marketplace.billing import accrue_delivery, check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.ids import RouteId, to_wire
from marketplace.core.work import Works
from marketplace.ledger import DELIVERY_REVENUE, DRIVER_PAY, PEAK_BONUS, balance_of, check_ledger
from marketplace.offers import accept_offer
from marketplace.payouts import issue_statement, recompute_statement
from tests.builders import make_route
from tests.marketplace.batches.orders import ROUTER, order
from tests.marketplace.offers.worlds import open_offers, send_wave
from tests.marketplace.surge.worlds import BusyWorld, make_busy_world, surge_now, tick

DRIVEN = """
UPDATE route SET state = 'COMPLETED', started_at = accepted_at, ended_at = accepted_at + interval '20 minutes'
WHERE id = $1
"""
VISITED = """
UPDATE stop SET state = 'COMPLETED', arrived_at = $2::timestamptz + place * interval '10 minutes',
                ended_at = $2::timestamptz + place * interval '10 minutes' + interval '60 seconds'
WHERE route_id = $1
"""


async def quote(works: Works, world: BusyWorld, *references: str) -> Any:
    rows = [order(reference, hub_id=world.hub.id) for reference in references]
    asked = QuoteBatch(router=ROUTER, shipper_id=world.shipper.id, market_id=world.market.id, requests=rows)
    return await run_errand(works, asked)


async def post(works: Works, world: BusyWorld, quote_id: Any) -> Any:
    asked = PostBatch(router=ROUTER, gate=check_credit, shipper_id=world.shipper.id, quote_id=quote_id)
    return await run_errand(works, asked)


async def test_a_quote_keeps_its_surcharge_when_surge_has_ended_since(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 2)
    surge = await surge_now(works, world)
    quoted = await quote(works, world, "a-1")
    (line,) = [line for line in quoted.rows[0]["lines"] if line["code"] == "surge"]
    clock.advance(seconds=840)
    assert (await surge_now(works, world)).decision_id is None

    posted = await post(works, world, quoted.quote_id)

    assert surge.decision_id is not None
    assert line["rule"] == f"surge:{to_wire('surge', surge.decision_id)}"
    assert line["rate_minor"] == surge.surcharge_basis_points == 2000
    plain = quoted.total_minor - line["amount_minor"]
    assert line["amount_minor"] == round(plain * 0.2)
    async with works.open() as work:
        row = await work.fetch_row(
            "SELECT price_minor, surge_minor, surge_decision_id FROM delivery WHERE id = $1", posted.rows[0].delivery_id
        )
        assert row is not None
        assert tuple(row) == (quoted.total_minor, line["amount_minor"], surge.decision_id)


async def test_an_expired_quote_takes_a_new_one_at_the_surge_of_then(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 2)
    dear = await quote(works, world, "a-1")
    clock.advance(seconds=960)

    with pytest.raises(QuoteExpired):
        await post(works, world, dear.quote_id)
    plain = await quote(works, world, "a-1")

    assert [line["code"] for line in plain.rows[0]["lines"] if line["code"] == "surge"] == []
    assert plain.total_minor == round(dear.total_minor / 1.2)


async def test_what_was_quoted_and_offered_is_what_is_charged_and_paid(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 2)
    surge = await surge_now(works, world)
    quoted = await quote(works, world, "a-1", "a-2")
    posted = await post(works, world, quoted.quote_id)
    async with works.open() as work:
        deliveries = [await Delivery.get(id=row.delivery_id, using_db=work.db) for row in posted.rows]
        route, _ = await make_route(work, world.market, deliveries)

    assert await send_wave(works, route.id) == 1

    assert surge.decision_id is not None
    bearer = "borne_by_shippers"
    async with works.open() as work:
        ((driver_id, offer_id),) = (await open_offers(work, route.id)).items()
        offer = await work.fetch_row("SELECT pay_minor, lines FROM offer WHERE id = $1", offer_id)
        assert offer is not None
        (bonus,) = [line for line in orjson.loads(offer["lines"]) if line["code"] == "bonus"]
        assert bonus["amount_minor"] == 2 * surge.driver_bonus_minor == 1200
        assert bonus["rule"] == f"surge:{to_wire('surge', surge.decision_id)}:{bearer}"
    clock.advance(seconds=30)
    async with works.open() as work:
        await work.execute("UPDATE market SET surge_bonus_cap_minor = 0, surge_budget_minor = 0")
        await accept_offer(work, offer_id=offer_id, driver_id=driver_id)
        await work.execute(DRIVEN, route.id)
        await work.execute(VISITED, route.id, work.now + timedelta(minutes=1))

        statement_id = await issue_statement(work, route_id=RouteId(route.id))

        kept = await work.fetch_row("SELECT total_minor, lines FROM pay_statement WHERE id = $1", statement_id)
        assert kept is not None
        assert kept["total_minor"] >= offer["pay_minor"]
        assert [line for line in orjson.loads(kept["lines"]) if line["code"] == "bonus"] == [bonus]
        assert await recompute_statement(work, statement_id=statement_id)
        in_market: dict[str, Any] = {"market_id": world.market_id, "currency": "CLP"}
        assert (await balance_of(work, account=PEAK_BONUS, **in_market)).minor == 1200
        assert (await balance_of(work, account=DRIVER_PAY, **in_market)).minor == kept["total_minor"] - 1200
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE route_id = $1", route.id)
        for row in posted.rows:
            await accrue_delivery(work, delivery_id=row.delivery_id)

        assert (await balance_of(work, account=DELIVERY_REVENUE, **in_market)).minor == quoted.total_minor
        assert (await check_ledger(work, market_id=world.market_id)).is_sound
        surcharges_minor = sum(
            line["amount_minor"] for row in quoted.rows for line in row["lines"] if line["code"] == "surge"
        )
        figures = await surge_figures(work, market_id=world.market_id, begins=world.market.created_at, ends=work.now)
        assert (figures.routes_promised, figures.promised_minor, figures.paid_minor) == (1, 1200, 1200)
        assert figures.surcharges_minor == surcharges_minor
        assert figures.borne_by_shippers_minor == min(1200, surcharges_minor)
        assert figures.borne_by_platform_minor == 1200 - figures.borne_by_shippers_minor
