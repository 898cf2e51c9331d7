"""What found no route yet is put where there is room, and room is made where one swap can make it."""

from marketplace.matching.effort import Effort
from marketplace.matching.filling import fill
from marketplace.matching.problem import Problem, Routes
from marketplace.matching.reading import read_request
from marketplace.matching.swapping import make_room
from marketplace.matching.travel import read_travel
from tests.marketplace.matching.questions import Json, delivery, driver, question

TEA, FISH, BUN = 0, 1, 2
ANA, BEA = 0, 1
PLENTY = 10.0


def problem_of(**changes: Json) -> Problem:
    """Tea that anybody can carry, fish that only ana can, and a bun; each driver has time for one of them."""
    asked = question(
        deliveries=[
            delivery("tea", 1, 2, **changes.get("tea", {})),
            delivery("fish", 3, 4, skills=["fridge"], **changes.get("fish", {})),
            delivery("bun", 5, 6, **changes.get("bun", {})),
        ],
        drivers=[driver("ana", 0, skills=["fridge"], max_stops=2), driver("bea", 0, max_stops=2)],
    )
    request = read_request(asked)
    return Problem(request, read_travel(request), [TEA, FISH, BUN], [ANA, BEA])


def route(number: int) -> tuple[int, int]:
    """The two steps of a delivery."""
    return 2 * number, 2 * number + 1


def room_made(problem: Problem, routes: Routes, *missing: int, effort: float = PLENTY) -> Routes:
    """The routes after room was sought for what is missing."""
    return make_room(problem, routes, missing, [ANA, BEA], Effort(effort))


def test_the_most_important_is_placed_first() -> None:
    problem = problem_of(bun={"priority": 5})

    filled = fill(problem, {ANA: route(FISH)}, [TEA, BUN], [ANA, BEA], Effort(PLENTY))

    assert filled.routes == {ANA: route(FISH), BEA: route(BUN)}
    assert filled.untried == frozenset()


def test_what_the_effort_does_not_reach_is_told_apart_from_what_found_no_room() -> None:
    filled = fill(problem_of(), {}, [TEA, FISH], [ANA, BEA], Effort(-1))

    assert filled.routes == {}
    assert filled.untried == {TEA, FISH}


def test_a_delivery_moves_to_another_driver_to_make_room() -> None:
    routes = room_made(problem_of(), {ANA: route(TEA)}, FISH)

    assert routes == {ANA: route(FISH), BEA: route(TEA)}


def test_a_less_important_delivery_waits_where_nothing_else_helps() -> None:
    problem = problem_of(fish={"priority": 50}, tea={"priority": 10})

    routes = room_made(problem, {ANA: route(TEA), BEA: route(BUN)}, FISH)

    assert routes == {ANA: route(FISH), BEA: route(BUN)}


def test_nobody_waits_for_an_equal() -> None:
    routes: Routes = {ANA: route(TEA), BEA: route(BUN)}

    assert room_made(problem_of(), routes, FISH) == routes


def test_without_effort_nothing_changes() -> None:
    routes: Routes = {ANA: route(TEA)}

    assert room_made(problem_of(), routes, FISH, effort=-1) == routes
