"""Each day of a recurring batch is settled once: posted in time or late, skipped, missed or refused, and told."""

from datetime import UTC, date, datetime, time

import pytest

from marketplace.billing import CreditExhausted
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.work import Works
from marketplace.hubs import Opening
from marketplace.recurring_batches import OnClosedDay
from marketplace.shippers import ServiceLevel, Tier, set_service_level
from tests.marketplace.batches.orders import order
from tests.marketplace.recurring_batches.world import Dairy, door, make_dairy

HOUR, DAY = 3_600, 86_400
POOR = CreditExhausted("9 CLP (minor units) are missing for this")


def march(day: int) -> date:
    return date(2026, 3, day)


@pytest.fixture
async def dairy(works: Works) -> Dairy:
    return await make_dairy(works)


async def test_a_day_is_posted_when_it_is_due_with_its_windows_and_not_again(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep(rule="FREQ=WEEKLY;BYDAY=TU,FR", lead_s=2 * HOUR)

    clock.advance(seconds=19 * HOUR - 1)  # a second before seven on Tuesday
    await dairy.look(milk)
    assert await dairy.runs() == []
    clock.advance(seconds=1)
    await dairy.look(milk)
    await dairy.look(milk)

    assert await dairy.runs() == [(march(3), "POSTED", None, 1)]
    assert await dairy.posted() == [("milk@2026-03-03", datetime(2026, 3, 3, 13, tzinfo=UTC))]
    assert await dairy.standing(milk) == ("ACTIVE", march(6), 0)
    assert await dairy.told() == [("RecurringBatchChanged", "CREATED"), ("OccurrencePosted", "")]


async def test_windows_keep_their_time_of_day_when_clocks_are_set_back(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep(starts_at=datetime(2026, 4, 4, 9))

    for _ in range(2):
        clock.advance(seconds=33 * DAY - 3 * HOUR if not await dairy.runs() else 25 * HOUR)
        await dairy.look(milk)

    assert await dairy.posted() == [
        ("milk@2026-04-04", datetime(2026, 4, 4, 13, tzinfo=UTC)),
        ("milk@2026-04-05", datetime(2026, 4, 5, 14, tzinfo=UTC)),
    ]


async def test_a_worker_that_was_away_posts_what_can_be_kept_and_nothing_of_the_past(
    dairy: Dairy, clock: ManualClock
) -> None:
    milk = await dairy.keep()

    clock.advance(seconds=2 * DAY + 22 * HOUR)  # Thursday, ten in the morning
    await dairy.look(milk)

    assert await dairy.runs() == [
        (march(3), "SKIPPED", "MISSED", 0),
        (march(4), "SKIPPED", "MISSED", 0),
        (march(5), "POSTED", None, 1),
    ]
    assert [reference for reference, _ in await dairy.posted()] == ["milk@2026-03-05"]
    assert await dairy.standing(milk) == ("ACTIVE", march(6), 0)


async def test_what_a_tier_promises_by_the_moment_is_not_posted_on_another_day(
    dairy: Dairy, clock: ManualClock
) -> None:
    async with dairy.works.open() as work:
        level = ServiceLevel(tier=Tier.NEXT_DAY, opens=time(9), window_s=10_800)
        await set_service_level(work, shipper_id=dairy.shipper.id, market_id=dairy.market.id, level=level)
    row = order("milk", hub_id=dairy.hub.id, tier=Tier.NEXT_DAY, pickup_window=None, dropoff_window=None)
    milk = await dairy.keep(row, starts_at=datetime(2026, 3, 4, 9), lead_s=DAY)

    clock.advance(seconds=21 * HOUR)  # Tuesday, nine
    await dairy.look(milk)
    clock.advance(seconds=2 * DAY)  # Thursday, nine: what was due on Wednesday would come on Friday by now
    await dairy.look(milk)

    assert [run[:3] for run in await dairy.runs()] == [
        (march(4), "POSTED", None),
        (march(5), "SKIPPED", "MISSED"),
        (march(6), "POSTED", None),
    ]
    assert await dairy.posted() == [
        ("milk@2026-03-04", datetime(2026, 3, 4, 12, tzinfo=UTC)),
        ("milk@2026-03-06", datetime(2026, 3, 6, 12, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("on_closed_day", "posted", "became"),
    [
        (OnClosedDay.POST, [("milk@2026-03-06", 6)], ("REFUSED", "HUB_CLOSED")),
        (OnClosedDay.SKIP, [("milk@2026-03-06", 6)], ("SKIPPED", "CLOSED_DAY")),
        (OnClosedDay.MOVE, [("milk@2026-03-03", 4), ("milk@2026-03-06", 6)], ("POSTED", None)),
    ],
)
async def test_a_holiday_of_its_hub_is_tried_skipped_or_moved_as_its_shipper_wishes(
    works: Works,
    clock: ManualClock,
    on_closed_day: OnClosedDay,
    posted: list[tuple[str, int]],
    became: tuple[str, str | None],
) -> None:
    dairy = await make_dairy(works, opening=Opening(holidays=frozenset({march(3)})))
    milk = await dairy.keep(rule="FREQ=WEEKLY;BYDAY=TU,FR", on_closed_day=on_closed_day)

    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)
    assert await dairy.posted() == []
    for _ in range(3):
        clock.advance(seconds=DAY)
        await dairy.look(milk)

    assert [(reference, opens_at.day) for reference, opens_at in await dairy.posted()] == posted
    [first, *_] = await dairy.runs()
    assert first[1:3] == became


async def test_a_refusal_is_kept_and_the_next_day_is_tried_until_three_in_a_row_pause_it(
    dairy: Dairy, clock: ManualClock
) -> None:
    milk = await dairy.keep()

    for says in (POOR, None, POOR, POOR, POOR):
        clock.advance(seconds=21 * HOUR if not await dairy.runs() else DAY)
        await dairy.look(milk, door(says))

    refused = (False, "REFUSED", "CREDIT_EXHAUSTED", 0)
    assert [(run[0] == march(4), *run[1:]) for run in await dairy.runs()] == [
        refused,
        (True, "POSTED", None, 1),
        *[refused] * 3,
    ]
    assert await dairy.standing(milk) == ("PAUSED", march(8), 3)
    assert [reference for reference, _ in await dairy.posted()] == ["milk@2026-03-04"]
    assert await dairy.told() == [
        ("RecurringBatchChanged", "CREATED"),
        ("OccurrenceRefused", "CREDIT_EXHAUSTED"),
        ("OccurrencePosted", ""),
        *[("OccurrenceRefused", "CREDIT_EXHAUSTED")] * 3,
        ("RecurringBatchChanged", "REFUSALS"),
    ]
    async with dairy.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM batch") == 1


async def test_rows_that_cannot_be_posted_are_named_and_stop_no_other(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep(
        dairy.row("milk"), dairy.row("cream", tier=Tier.SCHEDULED), lead_s=DAY, rule="FREQ=DAILY;COUNT=1"
    )
    bad = await dairy.keep(dairy.row("butter", service_level="EXPRESS"))

    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)
    await dairy.look(bad)

    async with dairy.works.open() as work:
        kept = await work.fetch("SELECT outcome, reason, posted_count, problems::text FROM recurring_run ORDER BY id")
    assert [(row["outcome"], row["reason"], row["posted_count"]) for row in kept] == [
        ("POSTED", None, 1),
        ("REFUSED", "BAD_DELIVERY", 0),
    ]
    assert "cream@2026-03-03" in kept[0]["problems"]
    assert "BAD_TIER" in kept[0]["problems"]
    assert "butter@2026-03-03" in kept[1]["problems"]


async def test_a_reference_that_its_shipper_used_otherwise_is_no_posting_of_that_day(
    dairy: Dairy, clock: ManualClock
) -> None:
    first, second = await dairy.keep(), await dairy.keep()

    clock.advance(seconds=21 * HOUR)
    await dairy.look(first)
    await dairy.look(second)

    assert [run[1:3] for run in await dairy.runs()] == [("POSTED", None), ("REFUSED", "EXTERNAL_ID_REUSED")]
    assert len(await dairy.posted()) == 1


async def test_what_may_pass_later_settles_nothing(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep()
    clock.advance(seconds=21 * HOUR)

    with pytest.raises(Unavailable):
        await dairy.look(milk, door(Unavailable("later")))
    assert await dairy.runs() == []
    await dairy.look(milk)

    assert await dairy.runs() == [(march(3), "POSTED", None, 1)]


async def test_a_day_that_was_changed_or_skipped_meanwhile_is_not_posted(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep(rule="FREQ=DAILY;COUNT=1")
    clock.advance(seconds=21 * HOUR)
    errand = dairy.errand(milk)
    async with dairy.works.open() as work:
        due = await errand.read(work)
    assert due is not None
    priced = await errand.call(due)

    await run_errand(dairy.works, dairy.errand(milk))
    async with dairy.works.open() as work:
        assert await errand.record(work, due, priced)

    assert await dairy.runs() == [(march(3), "POSTED", None, 1)]
    assert len(await dairy.posted()) == 1
    assert await dairy.standing(milk) == ("ENDED", None, 0)
    assert (await dairy.told())[-1] == ("RecurringBatchChanged", "DONE")
