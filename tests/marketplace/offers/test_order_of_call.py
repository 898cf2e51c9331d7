"""Dedicated drivers first, then contracted ones, then the crowd; or whoever costs least, where the market says so."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import orjson

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, add_company
from marketplace.offers import explain_driver
from marketplace.offers.choosing import Reachable
from marketplace.offers.order_of_call import Call, Order, call
from tests.builders import make_driver
from tests.marketplace.offers.test_choosing import TERMS, driver
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave

DEDICATED, CONTRACTED, CROWD = list(ContractKind)
RULE = Order(rule="by_rule", contracted_head_start_s=120, searched_s=0)
COST = Order(rule="by_marginal_cost", contracted_head_start_s=120, searched_s=0)


def called(found: Call) -> list[int]:
    """Numbers of those who are called, in order."""
    ranked = found.dedicated or (found.decision.ranked if found.decision else ())
    return [one.driver.driver_id.int for one in ranked]


def reached(*kinds: ContractKind) -> Sequence[Reachable]:
    """Drivers numbered from 1, each a second further away than the one before."""
    return [driver(n, kind=kind, approach_s=300 + n) for n, kind in enumerate(kinds, start=1)]


def test_by_rule_a_route_is_a_dedicated_drivers() -> None:
    assert called(call(TERMS, reached(CROWD, CONTRACTED, DEDICATED), [0], RULE)) == [3]


def test_by_rule_contracted_drivers_are_asked_alone_until_their_head_start_is_over() -> None:
    some = reached(CROWD, CONTRACTED)

    early = call(TERMS, some, [0], replace(RULE, searched_s=119))
    later = call(TERMS, some, [0], replace(RULE, searched_s=120))

    assert (called(early), [one.driver_id.int for one in early.later]) == ([2], [1])
    assert (called(later), later.later) == ([1, 2], ())


def test_nobody_waits_for_a_kind_that_has_nobody_to_ask() -> None:
    crowd, passed = driver(1), driver(2, kind=CONTRACTED, passed_minor=0)

    assert called(call(TERMS, [crowd], [0], RULE)) == [1]
    assert called(call(TERMS, [crowd, passed], [0], RULE)) == [1]


def test_by_marginal_cost_a_dedicated_driver_gets_the_route_where_that_costs_no_more() -> None:
    near, far = driver(1, kind=DEDICATED), driver(1, kind=DEDICATED, approach_s=10_000)
    crowd = driver(2)

    assert called(call(TERMS, [near, crowd], [0], COST)) == [1]
    assert called(call(TERMS, [far, crowd], [0], COST)) == [2]
    assert called(call(TERMS, [far], [0], COST)) == [1]


async def kinds_asked(work: Work, route_id: UUID) -> list[str]:
    offers = await open_offers(work, route_id)
    rows = await work.fetch("SELECT contract_kind FROM driver WHERE id = ANY($1) ORDER BY contract_kind", list(offers))
    return [row["contract_kind"] for row in rows]


async def test_waves_keep_the_order_and_say_so(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, contracted_head_start_s=60)
        contracted = await make_driver(work, world.market, kind=CONTRACTED)
    (route_id,) = world.route_ids

    await send_wave(works, route_id)

    async with works.open() as work:
        assert list(await open_offers(work, route_id)) == [contracted.id]
        told = await explain_driver(work, driver_id=world.drivers[0].id, route_id=route_id, market_id=world.market.id)
        assert [look["code"] for look in told["looks"]] == ["CALLED_LATER"]
        await work.execute("UPDATE offer SET state = 'EXPIRED', ended_at = $1", work.now)
        await work.execute("UPDATE wave SET state = 'EXHAUSTED', closed_at = $1", work.now)
    clock.advance(seconds=60)

    await send_wave(works, route_id)

    async with works.open() as work:
        assert "CROWDSOURCED" in await kinds_asked(work, route_id)


async def test_a_companys_price_is_in_its_drivers_offers_and_in_nobody_elses(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        company_id = await add_company(work, market_id=world.market.id, name="Reparto", route_minor=50_000)
        ours = await make_driver(work, world.market, kind=CONTRACTED, company_id=company_id)
        await work.execute("UPDATE market SET broadcast_fill_percent = 100")

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        offers = {row["driver_id"]: row for row in await work.fetch("SELECT * FROM offer")}
        assert offers[ours.id]["pay_minor"] == 50_000
        lines = orjson.loads(offers[ours.id]["lines"])
        assert (lines[-1]["code"], lines[-1]["rule"]) == ("company_price", "company:route_minor")
        assert sum(line["amount_minor"] for line in lines) == 50_000
        assert offers[world.drivers[0].id]["pay_minor"] < 50_000
