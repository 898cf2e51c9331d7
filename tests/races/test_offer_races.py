"""Offers and routes that several want to change at the same moment: real commits, one outcome each."""

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest

from marketplace.batches import PostBatch, PostResult, QuoteBatch, QuoteResult, cancel_delivery
from marketplace.batches.states import CancelReason, UnassignedReason
from marketplace.billing import check_credit
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import Refusal
from marketplace.core.work import Work, Works
from marketplace.offers import (
    LearnAcceptance,
    OfferExpired,
    SendWave,
    WithdrawReason,
    accept_offer,
    decline_offer,
    expire_due,
    give_up_route,
    mend_after_cancel,
    view_offer,
    withdraw_offers_of_driver,
)
from marketplace.offers.accept import WIN
from marketplace.offers.learn_acceptance import NEW_ANSWERS
from tests.builders import make_hub, make_market, make_shipper
from tests.conftest import NOW
from tests.marketplace.batches.orders import order
from tests.marketplace.offers.test_offer_by_hand import make_wait
from tests.marketplace.offers.worlds import ROUTER, World, make_world, open_offers, send_wave
from tests.races.together import Verb, at_once, codes, until_one_waits

Answer = Callable[[UUID, UUID], Verb]
"""What a driver says to an offer."""

TTL_S = 60
AT_ONCE = 12
"""Routes, each on offer to a driver of its own, that are raced for in one test."""


def accepts(driver_id: UUID, offer_id: UUID) -> Verb:
    """A driver's yes."""
    return lambda work: accept_offer(work, offer_id=offer_id, driver_id=driver_id)


def declines(driver_id: UUID, offer_id: UUID) -> Verb:
    """A driver's no."""
    return lambda work: decline_offer(work, offer_id=offer_id, driver_id=driver_id)


def looks_at(driver_id: UUID, offer_id: UUID) -> Verb:
    """A driver's look at an offer."""
    return lambda work: view_offer(work, offer_id=offer_id, driver_id=driver_id)


async def expires(work: Work) -> int:
    """A waker's batch, small, so that several of them share the work."""
    return await expire_due(work, limit=3)


def gives_up(route_id: UUID) -> Verb:
    """The search for a driver ends."""
    return lambda work: give_up_route(work, route_id=route_id, reason=UnassignedReason.NOBODY_ACCEPTED)


def at(works: Works, *, seconds: float) -> Works:
    """The same database as a transaction sees it that begins so many seconds after the offers were sent."""
    clock = ManualClock(NOW)
    clock.advance(seconds=seconds)
    return Works(works.database, clock, source=works.source)


async def one_offer_each(works: Works, routes: int = AT_ONCE) -> tuple[World, list[tuple[UUID, UUID]]]:
    """Routes that are each on offer to one driver; a driver and an offer for each route, in the order of the routes."""
    async with works.open() as work:
        world = await make_world(work, drivers=routes, routes=routes, wave_size=1, open_offers_per_driver=1)
    for route_id in world.route_ids:
        await send_wave(works, route_id)
    async with works.open() as work:
        offers = [next(iter((await open_offers(work, route_id)).items())) for route_id in world.route_ids]
    return world, offers


async def offered_to(works: Works, drivers: int) -> tuple[World, list[tuple[UUID, UUID]]]:
    """One route that is on offer to several drivers."""
    async with works.open() as work:
        world = await make_world(work, drivers=drivers, wave_size=drivers)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        return world, list((await open_offers(work, world.route_ids[0])).items())


async def told(works: Works) -> Counter[str]:
    """How often each event was told."""
    async with works.open() as work:
        return Counter(row["name"] for row in await work.fetch("SELECT name FROM event"))


async def routes_are(works: Works) -> Counter[tuple[str, str]]:
    """How many routes are in which state, with the state of their one offer."""
    async with works.open() as work:
        rows = await work.fetch("SELECT r.state, o.state AS answer FROM route r JOIN offer o ON o.route_id = r.id")
    return Counter((row["state"], row["answer"]) for row in rows)


async def numbers_without_gaps(works: Works) -> bool:
    """Whether every delivery has one event for each of its numbers."""
    async with works.open() as work:
        rows = await work.fetch(
            "SELECT d.sequence, ARRAY(SELECT (payload->>'sequence')::int FROM event WHERE delivery_id = d.id"
            " ORDER BY 1) AS told FROM delivery d"
        )
    return all(row["told"] == list(range(1, row["sequence"] + 1)) for row in rows)


