"""What all reports have in common: bounds, flags, and one effect however often they come."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.routes.refusals import BadReport, ClientEventReused
from marketplace.routes.report import Report, judge
from marketplace.routes.states import ReportFlag, ReportVerb
from tests.marketplace.routes.drives import after, make_drive, point_of

ACCEPTED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = ACCEPTED + timedelta(hours=1)
HERE = Point(lat=-29.9045, lon=-71.2489)
METRE = 1 / 111_195
"""A metre as degrees of latitude."""


def report(**changes: Any) -> Report:
    said: dict[str, Any] = {
        "verb": ReportVerb.ARRIVE,
        "driver_id": UUID(int=1),
        "stop_id": UUID(int=2),
        "client_event_id": "event-1",
        "occurred_at": NOW - timedelta(minutes=10),
        "place": None,
    }
    return Report(**said | changes)


@pytest.mark.parametrize(
    ("occurred_at", "effective_at", "flag"),
    [
        (NOW - timedelta(minutes=10), NOW - timedelta(minutes=10), None),
        (ACCEPTED + timedelta(minutes=30), ACCEPTED + timedelta(minutes=30), None),
        (ACCEPTED + timedelta(minutes=29, seconds=59), ACCEPTED + timedelta(minutes=30), ReportFlag.OUT_OF_ORDER),
        (ACCEPTED - timedelta(seconds=1), ACCEPTED + timedelta(minutes=30), ReportFlag.TOO_EARLY),
        (NOW + timedelta(seconds=120), NOW, None),
        (NOW + timedelta(seconds=121), NOW, ReportFlag.IN_THE_FUTURE),
    ],
)
def test_what_counts_stays_between_the_last_report_and_now(
    occurred_at: datetime, effective_at: datetime, flag: ReportFlag | None
) -> None:
    judgement = judge(
        report(occurred_at=occurred_at),
        accepted_at=ACCEPTED,
        last_moment=ACCEPTED + timedelta(minutes=30),
        now=NOW,
    )

    assert (judgement.effective_at, judgement.flag) == (effective_at, flag)


@pytest.mark.parametrize(("distance_m", "flag"), [(299, None), (301, ReportFlag.FAR_FROM_STOP)])
def test_a_report_from_more_than_300_metres_away_is_odd(distance_m: int, flag: ReportFlag | None) -> None:
    place = Point(lat=HERE.lat + distance_m * METRE, lon=HERE.lon)

    judgement = judge(report(place=place), accepted_at=ACCEPTED, last_moment=ACCEPTED, now=NOW, stop_point=HERE)

    assert judgement.flag is flag


def test_being_elsewhere_is_graver_than_a_wrong_clock() -> None:
    place = Point(lat=HERE.lat + 0.1, lon=HERE.lon)

    judgement = judge(
        report(place=place, occurred_at=NOW + timedelta(hours=1)),
        accepted_at=ACCEPTED,
        last_moment=ACCEPTED,
        now=NOW,
        stop_point=HERE,
    )

    assert (judgement.effective_at, judgement.flag) == (NOW, ReportFlag.FAR_FROM_STOP)


@pytest.mark.parametrize("key", ["", "x" * 101, "a\x00b", "a\ud800b", "line\nbreak"])
def test_a_client_event_id_is_short_and_printable(key: str) -> None:
    with pytest.raises(BadReport) as refused:
        report(client_event_id=key)

    assert (refused.value.code, refused.value.field) == ("BAD_REPORT", "clientEventId")


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 3, 2, 12, 0), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))],
)
def test_a_report_says_an_instant(moment: datetime) -> None:
    with pytest.raises(BadReport) as refused:
        report(occurred_at=moment)

    assert refused.value.field == "occurredAt"


def test_the_same_instant_in_another_zone_is_the_same_report() -> None:
    in_chile = NOW.astimezone(timezone(timedelta(hours=-3)))

    assert report(occurred_at=in_chile).digest == report(occurred_at=NOW).digest
    assert report(occurred_at=NOW).digest != report(occurred_at=NOW, place=HERE).digest


async def test_the_same_report_again_gets_its_first_receipt_and_has_no_second_effect(
    works: Works, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    said = {"client_event_id": "arrival", "occurred_at": clock.now}
    first = await drive.arrive(0, **said)
    before = await drive.everything()
    clock.advance(seconds=3600)

    second = await drive.arrive(0, **said)

    assert second == first
    assert await drive.everything() == before


async def test_a_receipt_can_be_had_after_the_route_is_over(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    first = await drive.start(client_event_id="start", occurred_at=clock.now)
    await drive.pick_up(0)
    last = await drive.drop_off(1, client_event_id="last", occurred_at=clock.now)
    before = await drive.everything()

    assert await drive.start(client_event_id="start", occurred_at=clock.now) == first
    assert await drive.drop_off(1, client_event_id="last", occurred_at=clock.now) == last
    assert await drive.everything() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"occurred_at": ACCEPTED + timedelta(seconds=5)},
        {"place": HERE},
    ],
)
async def test_a_client_event_id_means_one_report(works: Works, clock: ManualClock, changes: dict[str, object]) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=60)
    await drive.start()
    await drive.arrive(0, client_event_id="once", occurred_at=clock.now)
    before = await drive.everything()

    with pytest.raises(ClientEventReused) as refused:
        await drive.arrive(0, **{"client_event_id": "once", "occurred_at": clock.now} | changes)

    assert refused.value.code == "CLIENT_EVENT_REUSED"
    assert await drive.everything() == before


async def test_a_client_event_id_means_one_verb(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.arrive(0, client_event_id="once", occurred_at=clock.now)
    before = await drive.everything()

    with pytest.raises(ClientEventReused):
        await drive.pick_up(0, client_event_id="once", occurred_at=clock.now)

    assert await drive.everything() == before


async def test_an_app_that_was_offline_sends_its_whole_day_later(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=7200)

    await drive.start(occurred_at=after(drive, 1))
    await drive.arrive(0, occurred_at=after(drive, 10), place=point_of(drive.stops[0]))
    await drive.pick_up(0, occurred_at=after(drive, 15), place=point_of(drive.stops[0]))
    await drive.arrive(1, occurred_at=after(drive, 25), place=point_of(drive.stops[1]))
    await drive.drop_off(1, occurred_at=after(drive, 27), place=point_of(drive.stops[1]))
    await drive.arrive(2, occurred_at=after(drive, 40), place=point_of(drive.stops[2]))
    await drive.drop_off(2, occurred_at=after(drive, 42), place=point_of(drive.stops[2]))

    route = await drive.the_route()
    assert (route["state"], route["is_flagged"]) == ("COMPLETED", False)
    assert (route["started_at"], route["ended_at"]) == (after(drive, 1), after(drive, 42))
    times = [(stop["arrived_at"], stop["ended_at"]) for stop in [await drive.stop(place) for place in range(3)]]
    assert times == [
        (after(drive, 10), after(drive, 15)),
        (after(drive, 25), after(drive, 27)),
        (after(drive, 40), after(drive, 42)),
    ]
    assert await drive.deliveries_are() == ["DELIVERED", "DELIVERED"]


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"place": Point(lat=-30.2, lon=-71.2489)}, "FAR_FROM_STOP"),
        ({"occurred_at": ACCEPTED + timedelta(hours=2)}, "IN_THE_FUTURE"),
        ({"occurred_at": ACCEPTED - timedelta(hours=2)}, "TOO_EARLY"),
        ({"occurred_at": ACCEPTED + timedelta(seconds=1)}, "OUT_OF_ORDER"),
    ],
)
async def test_an_odd_report_works_and_flags_its_route(
    works: Works, clock: ManualClock, changes: dict[str, object], flag: str
) -> None:
    drive = await make_drive(works, clock)
    clock.advance(seconds=60)
    await drive.start()

    receipt = await drive.arrive(0, **changes)

    assert receipt.flag == flag
    assert receipt.effective_at == clock.now
    assert (await drive.stop(0))["state"] == "ARRIVED"
    assert (await drive.the_route())["is_flagged"] is True
    async with works.open() as work:
        kept = await work.fetch_row("SELECT * FROM stop_report WHERE id = $1", receipt.report_id)
    assert kept is not None
    assert (kept["flag"], kept["verb"], kept["received_at"]) == (flag, "ARRIVE", clock.now)
    assert kept["occurred_at"] == changes.get("occurred_at", clock.now)
