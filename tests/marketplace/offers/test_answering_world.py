"""In a world of yes, no and silence the product's way of asking fills as well as asking everybody, and costs little.

Deterministic for its seeds: the law that drivers go by is learnt on some routes and judged on others.
"""

import pytest

from marketplace.matching.acceptance import PRIOR, AcceptanceModel
from tests.marketplace.offers.answering import Tally, by_choice, draw_trips, learn, nearest, play

TRIPS = draw_trips(600, seed=2)


@pytest.fixture(scope="module")
def learnt() -> AcceptanceModel:
    """What a market has learnt on another day, going by the prior."""
    return learn(play(draw_trips(300, seed=1), by_choice(PRIOR), seed=1))


@pytest.fixture(scope="module")
def broadcast() -> Tally:
    """The ten nearest at once."""
    return play(TRIPS, nearest(10), seed=5)


@pytest.fixture(scope="module")
def sequential() -> Tally:
    """The nearest, one after the other."""
    return play(TRIPS, nearest(1), seed=5)


@pytest.mark.parametrize("has_learnt", [False, True])
def test_it_fills_like_a_broadcast_with_a_third_of_its_redundant_offers_and_pays_like_asking_in_turn(
    learnt: AcceptanceModel, broadcast: Tally, sequential: Tally, has_learnt: bool
) -> None:
    ours = play(TRIPS, by_choice(learnt if has_learnt else PRIOR), seed=5)

    assert ours.fill >= broadcast.fill - 0.5
    assert ours.fill > sequential.fill
    assert ours.redundant <= broadcast.redundant / 3
    assert ours.payout <= 1.02 * sequential.payout
    for name, tally in {"ours": ours, "sequential": sequential, "broadcast of ten": broadcast}.items():
        print(  # noqa: T201 - shown by pytest -s
            f"{name:17} in time {tally.fill:6.2f} %  redundant offers a route {tally.redundant / tally.trips:5.2f}"
            f"  payout {tally.payout:7.1f}"
        )


def test_the_same_seeds_give_the_same_day() -> None:
    first, second = (play(TRIPS[:50], by_choice(PRIOR), seed=5) for _ in range(2))

    assert first == second