async def test_a_yes_just_before_the_deadline_and_the_deadline_have_one_outcome(committed_works: Works) -> None:
    _, offers = await one_offer_each(committed_works)
    before, after = at(committed_works, seconds=TTL_S - 0.001), at(committed_works, seconds=TTL_S)

    answers = await at_once(
        *((before, accepts(driver, offer)) for driver, offer in offers), *((after, expires) for _ in range(4))
    )
    async with after.open() as work:
        await expire_due(work)

    said = codes(answers[:AT_ONCE])
    assert said["done"] + said["OFFER_EXPIRED"] == AT_ONCE
    assert await routes_are(committed_works) == +Counter(
        {("ASSIGNED", "ACCEPTED"): said["done"], ("OFFERING", "EXPIRED"): said["OFFER_EXPIRED"]}
    )
    events = await told(committed_works)
    assert (events["OfferAccepted"], events["OfferExpired"]) == (said["done"], said["OFFER_EXPIRED"])
    assert events["WaveExhausted"] == said["OFFER_EXPIRED"]


async def test_a_deadline_passes_by_an_offer_that_is_being_accepted(committed_works: Works) -> None:
    _, [(driver, offer)] = await one_offer_each(committed_works, 1)
    before, after = at(committed_works, seconds=TTL_S - 0.001), at(committed_works, seconds=TTL_S)

    async with before.open() as work:
        await accept_offer(work, offer_id=offer, driver_id=driver)
        async with after.open() as other:
            assert await expire_due(other) == 0

    async with after.open() as work:
        assert await expire_due(work) == 0
    assert await routes_are(committed_works) == {("ASSIGNED", "ACCEPTED"): 1}


async def test_a_yes_that_waits_for_the_deadline_hears_that_it_is_late(committed_works: Works) -> None:
    _, [(driver, offer)] = await one_offer_each(committed_works, 1)
    before, after = at(committed_works, seconds=TTL_S - 0.001), at(committed_works, seconds=TTL_S)

    async with after.open() as work:
        assert await expire_due(work) == 1
        late = asyncio.create_task(at_once((before, accepts(driver, offer))))
        await until_one_waits(committed_works)

    [answer] = await late
    assert isinstance(answer, OfferExpired)
    assert await routes_are(committed_works) == {("OFFERING", "EXPIRED"): 1}


async def test_a_no_just_before_the_deadline_and_the_deadline_have_one_outcome(committed_works: Works) -> None:
    _, offers = await one_offer_each(committed_works)
    before, after = at(committed_works, seconds=TTL_S - 0.001), at(committed_works, seconds=TTL_S)

    answers = await at_once(
        *((before, declines(driver, offer)) for driver, offer in offers), *((after, expires) for _ in range(4))
    )
    async with after.open() as work:
        await expire_due(work)

    said = codes(answers[:AT_ONCE])
    assert said["done"] + said["OFFER_EXPIRED"] == AT_ONCE
    events = await told(committed_works)
    assert (events["OfferDeclined"], events["OfferExpired"]) == (said["done"], said["OFFER_EXPIRED"])
    assert events["WaveExhausted"] == AT_ONCE
    async with committed_works.open() as work:
        assert {row["state"] for row in await work.fetch("SELECT state FROM presence")} == {"AVAILABLE"}


