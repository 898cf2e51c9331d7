"""Explanations tell what was decided: from what each search kept, in codes and in words, and to whom it concerns."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import to_wire
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.fleet.states import ContractKind, PresenceState
from marketplace.offers import decline_offer, expire_due, explain_delivery, explain_driver, explain_offer
from marketplace.offers.choices import CANDIDATES_KEPT
from marketplace.offers.drop_old_choices import drop_old_choices
from marketplace.offers.states import RULE_WORDS, RuledOut
from tests.builders import make_driver
from tests.marketplace.ledger.world import refused_by_database
from tests.marketplace.offers.worlds import World, make_world, open_offers, send_wave

PATIENT: dict[str, Any] = {"broadcast_below_ttls": 2, "broadcast_fill_percent": 95}
NEAR = Point(lat=-29.91, lon=-71.25)


async def delivery_of(work: Work, route_id: UUID) -> UUID:
    found: UUID = await work.fetch_value("SELECT id FROM delivery WHERE route_id = $1 ORDER BY id LIMIT 1", route_id)
    return found


async def why(work: Work, world: World, driver: Driver) -> dict[str, Any]:
    return await explain_driver(work, driver_id=driver.id, route_id=world.route_ids[0], market_id=world.market.id)


async def test_an_offer_is_explained_by_the_search_that_made_it(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, **PATIENT)
        other = await make_driver(work, world.market, place=NEAR)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        [(driver_id, offer_id)] = (await open_offers(work, world.route_ids[0])).items()
        told = await explain_offer(work, offer_id=offer_id, market_id=world.market.id)

        assert (told["driver_id"], told["rank"], told["model_version"]) == (to_wire("driver", driver_id), 1, 0)
        assert told["pay_minor"] == 3560
        assert told["words"].startswith("It pays 3560 CLP: the lines say for what")
        search = told["search"]
        assert (search["outcome"], search["wave_number"], search["wave_state"]) == ("EXCLUSIVE", 1, "OPEN")
        assert search["raises"] == [
            {
                "raise_minor": 0,
                "asked": 1,
                "accept_prob": round(told["accept_prob"], 4),
                "cost_minor": search["candidates"][0]["cost_minor"],
            }
        ]
        first, second = search["candidates"]
        assert [one["driver_id"] for one in (first, second)] == [
            to_wire("driver", one) for one in (driver_id, other.id)
        ]
        assert [one["is_asked"] for one in (first, second)] == [True, False]
        assert first["cost_minor"] < second["cost_minor"]
        assert (first["rank"], first["approach_s"], first["pay_minor"]) == (1, 0, 3560)
        assert search["slack_s"] == first["slack_s"] == 3 * 3600 - 14 * 60
        assert search["ruled_out"] == []


async def test_a_driver_hears_of_the_own_offer_what_it_pays_and_of_nobody_else(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, **PATIENT)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        [(driver_id, offer_id)] = (await open_offers(work, world.route_ids[0])).items()
        told = await explain_offer(work, offer_id=offer_id, market_id=world.market.id, driver_id=driver_id)
        assert told["pay_minor"] == sum(line["amount_minor"] for line in told["lines"]) == 3560
        concealed = ("driver_id", "rank", "accept_prob", "model_version", "search")
        assert [told[name] for name in concealed] == [None] * 5
        with pytest.raises(NotFound):
            other = next(one.id for one in world.drivers if one.id != driver_id)
            await explain_offer(work, offer_id=offer_id, market_id=world.market.id, driver_id=other)


@pytest.mark.parametrize(
    ("rule", "changes", "edit"),
    [
        (RuledOut.ACCOUNT_NOT_ACTIVE, {"account_state": "APPLIED"}, None),
        (RuledOut.OFFLINE, {"state": PresenceState.OFFLINE}, None),
        (RuledOut.OFFLINE, {}, "online_until = NULL"),
        (RuledOut.PAUSED, {"state": PresenceState.PAUSED}, None),
        (RuledOut.NO_POSITION, {}, "lat = NULL, lon = NULL"),
        (RuledOut.BUSY, {"state": PresenceState.ENGAGED}, None),
        (RuledOut.NO_SKILL, {}, None),
        (RuledOut.NO_CAPACITY, {"capacity": [1, 200_000, 800], "skills": ["COLD"]}, None),
        (RuledOut.TOO_MANY_STOPS, {"max_stops": 2, "skills": ["COLD"]}, None),
        (
            RuledOut.SHIFT_ENDS,
            {"kind": ContractKind.CONTRACTED, "skills": ["COLD"]},
            "online_until = online_until - interval '7 hours 50 minutes'",
        ),
        (None, {"skills": ["COLD"]}, None),
    ],
)
async def test_the_rule_that_keeps_a_driver_from_being_asked_is_named(
    works: Works, rule: RuledOut | None, changes: dict[str, Any], edit: str | None
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0)
        await work.execute("UPDATE delivery SET requirements = '{COLD}' WHERE route_id = $1", world.route_ids[0])
        driver = await make_driver(work, world.market, **changes)
        if edit:
            await work.execute(f"UPDATE presence SET {edit} WHERE driver_id = $1", driver.id)

    async with works.open() as work:
        told = await why(work, world, driver)

    assert told["code_now"] == rule
    assert told["could_be_asked_now"] is (rule is None)
    assert told["words_now"] == (RULE_WORDS[rule] if rule else "The driver could be asked.")


async def test_where_a_shift_covers_the_pickups_it_may_end_before_the_route(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0, shift_end_covers="pickups")
        driver = await make_driver(work, world.market, kind=ContractKind.CONTRACTED)
        stops = await work.fetch(
            "SELECT planned_arrival FROM stop WHERE route_id = $1 ORDER BY place", world.route_ids[0]
        )
        pickup_at = stops[0]["planned_arrival"]
        assert pickup_at < stops[-1]["planned_arrival"]
        told = {}
        for ends_at in (pickup_at - timedelta(seconds=1), pickup_at + timedelta(seconds=1)):
            await work.execute("UPDATE presence SET online_until = $2 WHERE driver_id = $1", driver.id, ends_at)
            told[ends_at] = (await why(work, world, driver))["code_now"]

    assert list(told.values()) == [RuledOut.SHIFT_ENDS, None]


async def test_one_who_declined_and_one_who_is_asked_are_told_so(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, **PATIENT)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(first, offer)] = (await open_offers(work, world.route_ids[0])).items()
        await decline_offer(work, offer_id=offer, driver_id=first)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        [second] = await open_offers(work, world.route_ids[0])
        drivers = {one.id: one for one in world.drivers}
        declined, asked = await why(work, world, drivers[first]), await why(work, world, drivers[second])
        assert (declined["code_now"], asked["code_now"]) == (RuledOut.DECLINED_BEFORE, RuledOut.ASKED_NOW)
        assert [(look["code"], look["words"]) for look in declined["looks"]] == [
            ("DECLINED_BEFORE", RULE_WORDS[RuledOut.DECLINED_BEFORE]),
            (None, "Asked."),
        ]
        assert [look["words"] for look in asked["looks"]] == [
            "Asked.",
            "Could have been asked, but others cost less.",
        ]


async def test_one_who_let_it_pass_at_the_highest_raise_is_not_asked_again(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, raise_step_minor=0)
    await send_wave(works, world.route_ids[0])
    clock.advance(seconds=60)
    async with works.open() as work:
        await expire_due(work)
    delivery = None
    async with works.open() as work:
        delivery = await delivery_of(work, world.route_ids[0])

    assert await send_wave(works, world.route_ids[0]) == 0

    async with works.open() as work:
        told = await explain_delivery(work, delivery_id=delivery, market_id=world.market.id)
        assert (told["state"], told["code"]) == ("SCHEDULED", "NOBODY_ACCEPTED")
        assert told["words"] == "Drivers were asked and nobody took it; it is planned again after a pause."
        assert [one["outcome"] for one in told["searches"]] == ["GIVEN_UP", "BROADCAST"]
        assert told["searches"][0]["ruled_out"] == [
            {
                "code": "LET_PASS",
                "words": RULE_WORDS[RuledOut.LET_PASS],
                "drivers": 1,
                "driver_ids": [to_wire("driver", world.drivers[0].id)],
            }
        ]


async def test_an_assignment_keeps_its_reasons_too(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, kind=ContractKind.DEDICATED)
        await make_driver(work, world.market)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        told = await explain_delivery(
            work, delivery_id=await delivery_of(work, world.route_ids[0]), market_id=world.market.id
        )
        (search,) = told["searches"]
        assert (told["state"], told["code"], search["outcome"]) == ("ASSIGNED", None, "ASSIGNED")
        assert [(one["kind"], one["accept_prob"]) for one in search["candidates"]] == [("DEDICATED", 1.0)]


async def test_of_many_candidates_the_best_are_kept(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=CANDIDATES_KEPT + 5, **PATIENT)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        assert await work.fetch_value("SELECT jsonb_array_length(candidates) FROM choice") == CANDIDATES_KEPT


async def test_of_another_market_nothing_is_told(works: Works) -> None:
    async with works.open() as work:
        world, other = await make_world(work, drivers=1), await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        [offer_id] = (await open_offers(work, world.route_ids[0])).values()
        elsewhere = other.market.id
        asks = (
            explain_offer(work, offer_id=offer_id, market_id=elsewhere),
            explain_delivery(work, delivery_id=await delivery_of(work, world.route_ids[0]), market_id=elsewhere),
            explain_driver(work, driver_id=other.drivers[0].id, route_id=world.route_ids[0], market_id=elsewhere),
            explain_driver(work, driver_id=world.drivers[0].id, route_id=other.route_ids[0], market_id=elsewhere),
        )
        for ask in asks:
            with pytest.raises(NotFound):
                await ask


COPY_RAISED = """
INSERT INTO choice SELECT (jsonb_populate_record(choice, jsonb_build_object('id', gen_random_uuid(), 'wave_id', NULL,
    'raise_minor', 200, 'outcome', 'GIVEN_UP'))).* FROM choice
"""


@pytest.mark.parametrize("edit", ["UPDATE choice SET raise_minor = 1", "DELETE FROM choice"])
async def test_what_was_decided_stays_as_it_was(works: Works, edit: str) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        await work.execute(COPY_RAISED)

    async with (
        works.open() as work,
        refused_by_database(work, asyncpg.RestrictViolationError, match="choice is history"),
    ):
        await work.execute(edit)


async def test_an_old_search_is_dropped_unless_it_raised_the_pay(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        await work.execute(COPY_RAISED)
    dropped = []

    for days in (180, 1, 0):
        clock.advance(seconds=86_400 * days)
        async with works.open() as work:
            dropped.append(await drop_old_choices(work))

    async with works.open() as work:
        assert [row["raise_minor"] for row in await work.fetch("SELECT raise_minor FROM choice")] == [200]
    assert dropped == [0, 1, 0]
