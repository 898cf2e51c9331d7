"""The seed fixes what is posted in a day: when, how much, from where and how; only the references differ by run."""

from dataclasses import replace

import pytest

from workers.simulator.demand import Posting, draw_postings
from workers.simulator.plan import DayPlan

ADDRESSES = [{"lat": -29.9 - i / 1_000, "lon": -71.25, "address": f"Calle Uno {i}"} for i in range(200)]
PLAN = DayPlan(seed=4, deliveries=150, hours=1.0)


def postings(plan: DayPlan = PLAN, run: str = "run") -> list[Posting]:
    """The postings of a day with three shippers and four hubs."""
    return draw_postings(plan, run=run, shippers=3, hubs=4, addresses=ADDRESSES)


def test_the_same_seed_draws_the_same_day() -> None:
    assert postings() == postings()
    assert postings() != postings(replace(PLAN, seed=5))


def test_two_runs_of_a_seed_differ_in_their_references_only() -> None:
    first, second = postings(run="monday"), postings(run="tuesday")

    bare = [
        [replace(posting, parcels=tuple(replace(p, external_id="") for p in posting.parcels)) for posting in day]
        for day in (first, second)
    ]
    assert bare[0] == bare[1]
    references = {parcel.external_id for day in (first, second) for posting in day for parcel in posting.parcels}
    assert len(references) == 300


def test_every_delivery_of_the_plan_is_posted_in_its_hours() -> None:
    day = postings()

    assert sum(len(posting.parcels) for posting in day) == 150
    assert day[0].at_s == 0.0
    assert [posting.at_s for posting in day] == sorted(posting.at_s for posting in day)
    assert 3_000 < day[-1].at_s < 3_600
    assert {posting.shipper for posting in day} == {0, 1, 2}
    assert {posting.hub for posting in day} == {0, 1, 2, 3}


def test_more_is_posted_in_the_first_half_than_in_the_second() -> None:
    day = postings(replace(PLAN, deliveries=1_000))

    first = sum(len(posting.parcels) for posting in day if posting.at_s < 1_800)
    assert 560 < first < 660


def test_in_a_peak_twice_as_much_is_posted_most_of_it_from_one_hub_and_the_whole_stays_the_same() -> None:
    plain = postings(replace(PLAN, deliveries=1_000))
    peaked = postings(replace(PLAN, deliveries=1_000, peak=(0.4, 0.7)))

    def in_peak(day: list[Posting]) -> list[Posting]:
        return [posting for posting in day if 1_440 <= posting.at_s < 2_520]

    assert sum(len(posting.parcels) for posting in peaked) == 1_000
    shares = [len(in_peak(day)) / (len(day) - len(in_peak(day))) for day in (plain, peaked)]
    assert shares[1] / shares[0] == pytest.approx(2, rel=0.15)
    at_first_hub = [posting.hub == 0 for posting in in_peak(peaked)]
    assert sum(at_first_hub) / len(at_first_hub) == pytest.approx(0.775, abs=0.12)


def test_a_plan_without_accidents_has_none() -> None:
    day = postings(replace(PLAN, quote_rate=0.0, repeat_rate=0.0, cancel_rate=0.0, address_rate=0.0))

    assert not any(posting.is_quoted or posting.repeat for posting in day)
    parcels = [parcel for posting in day for parcel in posting.parcels]
    assert not any(parcel.cancels_after_s or parcel.pickup_address for parcel in parcels)


@pytest.mark.parametrize(
    "wrong", [{"fail_rate": 1.5}, {"smallest_batch": 0}, {"smallest_batch": 9, "largest_batch": 8}]
)
def test_a_plan_that_cannot_be_lived_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rate|batch"):
        DayPlan(**wrong)  # type: ignore[arg-type]  # the wrong values are the point