async def test_a_delivery_is_called_off_before_or_after_its_route_is_taken(committed_works: Works) -> None:
    world, offers = await one_offer_each(committed_works)
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT DISTINCT ON (route_id) route_id, id FROM delivery ORDER BY route_id, id")
    first_of = {row["route_id"]: row["id"] for row in rows}

    def calls_off(delivery_id: UUID) -> Verb:
        return lambda work: cancel_delivery(
            work, shipper_id=world.shipper.id, delivery_id=delivery_id, reason=CancelReason.SHIPPER_REQUESTED
        )

    answers = await at_once(
        *((committed_works, accepts(driver, offer)) for driver, offer in offers),
        *((committed_works, calls_off(first_of[route_id])) for route_id in world.route_ids),
    )
    for delivery_id in first_of.values():
        async with committed_works.open() as work:
            await mend_after_cancel(work, delivery_id=delivery_id)

    assert codes(answers[AT_ONCE:]) == {"done": AT_ONCE}
    said = codes(answers[:AT_ONCE])
    assert said["done"] + said["ROUTE_CHANGED"] == AT_ONCE
    assert await routes_are(committed_works) == +Counter(
        {("ASSIGNED", "ACCEPTED"): said["done"], ("DISSOLVED", "WITHDRAWN"): said["ROUTE_CHANGED"]}
    )
    async with committed_works.open() as work:
        states = Counter(row["state"] for row in await work.fetch("SELECT state FROM delivery"))
    assert states == +Counter({"CANCELLED": AT_ONCE, "ASSIGNED": said["done"], "SCHEDULED": said["ROUTE_CHANGED"]})
    assert await numbers_without_gaps(committed_works)


async def test_a_route_is_taken_or_given_up_and_never_both(committed_works: Works) -> None:
    world, offers = await one_offer_each(committed_works)

    answers = await at_once(
        *((committed_works, accepts(driver, offer)) for driver, offer in offers),
        *((committed_works, gives_up(route_id)) for route_id in world.route_ids),
    )

    taken, given_up = answers[:AT_ONCE], answers[AT_ONCE:]
    assert [isinstance(answer, UUID) for answer in taken] == [not answer for answer in given_up]
    said = codes(taken)
    assert said["done"] + said["ROUTE_CHANGED"] == AT_ONCE
    assert await routes_are(committed_works) == +Counter(
        {("ASSIGNED", "ACCEPTED"): said["done"], ("DISSOLVED", "WITHDRAWN"): said["ROUTE_CHANGED"]}
    )
    assert await numbers_without_gaps(committed_works)


async def test_two_waves_of_a_route_at_once_are_one_wave(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=6)
    errand = SendWave(router=ROUTER, route_id=world.route_ids[0])
    async with committed_works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)

    async with committed_works.open() as work:
        assert await errand.record(work, found, answer) == 3
        second = asyncio.create_task(at_once((committed_works, lambda work: errand.record(work, found, answer))))
        await until_one_waits(committed_works)

    assert await second == [0]
    events = await told(committed_works)
    assert events == {"OfferSent": 3}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM wave") == 1


async def test_the_two_last_declines_of_a_wave_exhaust_it_once(committed_works: Works) -> None:
    for _ in range(6):
        world, offers = await offered_to(committed_works, 2)

        answers = await at_once(*((committed_works, declines(driver, offer)) for driver, offer in offers))

        assert codes(answers) == {"done": 2}
        async with committed_works.open() as work:
            names = await work.fetch("SELECT name FROM event WHERE market_id = $1", world.market.id)
            assert await work.fetch_value("SELECT state FROM wave WHERE market_id = $1", world.market.id) == "EXHAUSTED"
        assert Counter(row["name"] for row in names) == {"OfferSent": 2, "OfferDeclined": 2, "WaveExhausted": 1}


