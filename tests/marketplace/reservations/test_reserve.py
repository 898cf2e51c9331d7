"""Reserved places are kept from everybody else until their release hour; no more is reserved than there is."""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import uuid4

import orjson
import pytest

from marketplace.batches import CapacityReserved, ChosenBy, ItemRequest, LocalWindow, reschedule_delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound, Refusal
from marketplace.core.money import Money
from marketplace.core.window import local_window
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.hubs import Opening
from marketplace.reservations import (
    BadReservation,
    Terms,
    all_terms,
    change_reservation,
    days_of,
    end_reservation,
)
from marketplace.windows import HoldWindow, WindowFull, WindowQuestion
from marketplace.windows.hold import take_place
from marketplace.windows.look import OfferedWindow, read_day
from marketplace.windows.states import WindowReason
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_driver, make_hub
from tests.marketplace.batches.orders import ROUTER
from tests.marketplace.hubs.stock import keep
from tests.marketplace.reservations.agreed import MONDAY, TOMORROW, agree, answers, moment, reserve, try_to_reserve

THREE = Terms(first_day=TOMORROW, places=3, fee_minor=500)


async def test_others_are_refused_where_the_shipper_with_a_reservation_is_let_in(works: Works) -> None:
    world = await agree(works, terms=THREE)

    said = {
        "small": await world.post(works, world.small, "a", "b"),
        "large": await world.post(works, world.large, "c", "d", "e", "f"),
        "today": await world.post(works, world.small, "g", "h", days=0),
    }

    assert said == {
        "small": ["posted", "CAPACITY_RESERVED"],
        "large": ["posted", "posted", "posted", "HUB_FULL"],
        "today": ["posted", "posted"],
    }


async def test_from_the_release_hour_on_what_is_unused_is_free_for_all(works: Works, clock: ManualClock) -> None:
    world = await agree(works, terms=THREE)
    first = await world.post(works, world.large, "a")

    clock.advance(seconds=6 * 3600 + 1)

    said = await world.post(works, world.small, *"bcde")
    assert (first, said) == (["posted"], ["posted", "posted", "posted", "HUB_FULL"])


async def test_a_quote_says_what_a_posting_would_and_keeps_no_place(works: Works) -> None:
    world = await agree(works, terms=replace(THREE, places=4))

    quotes = [await world.quote(works, shipper, "a", "b") for shipper in (world.small, world.large)]

    assert [[problem.code for problem in quote.problems] for quote in quotes] == [["CAPACITY_RESERVED"] * 2, []]
    assert await world.post(works, world.large, quote_id=quotes[1].quote_id) == ["posted", "posted"]


async def test_windows_show_no_places_that_others_have_reserved(works: Works) -> None:
    world = await agree(works, terms=THREE)
    seen = []
    for shipper, posted in ((world.small, 0), (world.large, 0), (world.small, 1)):
        if posted:
            assert await world.post(works, world.small, "a") == ["posted"]
        async with works.open() as work:
            batch = await make_batch(work, world.market, shipper)
            waiting = await make_delivery(work, world.market, shipper, world.hub, batch)
            question = WindowQuestion(day=TOMORROW, shipper_id=shipper.id, delivery_id=waiting.id)
            day = await read_day(work, question)
        seen.append(({places for _, places in day.windows}, day.closed_reason))

    assert [places for places, _ in seen] == [{1}, {4}, set()]
    assert seen[2][1] == "FULL"


async def test_a_window_that_is_kept_for_others_is_held_by_its_shipper_alone(works: Works) -> None:
    world = await agree(works, terms=replace(THREE, places=4))
    said = []
    for shipper in (world.small, world.large):
        async with works.open() as work:
            await make_driver(work, world.market, kind=ContractKind.DEDICATED)
            batch = await make_batch(work, world.market, shipper)
            waiting = await make_delivery(work, world.market, shipper, world.hub, batch)
        question = WindowQuestion(day=MONDAY, shipper_id=shipper.id, delivery_id=waiting.id)
        window = local_window(moment(TOMORROW, 10), moment(TOMORROW, 12), world.hub.time_zone)
        errand = HoldWindow(router=ROUTER, question=replace(question, day=TOMORROW), window=window)
        try:
            async with works.open() as work:
                seen = await errand.read(work)
            offered = OfferedWindow(
                window=window,
                difference=Money(0, "CLP"),
                is_charged=False,
                reason=WindowReason.OWN_TRIP,
                extra_m=0,
                extra_s=0,
                places_left=1,
                room=1,
                route_id=None,
            )
            async with works.open() as work:
                said.append((await take_place(work, seen, offered, actor="SHIPPER"))["state"])
        except WindowFull as refusal:
            said.append(refusal.code)

    assert said == ["WINDOW_FULL", "HELD"]


