"""Advice about hubs on the command line, as a table for people."""

from dataclasses import asdict

from marketplace.core.geo import Point
from marketplace.hubs import Advice, AdvisedSite, Drives
from workers.hub_advice import advice_lines

ADVICE = Advice(
    days=2,
    deliveries=1_500,
    candidates=60,
    sites=[
        AdvisedSite(
            cell="88b2190a67fffff",
            place=Point(lat=-29.95255, lon=-71.26455),
            deliveries_per_day=163.5,
            saved_hours_per_day=16.985,
            saved_km_per_day=933.4,
        )
    ],
    before=Drives(hours_per_day=50.9, km_per_day=2_385.9, share_within=0.658),
    after=Drives(hours_per_day=33.9, km_per_day=1_452.5, share_within=0.936),
    within_s=900,
    optimality_gap=0.0,
    is_degraded=False,
)


def test_advice_is_a_table_that_says_what_to_play_next() -> None:
    assert list(advice_lines(asdict(ADVICE))) == [
        "Learnt from 1,500 deliveries of 2 days; 60 sites looked at.",
        "  site                    deliveries/day  saved h/day  saved km/day",
        "  -29.95255,-71.26455              163.5        16.98         933.4",
        "                 h/day    km/day  within 15 min",
        "  now             50.90    2385.9            66%",
        "  with them       33.90    1452.5            94%",
        "Nothing better is possible among these sites.",
        (
            "Drives are as if each parcel went alone, which routes share: see what it saves of a day with doorstep"
            " simulate --hub=-29.95255,-71.26455"
        ),
    ]


def test_where_no_site_saves_anything_just_that_is_said() -> None:
    told = asdict(ADVICE) | {"sites": []}

    assert list(advice_lines(told))[1:] == ["None of them would save anything."]
