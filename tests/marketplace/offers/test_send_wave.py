"""Waves: who is asked, in what order, for how much."""

from datetime import timedelta
from typing import Any

import orjson

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.fleet.states import ContractKind
from marketplace.matching.acceptance import PRIOR, OfferFacts
from marketplace.offers import decline_offer, expire_due
from tests.builders import make_driver
from tests.marketplace.offers.worlds import make_model, make_world, open_offers, send_wave

FAR = Point(lat=-29.95, lon=-71.30)
PATIENT: dict[str, Any] = {"broadcast_below_ttls": 2, "broadcast_fill_percent": 95}
"""Dials as they are by default; the markets of other tests send their waves together."""


async def test_a_wave_asks_the_nearest_and_says_until_when(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, wave_size=2)
        far = await make_driver(work, world.market, place=FAR)

    assert await send_wave(works, world.route_ids[0]) == 2

    async with works.open() as work:
        offers = await open_offers(work, world.route_ids[0])
        assert set(offers) == {driver.id for driver in world.drivers}
        assert far.id not in offers
        row = await work.fetch_row("SELECT expires_at, pay_minor FROM offer WHERE id = ANY($1)", list(offers.values()))
        assert row is not None
        assert row["expires_at"] == clock.now + timedelta(seconds=60)
        # base 900 + 4 km × 180 + 1440 s × 60/min + 2 stops × 250
        assert row["pay_minor"] == 900 + 720 + 1440 + 500
        assert await work.fetch_value("SELECT state FROM route WHERE id = $1", world.route_ids[0]) == "OFFERING"
        states = await work.fetch(
            "SELECT state FROM presence WHERE driver_id = ANY($1)", [driver.id for driver in world.drivers]
        )
        assert [row["state"] for row in states] == ["OFFERED", "OFFERED"]


async def test_a_dedicated_driver_is_assigned_without_being_asked(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, kind=ContractKind.DEDICATED)
        await make_driver(work, world.market)

    assert await send_wave(works, world.route_ids[0]) == 1

    async with works.open() as work:
        row = await work.fetch_row("SELECT state, driver_id FROM route WHERE id = $1", world.route_ids[0])
        assert row is not None
        assert (row["state"], row["driver_id"]) == ("ASSIGNED", world.drivers[0].id)
        assert await work.fetch_value("SELECT count(*) FROM offer") == 0


async def test_at_equal_distance_contracted_drivers_are_asked_before_the_crowd(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, **PATIENT)
        partner = await make_driver(work, world.market, kind=ContractKind.CONTRACTED)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        assert set(await open_offers(work, world.route_ids[0])) == {partner.id}


async def test_the_crowd_is_asked_before_contracted_drivers_where_it_is_cheaper(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, **PATIENT)
        await make_driver(work, world.market, kind=ContractKind.CONTRACTED, place=FAR)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        assert set(await open_offers(work, world.route_ids[0])) == {world.drivers[0].id}


async def test_a_route_that_can_wait_is_offered_to_one_driver_at_a_time(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=6, wave_size=5, **PATIENT)

    assert await send_wave(works, world.route_ids[0]) == 1


async def test_a_route_that_cannot_wait_goes_to_as_many_as_make_a_yes_likely(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=8, wave_size=6, **PATIENT)
    # The last window closes three hours after posting, 24 minutes after the planned beginning of its stop; two answer
    # times are two minutes.
    clock.advance(seconds=(3 * 60 - 24 + 10 - 2) * 60)

    assert (
        await send_wave(works, world.route_ids[0]) == 3
    )  # 0.67 of those who are at the hub say yes: 1 - 0.33 ** 3 > 0.95

    async with works.open() as work:
        row = await work.fetch_row("SELECT outcome, slack_s FROM choice")
        assert row is not None
        assert (row["outcome"], row["slack_s"]) == ("BROADCAST", 120)


async def test_a_broadcast_is_never_larger_than_the_market_wants(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=8, wave_size=2, **PATIENT)
    clock.advance(seconds=3 * 3600)

    assert await send_wave(works, world.route_ids[0]) == 2


async def test_an_offer_keeps_what_was_thought_of_its_chances(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, **PATIENT)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        row = await work.fetch_row("SELECT facts, accept_prob, model_version FROM offer")
        assert row is not None
        # 3,560 for 24 minutes against 4,530 for the usual 30; at the hub, three stops, noon in Chile
        assert orjson.loads(row["facts"]) == {
            "kind": "CROWDSOURCED",
            "pay_ratio": 0.9823,
            "approach_s": 0,
            "stop_count": 3,
            "local_hour": 12.0,
        }
        facts = OfferFacts.from_json(orjson.loads(row["facts"]))
        assert (row["accept_prob"], row["model_version"]) == (PRIOR.probability(facts), 0)