async def test_a_delivery_is_not_moved_to_a_day_that_is_reserved_for_others(works: Works) -> None:
    world = await agree(works, terms=replace(THREE, places=4))
    await world.post(works, world.small, "a", days=0)
    tomorrow = LocalWindow(opens=moment(TOMORROW, 12), closes=moment(TOMORROW, 15))
    async with works.open() as work:
        delivery_id = await work.fetch_value("SELECT id FROM delivery")

    with pytest.raises(CapacityReserved):
        async with works.open() as work:
            await reschedule_delivery(
                work, delivery_id=delivery_id, window=tomorrow, chosen_by=ChosenBy.SHIPPER, shipper_id=world.small.id
            )

    # Its own place is no reason against a move within the day.
    async with works.open() as work:
        later = LocalWindow(opens=moment(MONDAY, 14), closes=moment(MONDAY, 18))
        await reschedule_delivery(
            work, delivery_id=delivery_id, window=later, chosen_by=ChosenBy.SHIPPER, shipper_id=world.small.id
        )


async def test_what_one_hub_keeps_for_others_comes_from_the_next_hub_that_has_it(works: Works) -> None:
    world = await agree(works, terms=replace(THREE, places=4))
    async with works.open() as work:
        far = await make_hub(work, world.market, lat=HUB_PLACE.lat + 0.05, name="Norte")
        await keep(work, world.market, world.small, "tea", [(world.hub, 9), (far, 1)])
    [plain] = world.rows("a")
    rows = [
        replace(plain, external_id=name, hub_id=None, packages=[], items=[ItemRequest(sku="tea", quantity=1)])
        for name in "ab"
    ]

    result = await run_errand(works, replace(world.posting(world.small), requests=rows))

    assert result is not None
    assert answers(result) == ["posted", "NO_HUB_SERVES"]
    async with works.open() as work:
        assert await work.fetch_value("SELECT hub_id FROM delivery") == far.id


async def test_the_whole_market_can_be_what_is_reserved(works: Works) -> None:
    world = await agree(works, places_per_day=100)
    unbound = await try_to_reserve(works, world, THREE, hub_id=None)
    async with works.open() as work:
        await work.execute("UPDATE market SET places_per_day = 4 WHERE id = $1", world.market.id)

    bound = await try_to_reserve(works, world, THREE, hub_id=None)
    at_hub = await try_to_reserve(works, world, replace(THREE, places=2), shipper_id=world.small.id)

    assert unbound.startswith("BAD_RESERVATION: the market has no placesPerDay")
    assert bound == "reserved"
    # What is reserved at a hub is reserved in its market, too.
    assert at_hub == "OVER_RESERVED: on 2026-03-03 the market has 1 places too few for this"
    said = await world.post(works, world.small, "a", "b"), await world.post(works, world.large, *"cdef")
    assert said == (["posted", "CAPACITY_RESERVED"], ["posted", "posted", "posted", "CAPACITY_FULL"])


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (replace(THREE, places=5), "OVER_RESERVED"),
        (replace(THREE, first_day=MONDAY), "BAD_RESERVATION"),
        # Tomorrow's places would be free for all already.
        (replace(THREE, release_time=time(9)), "BAD_RESERVATION"),
        (replace(THREE, places=0), "BAD_RESERVATION"),
    ],
)
async def test_what_cannot_be_kept_is_not_reserved(works: Works, terms: Terms, code: str) -> None:
    world = await agree(works)

    with pytest.raises(Refusal) as refused:
        async with works.open() as work:
            await reserve(work, world, terms)

    assert refused.value.code == code
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM capacity_reservation") == 0