async def test_two_waves_at_once_do_not_spend_one_raise_twice(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        world = await make_world(
            work,
            drivers=1,
            routes=2,
            open_offers_per_driver=2,
            raise_step_minor=200,
            raise_cap_minor=1000,
            raise_budget_per_hour_minor=300,
        )
    for route_id in world.route_ids:
        await send_wave(committed_works, route_id)
    clock.advance(seconds=TTL_S)
    async with committed_works.open() as work:
        assert await expire_due(work) == 2

    async def records(route_id: UUID) -> Verb:
        """Reads and decides on the next wave, for more since the only driver let the first pass; to send it is left."""
        errand = SendWave(router=ROUTER, route_id=route_id)
        async with committed_works.open() as work:
            found = await errand.read(work)
        assert found is not None
        answer = await errand.call(found)
        assert answer.decision is not None
        assert answer.decision.raise_minor == 200
        return lambda work: errand.record(work, found, answer)

    first, second = [await records(route_id) for route_id in world.route_ids]
    async with committed_works.open() as work:
        assert await first(work) == 1
        other = asyncio.create_task(at_once((committed_works, second)))
        await until_one_waits(committed_works)

    assert codes(await other) == {"CANDIDATES_MOVED": 1}
    assert await send_wave(committed_works, world.route_ids[1]) == 0
    async with committed_works.open() as work:
        raises = await work.fetch("SELECT raise_minor FROM wave WHERE number = 2")
        outcomes = await work.fetch("SELECT outcome FROM choice WHERE route_id = $1 ORDER BY id", world.route_ids[1])
    assert [row["raise_minor"] for row in raises] == [200]
    assert [row["outcome"] for row in outcomes] == ["BROADCAST", "GIVEN_UP"]


async def test_ten_yeses_of_one_driver_at_once_are_one_route(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=1, routes=10, wave_size=1, open_offers_per_driver=10)
    for route_id in world.route_ids:
        await send_wave(committed_works, route_id)
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT id, driver_id FROM offer")

    answers = await at_once(*((committed_works, accepts(row["driver_id"], row["id"])) for row in rows))

    assert codes(answers) == {"done": 1, "OFFER_WITHDRAWN": 9}
    async with committed_works.open() as work:
        assert await presence_of(work, world.drivers[0].id) == "ENGAGED"
    assert await routes_are(committed_works) == {("ASSIGNED", "ACCEPTED"): 1, ("OFFERING", "WITHDRAWN"): 9}
    events = await told(committed_works)
    assert (events["OfferAccepted"], events["OfferWithdrawn"], events["WaveExhausted"]) == (1, 9, 9)


async def two_offers_of_one_driver(works: Works) -> tuple[UUID, list[UUID]]:
    """A driver with an open offer of each of two routes."""
    async with works.open() as work:
        world = await make_world(work, drivers=1, routes=2, wave_size=1, open_offers_per_driver=3)
    for route_id in world.route_ids:
        await send_wave(works, route_id)
    async with works.open() as work:
        return world.drivers[0].id, [row["id"] for row in await work.fetch("SELECT id FROM offer ORDER BY id")]


async def presence_of(work: Work, driver_id: UUID) -> str:
    """What a driver does now."""
    return str(await work.fetch_value("SELECT state FROM presence WHERE driver_id = $1", driver_id))


async def test_a_second_yes_waits_for_the_first_and_finds_its_offer_taken_back(committed_works: Works) -> None:
    driver, (first, second) = await two_offers_of_one_driver(committed_works)

    async with committed_works.open() as work:
        await work.fetch_row(WIN, first, driver, work.now)
        later = asyncio.create_task(at_once((committed_works, accepts(driver, second))))
        await until_one_waits(committed_works)
        assert await withdraw_offers_of_driver(work, driver_id=driver, reason=WithdrawReason.ENGAGED) == 1

    assert codes(await later) == {"OFFER_WITHDRAWN": 1}


@pytest.mark.parametrize("answer", [declines, looks_at])
async def test_a_yes_waits_for_another_answer_of_its_driver(committed_works: Works, answer: Answer) -> None:
    driver, (first, second) = await two_offers_of_one_driver(committed_works)

    async with committed_works.open() as work:
        await answer(driver, first)(work)
        yes = asyncio.create_task(at_once((committed_works, accepts(driver, second))))
        await until_one_waits(committed_works)

    assert codes(await yes) == {"done": 1}
    async with committed_works.open() as work:
        states = {row["state"] for row in await work.fetch("SELECT state FROM offer WHERE id = $1", first)}
    assert states == {"DECLINED" if answer is declines else "WITHDRAWN"}


async def test_a_wave_passes_by_a_driver_who_is_saying_yes(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=1, routes=2, wave_size=1, open_offers_per_driver=3)
    [driver] = [driver.id for driver in world.drivers]
    await send_wave(committed_works, world.route_ids[0])
    async with committed_works.open() as work:
        offer = (await open_offers(work, world.route_ids[0]))[driver]
    errand = SendWave(router=ROUTER, route_id=world.route_ids[1])
    async with committed_works.open() as work:
        found = await errand.read(work)
    assert found is not None
    ranked = await errand.call(found)

    async with committed_works.open() as work:
        await work.fetch_row(WIN, offer, driver, work.now)
        assert codes(await at_once((committed_works, lambda work: errand.record(work, found, ranked)))) == {
            "CANDIDATES_MOVED": 1
        }


async def test_a_yes_takes_back_what_a_wave_asks_at_the_same_moment(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=1, routes=2, wave_size=1, open_offers_per_driver=3)
    [driver] = [driver.id for driver in world.drivers]
    await send_wave(committed_works, world.route_ids[0])
    async with committed_works.open() as work:
        offer = (await open_offers(work, world.route_ids[0]))[driver]
    errand = SendWave(router=ROUTER, route_id=world.route_ids[1])
    async with committed_works.open() as work:
        found = await errand.read(work)
    assert found is not None
    ranked = await errand.call(found)

    async with committed_works.open() as work:
        assert await errand.record(work, found, ranked) == 1
        yes = asyncio.create_task(at_once((committed_works, accepts(driver, offer))))
        await until_one_waits(committed_works)

    assert codes(await yes) == {"done": 1}
    assert await routes_are(committed_works) == {("ASSIGNED", "ACCEPTED"): 1, ("OFFERING", "WITHDRAWN"): 1}


async def test_an_engaged_driver_has_no_open_offer_whatever_happened_at_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work, drivers=4, routes=6, wave_size=4, open_offers_per_driver=6)
    for route_id in world.route_ids[:4]:
        await send_wave(committed_works, route_id)
    async with committed_works.open() as work:
        offers = [(row["driver_id"], row["id"]) for row in await work.fetch("SELECT driver_id, id FROM offer")]
    errands = [SendWave(router=ROUTER, route_id=route_id) for route_id in world.route_ids[4:]]

    waves = asyncio.gather(*(run_errand(committed_works, errand) for errand in errands), return_exceptions=True)
    answers = await at_once(
        *((committed_works, accepts(driver, offer)) for driver, offer in offers),
        *((committed_works, looks_at(driver, offer)) for driver, offer in offers[::3]),
        *((committed_works, declines(driver, offer)) for driver, offer in offers[::5]),
    )
    await waves

    assert all(isinstance(answer, Refusal | UUID | None) for answer in answers)
    async with committed_works.open() as work:
        open_of_engaged = await work.fetch_value(
            "SELECT count(*) FROM offer JOIN presence USING (driver_id)"
            " WHERE presence.state = 'ENGAGED' AND offer.state IN ('SENT', 'VIEWED')"
        )
        engaged = await work.fetch_value("SELECT count(*) FROM presence WHERE state = 'ENGAGED'")
        assigned = await work.fetch_value("SELECT count(*) FROM route WHERE state = 'ASSIGNED'")
    assert open_of_engaged == 0
    assert engaged == assigned == sum(isinstance(answer, UUID) for answer in answers) > 0