async def test_a_market_goes_by_what_it_has_learnt(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, **PATIENT)
        await make_model(work, world.market.id, version=3, crowd=-2.0)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        row = await work.fetch_row("SELECT accept_prob, model_version FROM offer")
        assert row is not None
        assert row["model_version"] == 3
        assert row["accept_prob"] < 0.2


async def test_a_declined_route_goes_on_and_masks_who_declined(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, wave_size=1)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(first, offer)] = (await open_offers(work, world.route_ids[0])).items()
        await decline_offer(work, offer_id=offer, driver_id=first)

    assert await send_wave(works, world.route_ids[0]) == 1

    async with works.open() as work:
        [second] = await open_offers(work, world.route_ids[0])
        assert second != first
        # Time is cheap here and somebody else is as near: a raise would cost more than it brings.
        raises = await work.fetch("SELECT number, raise_minor FROM wave ORDER BY number")
        assert [(row["number"], row["raise_minor"]) for row in raises] == [(1, 0), (2, 0)]


async def test_where_waiting_is_dear_a_declined_route_pays_the_raise_that_costs_least(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, wave_size=1, waiting_cost_per_hour_minor=120_000)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(first, offer)] = (await open_offers(work, world.route_ids[0])).items()
        await decline_offer(work, offer_id=offer, driver_id=first)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        row = await work.fetch_row("SELECT raise_minor, raises FROM choice ORDER BY decided_at DESC, id DESC LIMIT 1")
        assert row is not None
        weighed = orjson.loads(row["raises"])
        assert [one["raise_minor"] for one in weighed] == [0, 200, 400, 600, 800, 1000]
        cheapest = min(weighed, key=lambda one: one["cost_minor"])
        assert row["raise_minor"] == cheapest["raise_minor"] > 0
        assert await work.fetch_value("SELECT raise_minor FROM wave WHERE number = 2") == row["raise_minor"]


async def test_who_let_it_pass_is_asked_again_for_more(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, wave_size=1)
    await send_wave(works, world.route_ids[0])
    clock.advance(seconds=61)
    async with works.open() as work:
        assert await expire_due(work) == 1

    assert await send_wave(works, world.route_ids[0]) == 1

    async with works.open() as work:
        pays = await work.fetch("SELECT pay_minor, raise_minor FROM offer ORDER BY sent_at")
        assert pays[1]["pay_minor"] - pays[0]["pay_minor"] == pays[1]["raise_minor"] == 200


async def test_a_raise_stays_within_the_budget_of_the_hour(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(
            work, drivers=2, wave_size=1, raise_budget_per_hour_minor=150, waiting_cost_per_hour_minor=120_000
        )
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(driver, offer)] = (await open_offers(work, world.route_ids[0])).items()
        await decline_offer(work, offer_id=offer, driver_id=driver)

    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        raises = await work.fetch("SELECT raise_minor FROM wave ORDER BY number")
        assert [row["raise_minor"] for row in raises] == [0, 0]


async def test_a_route_nobody_takes_dissolves_and_its_deliveries_rest(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(driver, offer)] = (await open_offers(work, world.route_ids[0])).items()
        await decline_offer(work, offer_id=offer, driver_id=driver)

    assert await send_wave(works, world.route_ids[0]) == 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM route WHERE id = $1", world.route_ids[0]) == "DISSOLVED"
        rows = await work.fetch("SELECT state, route_id, unassigned_reason, plan_after FROM delivery")
        assert {(row["state"], row["route_id"], row["unassigned_reason"]) for row in rows} == {
            ("SCHEDULED", None, "NOBODY_ACCEPTED")
        }
        assert {row["plan_after"] for row in rows} == {clock.now + timedelta(seconds=120)}


async def test_a_second_wave_waits_for_the_first(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    await send_wave(works, world.route_ids[0])

    assert await send_wave(works, world.route_ids[0]) is None


async def test_a_driver_with_enough_open_offers_is_left_in_peace(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, routes=2, open_offers_per_driver=1)
    await send_wave(works, world.route_ids[0])

    assert await send_wave(works, world.route_ids[1]) == 0