async def test_all_that_is_reserved_or_promised_already_counts_against_the_place(works: Works) -> None:
    world = await agree(works, places_per_day=4)
    assert await world.post(works, world.small, "a", days=2) == ["posted"]
    tuesdays, wednesdays = replace(THREE, weekdays=frozenset({2})), replace(THREE, weekdays=frozenset({3}))

    said = [
        await try_to_reserve(works, world, replace(tuesdays, places=2)),
        await try_to_reserve(works, world, tuesdays, shipper_id=world.small.id),
        # One of Wednesday's four is taken; it may be one of those that its own shipper reserves.
        await try_to_reserve(works, world, replace(wednesdays, places=4)),
        await try_to_reserve(works, world, replace(wednesdays, places=4), shipper_id=world.small.id),
        await try_to_reserve(works, world, replace(tuesdays, places=1, weekdays=frozenset({2, 5}))),
    ]

    assert said == [
        "reserved",
        "OVER_RESERVED: on 2026-03-03 the hub has 1 places too few for this",
        "OVER_RESERVED: on 2026-03-04 the hub has 1 places too few for this",
        "reserved",
        "RESERVATION_MEETS_ANOTHER: change the reservation that there is for these hours",
    ]


async def test_no_more_of_an_hour_is_reserved_than_the_hub_gives_out_in_one(works: Works) -> None:
    world = await agree(works)
    async with works.open() as work:
        opening = orjson.dumps(Opening(places_per_hour=10).as_json()).decode()
        await work.execute("UPDATE hub SET opening = $2::jsonb WHERE id = $1", world.hub.id, opening)
    morning, small = replace(THREE, opens=time(8), closes=time(12), places=24), world.small.id
    late, noon = replace(morning, opens=time(11), closes=time(13)), replace(morning, opens=time(12), closes=time(13))

    said = [
        await try_to_reserve(works, world, morning),
        await try_to_reserve(works, world, replace(late, places=9), shipper_id=small),
        await try_to_reserve(works, world, replace(noon, places=10), shipper_id=small),
        await try_to_reserve(works, world, replace(noon, places=11)),
    ]

    over = "OVER_RESERVED: more than 10 places an hour would be reserved"
    assert said == ["reserved", over, "reserved", over]


async def test_a_change_counts_from_its_day_on_and_an_end_frees_the_places(works: Works) -> None:
    world = await agree(works)
    async with works.open() as work:
        reservation_id = await reserve(work, world, THREE)
        about = {"market_id": world.market.id, "reservation_id": reservation_id}
        later = replace(THREE, first_day=TOMORROW + timedelta(days=1), places=4)
        assert await change_reservation(work, terms=later, **about) == 2
        assert await end_reservation(work, from_day=TOMORROW + timedelta(days=2), **about) == 3
        with pytest.raises(BadReservation):
            await end_reservation(work, from_day=MONDAY, **about)
        with pytest.raises(NotFound):
            await end_reservation(work, market_id=uuid4(), reservation_id=reservation_id, from_day=TOMORROW)
        kept = await all_terms(work, shipper_id=world.large.id)

    said = [await world.post(works, world.small, f"a{days}", f"b{days}", days=days) for days in (1, 2, 3)]

    assert said == [["posted", "CAPACITY_RESERVED"], ["CAPACITY_RESERVED"] * 2, ["posted"] * 2]
    assert [(row["version"], row["places"], row["first_day"].day, row["next_day"]) for row in kept] == [
        (3, 0, 5, None), (2, 4, 4, date(2026, 3, 5)), (1, 3, 3, date(2026, 3, 4)),
    ]  # fmt: skip


async def test_a_shipper_sees_what_is_used_left_and_released_of_each_day(works: Works, clock: ManualClock) -> None:
    world = await agree(works, terms=replace(THREE, weekdays=frozenset({2, 3})))
    await world.post(works, world.large, "a", "b")
    await world.post(works, world.small, "c")

    async def days() -> list[tuple[int, int, int, int, bool]]:
        async with works.open() as work:
            [found] = (
                await days_of(
                    work,
                    market_id=world.market.id,
                    shipper_id=world.large.id,
                    first=MONDAY,
                    last=MONDAY + timedelta(days=6),
                )
            ).values()
        return [(one.day.day, one.places, one.used, one.left, one.is_released) for one in found]

    before = await days()
    clock.advance(seconds=6 * 3600)
    after = await days()

    assert before == [(3, 3, 2, 1, False), (4, 3, 0, 3, False)]
    assert after == [(3, 3, 2, 0, True), (4, 3, 0, 3, False)]
