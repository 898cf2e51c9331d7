"""Acceptance: the first yes wins, everybody else hears why not, and nothing is half done."""

from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.offers import (
    DriverEngaged,
    OfferExpired,
    OfferTaken,
    RouteChanged,
    accept_offer,
    decline_offer,
    expire_due,
)
from tests.builders import make_driver
from tests.marketplace.offers.worlds import World, event_names, make_world, open_offers, send_wave


async def offered(works: Works, **options: object) -> tuple[World, dict[UUID, UUID]]:
    async with works.open() as work:
        world = await make_world(work, **options)  # type: ignore[arg-type]
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        return world, await open_offers(work, world.route_ids[0])


async def test_the_first_yes_has_the_route(works: Works, clock: ManualClock) -> None:
    world, offers = await offered(works)
    (winner, offer), *others = offers.items()

    async with works.open() as work:
        assert await accept_offer(work, offer_id=offer, driver_id=winner) == world.route_ids[0]

    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM route WHERE id = $1", world.route_ids[0])
        assert row is not None
        assert (row["state"], row["driver_id"], row["accepted_at"]) == ("ASSIGNED", winner, clock.now)
        assert row["guarantee_minor"] == 3560
        states = await work.fetch("SELECT driver_id, state, end_reason FROM offer")
        assert {(r["driver_id"], r["state"], r["end_reason"]) for r in states} == {
            (winner, "ACCEPTED", None),
            *((driver, "WITHDRAWN", "TAKEN") for driver, _ in others),
        }
        assert await work.fetch_value("SELECT state FROM wave") == "WON"
        assert {r["state"] for r in await work.fetch("SELECT state FROM delivery")} == {"ASSIGNED"}
        presence = await work.fetch("SELECT driver_id, state FROM presence")
        assert {(r["driver_id"], r["state"]) for r in presence} == {
            (winner, "ENGAGED"),
            *((driver, "AVAILABLE") for driver, _ in others),
        }
        names = await event_names(work, world.market.id)
        assert sorted(name for name in names if name != "OfferSent") == [
            "DeliveryAssigned",
            "DeliveryAssigned",
            "OfferAccepted",
            "OfferWithdrawn",
            "OfferWithdrawn",
            "RouteAssigned",
        ]


async def test_the_second_driver_is_told_the_route_is_gone(works: Works) -> None:
    _, offers = await offered(works)
    (winner, first), (loser, second), *_ = offers.items()
    async with works.open() as work:
        await accept_offer(work, offer_id=first, driver_id=winner)
        events = len(work.events)

    with pytest.raises(OfferTaken):
        async with works.open() as work:
            await accept_offer(work, offer_id=second, driver_id=loser)

    async with works.open() as work:
        assert events
        assert await work.fetch_value("SELECT driver_id FROM route WHERE state = 'ASSIGNED'") == winner


async def test_saying_yes_twice_is_one_yes(works: Works) -> None:
    world, offers = await offered(works)
    winner, offer = next(iter(offers.items()))
    async with works.open() as work:
        await accept_offer(work, offer_id=offer, driver_id=winner)

    async with works.open() as work:
        assert await accept_offer(work, offer_id=offer, driver_id=winner) == world.route_ids[0]
        assert work.events == []


async def test_a_late_yes_is_expired_even_before_the_sweep(works: Works, clock: ManualClock) -> None:
    _, offers = await offered(works)
    driver, offer = next(iter(offers.items()))
    clock.advance(seconds=60)

    with pytest.raises(OfferExpired):
        async with works.open() as work:
            await accept_offer(work, offer_id=offer, driver_id=driver)


async def test_nothing_expires_early(works: Works, clock: ManualClock) -> None:
    await offered(works)
    clock.advance(seconds=59.999)

    async with works.open() as work:
        assert await expire_due(work) == 0


async def test_somebody_elses_offer_does_not_exist(works: Works) -> None:
    world, offers = await offered(works)
    async with works.open() as work:
        stranger = await make_driver(work, world.market)

    with pytest.raises(NotFound):
        async with works.open() as work:
            await accept_offer(work, offer_id=next(iter(offers.values())), driver_id=stranger.id)


async def test_a_driver_holds_one_route(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, routes=2)
    for route_id in world.route_ids:
        await send_wave(works, route_id)
    driver = world.drivers[0].id
    async with works.open() as work:
        first = (await open_offers(work, world.route_ids[0]))[driver]
        second = (await open_offers(work, world.route_ids[1]))[driver]
        await accept_offer(work, offer_id=first, driver_id=driver)
        # The other offer was taken back in the same commit; a yes that comes too late hears so.
        assert await work.fetch_value("SELECT end_reason FROM offer WHERE id = $1", second) == "ENGAGED"
        assert await work.fetch_value("SELECT state FROM wave WHERE route_id = $1", world.route_ids[1]) == "EXHAUSTED"


async def test_the_database_refuses_a_second_route(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1, routes=2)
    for route_id in world.route_ids:
        await send_wave(works, route_id)
    driver = world.drivers[0].id
    async with works.open() as work:
        offers = [(await open_offers(work, route_id))[driver] for route_id in world.route_ids]
        await work.execute(
            "UPDATE route SET state = 'ASSIGNED', driver_id = $2, accepted_at = $3, guarantee_minor = 1 WHERE id = $1",
            world.route_ids[0],
            driver,
            work.now,
        )

    with pytest.raises(DriverEngaged):
        async with works.open() as work:
            await accept_offer(work, offer_id=offers[1], driver_id=driver)


async def test_a_route_that_lost_a_delivery_has_changed(works: Works) -> None:
    world, offers = await offered(works)
    driver, offer = next(iter(offers.items()))
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET state = 'CANCELLED' WHERE id = (SELECT min(id::text)::uuid FROM delivery)"
        )

    with pytest.raises(RouteChanged):
        async with works.open() as work:
            await accept_offer(work, offer_id=offer, driver_id=driver)

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM route WHERE id = $1", world.route_ids[0]) == "OFFERING"
        assert await work.fetch_value("SELECT state FROM offer WHERE id = $1", offer) == "SENT"


async def test_a_no_is_a_no(works: Works) -> None:
    _, offers = await offered(works)
    driver, offer = next(iter(offers.items()))
    async with works.open() as work:
        await decline_offer(work, offer_id=offer, driver_id=driver)

    with pytest.raises(Exception, match="declined"):
        async with works.open() as work:
            await accept_offer(work, offer_id=offer, driver_id=driver)
