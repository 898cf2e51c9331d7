"""A peak adds to a day what lies within its hours, and takes nothing of the day away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from marketplace.analytics import RecordedDelivery
from marketplace.core.geo import Point
from marketplace.core.window import Window
from workers.simulation import quiet_day
from workers.simulation.peak import PEAK, with_peak
from workers.simulation.replay_demand import ReplayedBatch
from workers.simulation.replay_demand import with_peak as with_recorded_peak
from workers.simulator.demand import draw_postings

HOMES = [{"lat": -29.9 - i / 1_000, "lon": -71.2, "address": f"Street {i}"} for i in range(60)]
PLAN = quiet_day(seed=5, deliveries=200, hours=10.0)
MORNING = datetime(2026, 3, 2, 11, tzinfo=UTC)


def test_a_made_up_day_keeps_its_postings_and_gets_others_in_the_peak() -> None:
    drawn = draw_postings(PLAN, run="sim", shippers=2, hubs=3, addresses=HOMES)

    peak = with_peak(drawn, times=2.0, hours=10.0, seed=5)

    begins_s, ends_s = (share * 36_000 for share in PEAK)
    added = [posting for posting in peak if posting not in drawn]
    usual = sum(len(one.parcels) for one in drawn if begins_s <= one.at_s < ends_s)
    assert [posting for posting in peak if posting in drawn] == drawn
    assert sum(len(posting.parcels) for posting in added) == usual > 0
    assert all(begins_s <= posting.at_s < ends_s for posting in added)
    assert peak == sorted(peak, key=lambda posting: posting.at_s)
    names = [parcel.external_id for posting in peak for parcel in posting.parcels]
    assert len(set(names)) == len(names)
    assert with_peak(drawn, times=2.0, hours=10.0, seed=5) == peak


def test_a_day_without_a_peak_is_the_day() -> None:
    drawn = draw_postings(PLAN, run="sim", shippers=2, hubs=3, addresses=HOMES)

    assert with_peak(drawn, times=1.0, hours=10.0, seed=5) == drawn


def test_a_recorded_day_keeps_its_batches_and_gets_others_of_which_nothing_was_recorded() -> None:
    batches = [batch(number) for number in range(10)]

    peak = with_recorded_peak(batches, times=2.0, seed=1)

    # From first to last are nine hours; those that begin 3:36 to 5:24 after the first are the fourth and the fifth.
    added = [one for one in peak if one not in batches]
    assert [one for one in peak if one in batches] == batches
    assert sum(len(one.deliveries) for one in added) == 4
    assert all(timedelta(hours=3.6) <= one.posted_at - MORNING < timedelta(hours=5.4) for one in added)
    for one in added:
        for parcel in one.deliveries.values():
            assert (parcel.cancelled_after_s, parcel.failure, parcel.hand_over_s) == (None, None, None)
            assert parcel.dropoff_window.closes_at - one.posted_at == timedelta(hours=4)


def batch(number: int) -> ReplayedBatch:
    """Two parcels of one shipper, an hour after the batch before; one was called off and one not taken."""
    posted_at = MORNING + timedelta(hours=number)
    window = Window(posted_at, posted_at + timedelta(hours=4))
    parcel = RecordedDelivery(
        batch=number,
        posted_at=posted_at,
        shipper=0,
        hub=0,
        is_quoted=False,
        pickup=Point(lat=-29.9, lon=-71.2),
        dropoff=Point(lat=-29.91, lon=-71.2 - number / 1_000),
        pickup_window=window,
        dropoff_window=window,
        time_zone="America/Santiago",
        packages=[(500, 100, 100, 100)],
        requirements=[],
        service_level="STANDARD",
        priority=0,
        failure_policy="RETURN_TO_SENDER",
        max_attempts=2,
        cancelled_after_s=60.0,
        failure=None,
        pickup_s=90.0,
        hand_over_s=80.0,
    )
    other = replace(parcel, cancelled_after_s=None, failure="RECIPIENT_UNAVAILABLE")
    name = f"replay-{number}"
    return ReplayedBatch(
        posted_at=posted_at, shipper=0, is_quoted=False, deliveries={f"{name}-0": parcel, f"{name}-1": other}
    )