async def test_a_quote_posted_twice_at_once_is_one_batch(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    quote = await run_errand(
        committed_works,
        QuoteBatch(
            router=ROUTER,
            shipper_id=shipper.id,
            market_id=market.id,
            requests=[order(f"order-{i}", hub_id=hub.id) for i in range(3)],
        ),
    )
    assert isinstance(quote, QuoteResult)
    errand = PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quote.quote_id)

    answers = await asyncio.gather(*(run_errand(committed_works, errand) for _ in range(6)))

    results = [answer for answer in answers if isinstance(answer, PostResult)]
    assert len({result.batch_id for result in results}) == 1
    assert len({tuple(row.delivery_id for row in result.rows) for result in results}) == 1
    assert Counter(row.is_new for result in results for row in result.rows) == {True: 3, False: 15}
    assert await told(committed_works) == {"DeliveryPosted": 3, "BatchPosted": 1}


async def test_waves_of_many_routes_at_once_never_spend_more_than_the_hour_has(
    committed_works: Works, clock: ManualClock
) -> None:
    async with committed_works.open() as work:
        world = await make_world(
            work,
            drivers=1,
            routes=AT_ONCE,
            open_offers_per_driver=AT_ONCE,
            raise_step_minor=200,
            raise_cap_minor=1000,
            raise_budget_per_hour_minor=900,
        )
    for route_id in world.route_ids:
        await send_wave(committed_works, route_id)
    clock.advance(seconds=TTL_S)
    async with committed_works.open() as work:
        assert await expire_due(work) == AT_ONCE
    # The only driver let all of them pass and is asked again for more: for 200, of which the budget has four.
    found = [await decided(committed_works, route_id) for route_id in world.route_ids]

    answers = await at_once(*((committed_works, verb) for verb in found))

    assert codes(answers) == {"done": 4, "CANDIDATES_MOVED": AT_ONCE - 4}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT sum(raise_minor) FROM wave WHERE state = 'OPEN'") == 800
        # Whatever was rolled back has left no word of itself.
        assert await work.fetch_value("SELECT count(*) FROM choice") == AT_ONCE + 4


