"""Predicted arrivals are held against what happened: exact sums, by moment and horizon, each prediction once."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.analytics import eta_quality, roll_up_all
from marketplace.analytics.eta_quality import BadSpan, EtaFigures
from marketplace.arrivals import PredictionMoment
from marketplace.arrivals.events import ArrivalChanged, LateRiskRaised
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.outbox import publish_events
from marketplace.core.work import Work, Works
from tests.marketplace.routes.drives import Drive, make_drive

KEEP = """
INSERT INTO arrival_prediction (id, market_id, route_id, delivery_id, stop_id, moment, stage, predicted_at,
    counted_from, eta_at, p10, p50, p90, shown_opens_at, shown_closes_at, late_probability)
VALUES ($1, $2, $3, $4, $5, $6, 'COMING', $7, $7, $8, $9, $8, $10, $11, $12, 0)
"""


async def predict(drive: Drive, number: int, moment: str, *, ahead_min: float, now: datetime) -> None:
    """A prediction with a spread of 4 minutes either way, shown from 6 before to 9 after."""
    eta_at = now + timedelta(minutes=ahead_min)
    around = [eta_at + timedelta(minutes=minutes) for minutes in (-4, 4, -6, 9)]
    async with drive.works.open() as work:
        place = (drive.market.id, drive.route.id, drive.deliveries[number].id, drive.stops[number + 1].id)
        await work.execute(KEEP, work.new_id(), *place, moment, now, eta_at, *around)


async def count(drive: Drive) -> None:
    async with drive.works.open() as work:
        while await publish_events(work, MarketId(drive.market.id)):
            pass
    await roll_up_all(drive.works, market_id=MarketId(drive.market.id))


def changed(market_id: UUID, *, opens: int, closes: int, before: tuple[int, int] | None) -> ArrivalChanged:
    def at(minutes: int) -> datetime:
        return datetime(2026, 3, 2, 14, 0, tzinfo=UTC) + timedelta(minutes=minutes)

    return ArrivalChanged(
        market_id=market_id,
        shipper_id=UUID(int=1),
        delivery_id=UUID(int=2),
        route_id=UUID(int=3),
        opens_at=at(opens),
        closes_at=at(closes),
        previous_opens_at=at(before[0]) if before else None,
        previous_closes_at=at(before[1]) if before else None,
    )


async def arrive_at_both(drive: Drive, clock: ManualClock) -> None:
    """At the first door half an hour after the acceptance, at the second ten minutes later."""
    await drive.start()
    await drive.pick_up(0)
    clock.now = drive.accepted_at + timedelta(minutes=30)
    await drive.arrive(1)
    await drive.drop_off(1)
    clock.advance(seconds=600)
    await drive.arrive(2)


async def test_errors_coverage_and_width_are_counted_by_moment_and_horizon(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await predict(drive, 0, "DISPATCH", ahead_min=27, now=clock.now)  # comes 3 min later: within both
    await predict(drive, 1, "DISPATCH", ahead_min=50, now=clock.now)  # comes 10 min earlier: within neither
    await predict(drive, 1, "PICKUP", ahead_min=32, now=clock.now)  # comes 8 min later: within the shown one
    await arrive_at_both(drive, clock)

    await count(drive)
    await count(drive)

    async with works.open() as work:
        day = date(2026, 3, 2)
        quality = await eta_quality(work, market_id=MarketId(drive.market.id), first=day, last=day)
    assert quality.at(PredictionMoment.DISPATCH) == EtaFigures(
        moment=PredictionMoment.DISPATCH,
        horizon_min=None,
        arrivals=2,
        mae_s=390.0,
        mape_pct=17.5,
        bias_s=-210.0,
        covered_pct=50.0,
        shown_covered_pct=50.0,
        width_min=8.0,
        shown_width_min=15.0,
        late_pct=0.0,
    )
    assert [(row.moment.value, row.horizon_min, row.arrivals, row.mae_s) for row in quality.figures] == [
        ("DISPATCH", None, 2, 390.0),
        ("DISPATCH", 20, 1, 180.0),
        ("DISPATCH", 40, 1, 600.0),
        ("PICKUP", None, 1, 480.0),
        ("PICKUP", 20, 1, 480.0),
    ]
    pickup = quality.at(PredictionMoment.PICKUP)
    assert pickup is not None
    assert (pickup.covered_pct, pickup.shown_covered_pct, pickup.late_pct) == (0.0, 100.0, 0.0)
    assert quality.at(PredictionMoment.NEXT) is None


async def test_windows_that_move_are_told_from_those_that_narrow(works: Works, clock: ManualClock, work: Work) -> None:
    drive = await make_drive(works, clock, count=1)
    market_id = drive.market.id
    async with works.open() as inner:
        inner.emit(changed(market_id, opens=0, closes=30, before=None))
        inner.emit(changed(market_id, opens=5, closes=20, before=(0, 30)))
        inner.emit(changed(market_id, opens=10, closes=25, before=(5, 20)))
        inner.emit(changed(market_id, opens=5, closes=25, before=(10, 25)))
        inner.emit(
            LateRiskRaised(
                market_id=market_id,
                shipper_id=UUID(int=1),
                delivery_id=UUID(int=2),
                route_id=UUID(int=3),
                late_percent=55,
                expected_at=inner.now,
                promised_closes_at=inner.now,
            )
        )

    await count(drive)

    async with works.open() as inner:
        day = date(2026, 3, 2)
        quality = await eta_quality(inner, market_id=MarketId(market_id), first=day, last=day)
    counts = (quality.windows_shown, quality.windows_narrowed, quality.windows_moved, quality.late_risks)
    assert counts == (1, 1, 2, 1)
    assert quality.figures == []


@pytest.mark.parametrize("days", [-1, 366])
async def test_days_that_run_backwards_or_too_far_are_refused(work: Work, days: int) -> None:
    first = date(2026, 3, 2)

    with pytest.raises(BadSpan):
        await eta_quality(work, market_id=MarketId(UUID(int=1)), first=first, last=first + timedelta(days=days))
