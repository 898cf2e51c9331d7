"""A market is cut so that each delivery is in just one area, none holds too much, and nobody else's area changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.cutting import EVERYWHERE, Area, Places, cut, joined

MOST = 120


def scattered(count: int, *, seed: int = 1, shops: int | None = None) -> Places:
    """Deliveries over a city of 20 km, each from a shop of its own or all from a few."""
    draw = np.random.default_rng(seed)
    pickups = draw.normal((-29.95, -71.25), 0.05, (shops or count, 2))
    from_ = pickups[draw.integers(shops, size=count)] if shops else pickups
    return np.hstack([from_, from_ + draw.normal(0, 0.01, (count, 2))])


def sizes(areas: list[Area], places: Places) -> list[int]:
    return [int(area.holds(places).sum()) for area in areas]


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 900),
    seed=st.integers(0, 10**6),
    shops=st.none() | st.integers(1, 40),
    strangers=st.integers(0, 50),
)
def test_every_delivery_of_today_and_of_tomorrow_is_in_just_one_area(
    count: int, seed: int, shops: int | None, strangers: int
) -> None:
    places = scattered(count, seed=seed, shops=shops)

    areas = cut(EVERYWHERE, places, MOST)

    later = np.vstack([places, np.random.default_rng(seed).uniform(-80, 80, (strangers, 4))])
    assert (np.sum([area.holds(later) for area in areas], axis=0) == 1).all()
    assert sum(sizes(areas, places)) == count
    assert max(sizes(areas, places)) <= MOST
    paths = [area.path for area in areas]
    assert not any(one != other and other.startswith(one) for one in paths for other in paths)


@pytest.mark.parametrize("count", [121, 240, 241, 1_000, 10_000])
def test_areas_of_a_city_hold_half_of_the_limit_at_least(count: int) -> None:
    places = scattered(count)

    found = sizes(cut(EVERYWHERE, places, MOST), places)

    assert min(found) >= MOST // 2
    assert len(found) == -(-count // MOST)


def test_what_is_small_is_not_cut() -> None:
    assert cut(EVERYWHERE, scattered(MOST), MOST) == [EVERYWHERE]
    assert cut(EVERYWHERE, scattered(0), MOST) == [EVERYWHERE]


def test_what_comes_from_one_hub_is_cut_between_its_drop_offs() -> None:
    places = scattered(300, shops=1)

    areas = cut(EVERYWHERE, places, MOST)

    assert sizes(areas, places) == [100, 100, 100]
    assert {(area.low[:2], area.high[:2]) for area in areas} == {(EVERYWHERE.low[:2], EVERYWHERE.high[:2])}


def test_a_hub_is_not_cut_from_the_shops_beside_it_for_nothing() -> None:
    """Ten deliveries of a far shop are no area of their own as long as the cut between drop-offs is evener."""
    many, few = scattered(190, shops=1, seed=2), scattered(10, shops=1, seed=3)

    found = sizes(cut(EVERYWHERE, np.vstack([many, few]), MOST), np.vstack([many, few]))

    assert found == [100, 100]


def test_deliveries_that_nothing_tells_apart_stay_together() -> None:
    same = np.tile([-29.9, -71.2, -29.8, -71.3], (300, 1))

    assert cut(EVERYWHERE, same, MOST) == [EVERYWHERE]


def test_a_cut_goes_through_one_area_only() -> None:
    places = scattered(400)
    areas = cut(EVERYWHERE, places, MOST)
    full = areas[1]

    parts = cut(full, np.vstack([places, places[full.holds(places)] + 1e-7]), MOST)

    assert [part.path for part in parts] == [full.path + "0", full.path + "1"]
    assert joined(parts) == full
    assert joined(areas) == EVERYWHERE


def test_parts_of_different_depth_join_to_what_they_were_cut_from() -> None:
    places = scattered(1_000)
    areas = cut(EVERYWHERE, places, MOST)
    half = [area for area in areas if area.path.startswith("0")]

    whole = joined(half)

    assert whole.path == "0"
    assert whole.holds(places).sum() == sum(sizes(half, places))