async def test_offers_of_many_routes_at_once_never_overfill_a_driver(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(
            work, drivers=4, routes=AT_ONCE, open_offers_per_driver=2, broadcast_below_ttls=2, broadcast_fill_percent=95
        )
    found = [await decided(committed_works, route_id) for route_id in world.route_ids]

    answers = await at_once(*((committed_works, verb) for verb in found))

    said = codes(answers)
    assert said.keys() <= {"done", "CANDIDATES_MOVED"}
    assert said["done"] == 8
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT driver_id, count(*) AS open FROM offer WHERE state = 'SENT' GROUP BY driver_id")
        assert [row["open"] for row in rows] == [2, 2, 2, 2]
        outcomes = await work.fetch("SELECT outcome, count(*) AS waves FROM choice GROUP BY outcome")
        assert [tuple(row) for row in outcomes] == [("EXCLUSIVE", 8)]


async def test_one_driver_who_is_asked_alone_for_several_routes_takes_one(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(
            work, drivers=2, routes=4, open_offers_per_driver=4, broadcast_below_ttls=2, broadcast_fill_percent=95
        )
    for route_id in world.route_ids:
        assert await send_wave(committed_works, route_id) == 1
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT id, driver_id, accept_prob FROM offer ORDER BY sent_at, id")
        # Whoever weighs another offer is less likely to take this one, so that the two take turns.
        assert Counter(row["driver_id"] for row in rows) == {driver.id: 2 for driver in world.drivers}

    answers = await at_once(*((committed_works, accepts(row["driver_id"], row["id"])) for row in rows))

    said = codes(answers)
    assert said["done"] == 2
    assert said.keys() <= {"done", "DRIVER_ENGAGED", "OFFER_WITHDRAWN"}
    async with committed_works.open() as work:
        routes = Counter(row["state"] for row in await work.fetch("SELECT state FROM route"))
    assert routes == {"ASSIGNED": 2, "OFFERING": 2}


async def test_two_who_learn_at_once_make_one_version(committed_works: Works) -> None:
    world, offers = await one_offer_each(committed_works, NEW_ANSWERS)
    for driver, offer in offers:
        async with committed_works.open() as work:
            await decline_offer(work, offer_id=offer, driver_id=driver)
    errand = LearnAcceptance(market_id=world.market.id)
    async with committed_works.open() as work:
        found = await errand.read(work)
    assert found is not None
    weights = await errand.call(found)

    answers = await at_once(*((committed_works, lambda work: errand.record(work, found, weights)) for _ in range(4)))

    assert answers == [1, 1, 1, 1]
    async with committed_works.open() as work:
        rows = await work.fetch("SELECT version, declined FROM acceptance_model")
    assert [tuple(row) for row in rows] == [(1, NEW_ANSWERS)]


async def decided(works: Works, route_id: UUID) -> Verb:
    """Reads and decides on a route's next wave; what is left is to record it."""
    errand = SendWave(router=ROUTER, route_id=route_id)
    async with works.open() as work:
        found = await errand.read(work)
    assert found is not None
    answer = await errand.call(found)
    return lambda work: errand.record(work, found, answer)


async def test_of_two_operators_who_offer_one_delivery_by_hand_one_does(committed_works: Works) -> None:
    wait = await make_wait(committed_works)
    prepared = []
    for driver_id in wait.driver_ids:
        errand = wait.offering(driver_id=driver_id)
        async with committed_works.open() as work:
            found = await errand.read(work)
        prepared.append((errand, found, await errand.call(found)))

    def records(number: int) -> Verb:
        errand, found, drive = prepared[number]
        return lambda work: errand.record(work, found, drive)

    answers = await at_once((committed_works, records(0)), (committed_works, records(1)))

    assert codes(answers) == {"done": 1, "NOT_WAITING": 1}
    assert await wait.lives() == [("OFFERING", "OFFERING", "SENT")]
    assert await numbers_without_gaps(committed_works)
