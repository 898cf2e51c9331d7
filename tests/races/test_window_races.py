"""The last place of a window goes to one of many, by real commits on many connections."""

import asyncio
from datetime import UTC, datetime

from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.errors import Refusal
from marketplace.core.window import Window
from marketplace.core.work import Works
from marketplace.hubs import Opening
from marketplace.windows import HoldWindow, WindowFull, book_window, revoke_window
from tests.builders import make_delivery
from tests.marketplace.windows.world import make_world

TAKERS = 20
SEVEN = Window(datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 20, tzinfo=UTC))


async def test_of_twenty_who_want_the_last_place_one_gets_it(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_world(work, drivers=30, opening=Opening(window_s=3600, places_per_hour=1))
        wishes = [
            await make_delivery(
                work, world.market, world.shipper, world.hub, world.batch,
                dropoff_opens_at=datetime(2026, 3, 3, 15, tzinfo=UTC),
                dropoff_closes_at=datetime(2026, 3, 3, 18, tzinfo=UTC),
            )
            for _ in range(TAKERS)
        ]  # fmt: skip
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE id = $1", world.delivery.id)
    errands = [world.hold(SEVEN, delivery_id=wish.id) for wish in wishes]
    # All have looked before anybody takes: only the lock stands between them and a place that is sold twice.
    looks = []
    for errand in errands:
        async with works.open() as work:
            looks.append(await errand.read(work))
    answers = [await errand.call(seen) for errand, seen in zip(errands, looks, strict=True)]

    async def take(number: int) -> bool:
        try:
            async with works.open() as work:
                held = await errands[number].record(work, looks[number], answers[number])
                await book_window(work, hold_id=held["id"], caller=world.caller, gate=check_credit)
        except WindowFull:
            return False
        return True

    taken = await asyncio.gather(*(take(number) for number in range(TAKERS)))

    assert sum(taken) == 1
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM window_hold") == 1
        assert await work.fetch_value("SELECT count(*) FROM delivery WHERE dropoff_opens_at = $1", SEVEN.opens_at) == 1


async def test_what_one_driver_can_keep_is_held_once_without_any_bound(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_world(work, drivers=1, opening=Opening(window_s=3600))
        wishes = [
            await make_delivery(work, world.market, world.shipper, world.hub, world.batch, load=[30, 1_000, 8])
            for _ in range(4)
        ]
        await work.execute("UPDATE delivery SET plan_after = $1", SEVEN.closes_at)
    errands = [world.hold(SEVEN, delivery_id=wish.id) for wish in wishes]

    async def take(errand: HoldWindow) -> bool:
        try:
            return await run_errand(works, errand) is not None
        except Refusal:
            return False

    taken = await asyncio.gather(*(take(errand) for errand in errands))

    assert sum(taken) == 1


async def test_a_hold_is_booked_or_given_back_but_never_both(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_world(work, opening=Opening(window_s=3600))
    held = await run_errand(works, world.hold(SEVEN))
    assert held is not None

    async def book() -> str:
        async with works.open() as work:
            row = await book_window(work, hold_id=held["id"], caller=world.caller, gate=check_credit)
            return str(row["state"])

    async def give_back() -> str:
        async with works.open() as work:
            await revoke_window(work, hold_id=held["id"], caller=world.caller, gate=check_credit)
            return "GIVEN_BACK"

    await asyncio.gather(book(), give_back(), return_exceptions=True)

    async with works.open() as work:
        state = await work.fetch_value("SELECT state FROM window_hold")
        is_promised = await work.fetch_value("SELECT dropoff_opens_at = $1 FROM delivery", SEVEN.opens_at)
        assert (state, is_promised) in {("RELEASED", False), ("REVOKED", False)}
