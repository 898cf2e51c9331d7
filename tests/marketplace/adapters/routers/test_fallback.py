"""The fallback: an estimate instead of silence, a breaker instead of waiting, and refusals passed on."""

import pytest

from marketplace.adapters.routers import FallbackRouter, StraightLineRouter
from marketplace.adapters.routers.fallback import FAILURES_TO_OPEN, OPEN_S
from marketplace.routing import RouterUnavailable, TooFarFromStreet
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at

PLACES = [at(0, 0), at(0, 1_000)]


class Seconds:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_router_that_answers_is_the_one_that_is_heard() -> None:
    streets = ScriptedRouter()
    router = FallbackRouter(streets, StraightLineRouter())

    matrix = await router.matrix(PLACES, depart_at=MONDAY_NOON)
    journey = await router.legs(PLACES, depart_at=MONDAY_NOON)

    assert (matrix.engine, matrix.is_degraded) == ("scripted", False)
    assert (journey.engine, journey.is_degraded) == ("scripted", False)


async def test_a_router_that_cannot_answer_is_replaced_by_an_estimate_that_says_so() -> None:
    streets = ScriptedRouter()
    streets.refusal = RouterUnavailable("down")
    router = FallbackRouter(streets, StraightLineRouter())

    matrix = await router.matrix(PLACES, depart_at=MONDAY_NOON)
    journey = await router.legs(PLACES, depart_at=MONDAY_NOON)

    assert (matrix.engine, matrix.is_degraded) == ("straight_line", True)
    assert (journey.engine, journey.is_degraded) == ("straight_line", True)


async def test_a_router_that_takes_too_long_is_not_waited_for() -> None:
    streets = ScriptedRouter()
    streets.is_silent = True
    router = FallbackRouter(streets, StraightLineRouter(), timeout_s=0.01)

    matrix = await router.matrix(PLACES, depart_at=MONDAY_NOON)

    assert matrix.is_degraded


async def test_after_a_few_failures_the_router_is_left_alone_then_tried_once() -> None:
    clock = Seconds()
    streets = ScriptedRouter()
    streets.refusal = RouterUnavailable("down")
    router = FallbackRouter(streets, StraightLineRouter(), clock=clock)

    for _ in range(FAILURES_TO_OPEN + 4):
        await router.matrix(PLACES, depart_at=MONDAY_NOON)
    assert len(streets.asked) == FAILURES_TO_OPEN

    clock.now += OPEN_S
    for _ in range(3):
        await router.matrix(PLACES, depart_at=MONDAY_NOON)
    assert len(streets.asked) == FAILURES_TO_OPEN + 1


async def test_the_first_answer_after_a_break_brings_everybody_back() -> None:
    clock = Seconds()
    streets = ScriptedRouter()
    streets.refusal = RouterUnavailable("down")
    router = FallbackRouter(streets, StraightLineRouter(), clock=clock)
    for _ in range(FAILURES_TO_OPEN):
        await router.matrix(PLACES, depart_at=MONDAY_NOON)

    streets.refusal = None
    clock.now += OPEN_S
    answers = [await router.matrix(PLACES, depart_at=MONDAY_NOON) for _ in range(3)]

    assert [answer.is_degraded for answer in answers] == [False, False, False]


async def test_a_refusal_about_the_places_is_passed_on_and_opens_no_breaker() -> None:
    streets = ScriptedRouter()
    streets.refusal = TooFarFromStreet("point 0 lies in the sea")
    router = FallbackRouter(streets, StraightLineRouter())

    for _ in range(FAILURES_TO_OPEN + 1):
        with pytest.raises(TooFarFromStreet):
            await router.legs(PLACES, depart_at=MONDAY_NOON)
    streets.refusal = None

    assert not (await router.legs(PLACES, depart_at=MONDAY_NOON)).is_degraded


async def test_closing_closes_both() -> None:
    streets, estimate = ScriptedRouter(), ScriptedRouter()

    await FallbackRouter(streets, estimate).aclose()

    assert streets.is_closed
    assert estimate.is_closed
