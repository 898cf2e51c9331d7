"""A presence that ends while its driver comes back, says yes, or is counted by another process: one outcome each."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.fleet import expire_presence, go_online
from marketplace.offers import WithdrawReason, accept_offer, withdraw_offers_of_driver
from tests.builders import HUB_PLACE, make_driver, make_market
from tests.races.test_offer_races import AT_ONCE, TTL_S, accepts, at, one_offer_each, told
from tests.races.together import Verb, at_once, codes, until_one_waits


def comes_back(driver_id: UUID) -> Verb:
    """A driver says to be there still."""
    return lambda work: go_online(work, driver_id=driver_id, place=HUB_PLACE)


async def end_soon(works: Works, *, seconds: float) -> None:
    """Every presence ends so many seconds from now."""
    async with works.open() as work:
        await work.execute("UPDATE presence SET online_until = $1", work.now + timedelta(seconds=seconds))


async def presences_are(works: Works) -> Counter[str]:
    """How many presences are in which state."""
    async with works.open() as work:
        return Counter(row["state"] for row in await work.fetch("SELECT state FROM presence"))


async def test_whoever_comes_back_as_the_time_ends_is_there(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        drivers = [(await make_driver(work, market)).id for _ in range(AT_ONCE)]
    await end_soon(committed_works, seconds=1)
    clock.advance(seconds=1)

    answers = await at_once(
        *((committed_works, comes_back(driver)) for driver in drivers),
        *((committed_works, lambda work: expire_presence(work, limit=3)) for _ in range(4)),
    )
    async with committed_works.open() as work:
        assert await expire_presence(work) == 0

    assert codes(answers[:AT_ONCE]) == {"done": AT_ONCE}
    assert await presences_are(committed_works) == {"AVAILABLE": AT_ONCE}
    events = await told(committed_works)
    assert (events["DriverWentOnline"], events["DriverWentOffline"]) == (AT_ONCE, sum(answers[AT_ONCE:]))


async def test_the_end_passes_by_a_driver_who_is_coming_back(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        driver_id = (await make_driver(work, await make_market(work))).id
    await end_soon(committed_works, seconds=1)
    clock.advance(seconds=1)

    async with committed_works.open() as work:
        await go_online(work, driver_id=driver_id, place=HUB_PLACE)
        async with committed_works.open() as other:
            assert await expire_presence(other) == 0

    async with committed_works.open() as work:
        assert await expire_presence(work) == 0
    assert await presences_are(committed_works) == {"AVAILABLE": 1}


async def test_two_processes_end_a_presence_once(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        for _ in range(AT_ONCE):
            await make_driver(work, market)
    await end_soon(committed_works, seconds=1)
    clock.advance(seconds=1)

    counts = await at_once(*((committed_works, expire_presence) for _ in range(6)))

    assert sum(counts) == AT_ONCE
    assert await told(committed_works) == {"DriverWentOffline": AT_ONCE}


async def test_a_yes_as_the_time_ends_has_the_route_and_the_driver_is_engaged(committed_works: Works) -> None:
    _, offers = await one_offer_each(committed_works)
    await end_soon(committed_works, seconds=TTL_S / 2)
    over = at(committed_works, seconds=TTL_S / 2)

    answers = await at_once(
        *((over, accepts(driver, offer)) for driver, offer in offers),
        *((over, lambda work: expire_presence(work, limit=3)) for _ in range(4)),
    )
    for driver, _ in offers:
        async with over.open() as work:
            await withdraw_offers_of_driver(work, driver_id=driver, reason=WithdrawReason.OFFLINE)
    async with over.open() as work:
        assert await expire_presence(work) == 0

    assert codes(answers[:AT_ONCE]) == {"done": AT_ONCE}
    assert await presences_are(committed_works) == {"ENGAGED": AT_ONCE}
    events = await told(committed_works)
    assert (events["OfferAccepted"], events["OfferWithdrawn"]) == (AT_ONCE, 0)
    assert events["DriverWentOffline"] == sum(answers[AT_ONCE:])


async def test_the_end_passes_by_a_driver_who_has_just_said_yes(committed_works: Works) -> None:
    _, [(driver, offer)] = await one_offer_each(committed_works, 1)
    await end_soon(committed_works, seconds=1)
    over = at(committed_works, seconds=1)

    async with over.open() as work:
        await accept_offer(work, offer_id=offer, driver_id=driver)
        async with over.open() as other:
            assert await expire_presence(other) == 0

    async with over.open() as work:
        assert await expire_presence(work) == 0
    assert await presences_are(committed_works) == {"ENGAGED": 1}


async def test_a_yes_that_waits_for_the_end_of_the_presence_still_has_its_route(committed_works: Works) -> None:
    _, [(driver, offer)] = await one_offer_each(committed_works, 1)
    await end_soon(committed_works, seconds=1)
    over = at(committed_works, seconds=1)

    async with over.open() as work:
        assert await expire_presence(work) == 1
        yes = asyncio.create_task(at_once((over, accepts(driver, offer))))
        await until_one_waits(committed_works)

    assert codes(await yes) == {"done": 1}
    assert await presences_are(committed_works) == {"ENGAGED": 1}
