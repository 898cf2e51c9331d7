"""Recurring batches as their shipper steers them: set up, changed, paused, resumed, skipped, ended, and forgotten."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import Principal, PrincipalKind
from marketplace.core.clock import ManualClock
from marketplace.core.errors import Invalid, NotFound, Refusal
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.hubs import Opening
from marketplace.recipients import erase_recipient
from marketplace.recurring_batches import (
    OccurrenceSettled,
    OnClosedDay,
    RecurringBatchEnded,
    Terms,
    change_recurring_batch,
    end_recurring_batch,
    pause_recurring_batch,
    preview_recurrence,
    resume_recurring_batch,
    skip_occurrence,
)
from marketplace.shippers import Tier
from tests.builders import make_hub, make_market
from tests.marketplace.recurring_batches.world import TOMORROW, Dairy, make_dairy

HOUR, DAY = 3_600, 86_400


def march(day: int) -> date:
    return date(2026, 3, day)


@pytest.fixture
async def dairy(works: Works) -> Dairy:
    return await make_dairy(works)


async def do(dairy: Dairy, verb: Any, recurring_id: UUID, **arguments: Any) -> None:
    async with dairy.works.open() as work:
        await verb(work, shipper_id=dairy.shipper.id, recurring_batch_id=recurring_id, **arguments)


async def test_what_came_due_while_it_paused_is_written_down_and_not_posted(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep()

    await do(dairy, pause_recurring_batch, milk)
    clock.advance(seconds=2 * DAY)
    await dairy.look(milk)
    assert await dairy.runs() == []
    await do(dairy, resume_recurring_batch, milk)
    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)

    assert await dairy.runs() == [
        (march(3), "SKIPPED", "PAUSED", 0),
        (march(4), "SKIPPED", "PAUSED", 0),
        (march(5), "POSTED", None, 1),
    ]
    assert [reason for _, reason in await dairy.told()] == ["CREATED", "PAUSED", "RESUMED", "PAUSED", "PAUSED", ""]


async def test_a_skipped_day_is_passed_over_and_a_settled_one_cannot_be_skipped(
    dairy: Dairy, clock: ManualClock
) -> None:
    milk = await dairy.keep(rule="FREQ=WEEKLY;BYDAY=TU,WE,TH")

    for day in (march(3), march(5)):
        await do(dairy, skip_occurrence, milk, day=day)
    assert await dairy.standing(milk) == ("ACTIVE", march(4), 0)
    clock.advance(seconds=DAY + 21 * HOUR)
    await dairy.look(milk)

    for day, refusal in ((march(4), OccurrenceSettled), (march(5), OccurrenceSettled), (march(6), NotFound)):
        with pytest.raises(refusal):
            await do(dairy, skip_occurrence, milk, day=day)
    assert [run[1:3] for run in await dairy.runs()] == [
        ("SKIPPED", "BY_SHIPPER"), ("POSTED", None), ("SKIPPED", "BY_SHIPPER"),
    ]  # fmt: skip
    assert await dairy.standing(milk) == ("ACTIVE", march(10), 0)


async def test_a_change_counts_from_its_own_start_and_settles_no_day_anew(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep()
    clock.advance(seconds=20 * HOUR)
    await do(dairy, skip_occurrence, milk, day=march(4))

    cream = dairy.row("cream", starts_at=datetime(2026, 3, 3, 9))
    await do(dairy, change_recurring_batch, milk, template=dairy.template(cream))
    clock.advance(seconds=HOUR)
    await dairy.look(milk)

    assert [reference for reference, _ in await dairy.posted()] == ["cream@2026-03-03"]
    assert await dairy.standing(milk) == ("ACTIVE", march(5), 0)
    async with dairy.works.open() as work:
        assert await work.fetch_value("SELECT version FROM recurring_run WHERE outcome = 'POSTED'") == 2
        assert await work.fetch_value("SELECT count(*) FROM recurring_version") == 2


async def test_what_has_ended_posts_nothing_and_begins_no_more(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep()

    await do(dairy, end_recurring_batch, milk)
    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)

    assert await dairy.runs() == []
    for verb in (pause_recurring_batch, resume_recurring_batch, end_recurring_batch):
        with pytest.raises(RecurringBatchEnded):
            await do(dairy, verb, milk)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"starts_at": TOMORROW - timedelta(days=1)}, "startsAt"),
        ({"starts_at": TOMORROW + timedelta(days=800)}, "startsAt"),
        ({"rule": "FREQ=DAILY;UNTIL=20260302"}, "rule"),
        ({"lead_s": -1}, "leadS"),
        ({"except_days": frozenset(march(1) + timedelta(days=n) for n in range(367))}, "exceptDays"),
    ],
)
async def test_terms_that_could_never_be_kept_are_refused(dairy: Dairy, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await dairy.keep(**terms)

    assert refused.value.field == field
    assert await dairy.told() == []


async def test_rows_that_could_never_be_posted_are_refused_by_their_place(dairy: Dairy) -> None:
    rows = {
        "deliveries[0].externalId": dairy.row("m" * 90),
        "deliveries[0].dropoffWindow": dairy.row(tier=None, dropoff_window=None),
        "deliveries[0].pickupWindow": dairy.row(
            pickup_window=dairy.row(starts_at=TOMORROW + timedelta(days=15)).pickup_window
        ),
        "deliveries[0].packages": dairy.row(packages=[]),
    }

    for field, row in rows.items():
        with pytest.raises(Refusal) as refused:
            await dairy.keep(row)
        assert refused.value.field == field
    with pytest.raises(Refusal, match="twice"):
        await dairy.keep(dairy.row(), dairy.row())


@pytest.mark.parametrize(
    ("tier", "lead_s", "is_kept"),
    [
        (Tier.SAME_DAY, 9 * HOUR, True),
        (Tier.SAME_DAY, 9 * HOUR + 1, False),
        (Tier.NEXT_DAY, 9 * HOUR, False),
        (Tier.NEXT_DAY, 9 * HOUR + 1, True),
        (Tier.NEXT_DAY, 2 * DAY, False),
    ],
)
async def test_a_tier_is_posted_when_it_promises_that_day(dairy: Dairy, tier: Tier, lead_s: int, is_kept: bool) -> None:
    row = dairy.row(tier=tier, pickup_window=None, dropoff_window=None)

    if is_kept:
        await dairy.keep(row, lead_s=lead_s)
        return
    with pytest.raises(Invalid) as refused:
        await dairy.keep(row, lead_s=lead_s)
    assert refused.value.field == "leadS"


async def test_a_hub_of_another_market_is_none(dairy: Dairy) -> None:
    async with dairy.works.open() as work:
        far = await make_hub(work, await make_market(work))

    with pytest.raises(NotFound):
        await dairy.keep(dairy.row(hub_id=far.id))


async def test_a_look_ahead_shows_what_would_be_posted_when(works: Works) -> None:
    dairy = await make_dairy(works, opening=Opening(holidays=frozenset({march(4), date(2026, 4, 5)})))
    terms = Terms(
        starts_at=TOMORROW, rule="FREQ=WEEKLY;BYDAY=WE,SU;UNTIL=20260406", lead_s=DAY,
        except_days=frozenset({march(8)}), on_closed_day=OnClosedDay.MOVE,
    )  # fmt: skip

    async with works.open() as work:
        shown = await preview_recurrence(
            work, shipper_id=dairy.shipper.id, market_id=dairy.market.id, terms=terms, hub_ids=[dairy.hub.id], count=99
        )
        with pytest.raises(NotFound):
            await preview_recurrence(
                work,
                shipper_id=dairy.shipper.id,
                market_id=dairy.market.id,
                terms=terms,
                hub_ids=[UUID(int=1)],
                count=9,
            )

    assert len(shown) == 9
    assert (shown[0]["day"], shown[0]["falls_on"]) == (march(4), march(5))
    assert f"{shown[0]['posts_at']:%m-%dT%H:%M}" == "03-04T12:00"
    # Moved to Monday; Chile's clocks were set back in the night to Sunday.
    assert (shown[-1]["day"], shown[-1]["falls_on"]) == (date(2026, 4, 5), date(2026, 4, 6))
    assert f"{shown[-1]['posts_at']:%m-%dT%H:%M}" == "04-05T13:00"


async def test_an_erased_recipient_is_brought_nothing_more(dairy: Dairy, clock: ManualClock) -> None:
    luz = dairy.row("luz")
    quiet = replace(luz, external_id="quiet", dropoff=replace(luz.dropoff, phone="", name="Nora"))
    both = replace(luz, external_id="other", dropoff=replace(luz.dropoff, phone="+56922222222", name="Iris"))
    milk = await dairy.keep(luz, quiet, both)
    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)
    by = Principal(kind=PrincipalKind.SHIPPER, id=dairy.shipper.id, market_id=None)

    async with dairy.works.open() as work:
        await work.execute("UPDATE delivery SET state = 'CANCELLED', fee_minor = 0")
        await erase_recipient(work, by=by, phone="+56911111111")
        nora = await work.fetch_value("SELECT id FROM delivery WHERE external_id = 'quiet@2026-03-03'")
        await erase_recipient(work, by=by, delivery_id=DeliveryId(nora))
        left = await work.fetch_value("SELECT deliveries::text FROM recurring_version")
    clock.advance(seconds=DAY)
    await dairy.look(milk)

    assert "Luz" not in left
    assert "Nora" not in left
    assert [reference for reference, _ in await dairy.posted()][3:] == ["other@2026-03-04"]


async def test_a_template_of_nobody_is_passed_over(dairy: Dairy, clock: ManualClock) -> None:
    milk = await dairy.keep()
    async with dairy.works.open() as work:
        await work.execute("UPDATE recurring_version SET deliveries = '[]'")

    clock.advance(seconds=21 * HOUR)
    await dairy.look(milk)

    assert await dairy.runs() == [(march(3), "SKIPPED", "NOBODY_LEFT", 0)]


async def test_a_shipper_keeps_a_bounded_number_of_them(dairy: Dairy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.recurring_batches.create.MOST_RECURRING", 1)
    first = await dairy.keep()

    with pytest.raises(Refusal) as refused:
        await dairy.keep()
    assert refused.value.code == "TOO_MANY_RECURRING_BATCHES"

    await do(dairy, end_recurring_batch, first)
    assert await dairy.keep() != first
