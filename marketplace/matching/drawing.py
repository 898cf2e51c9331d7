"""A route as it stands while a request is planned part by part: in the numbers of the problem that holds it."""

from dataclasses import dataclass

from marketplace.matching.problem import Problem, Routes, Steps


@dataclass(frozen=True, slots=True)
class DrawnRoute:
    """A driver's steps within a problem."""

    problem: Problem
    driver: int
    steps: Steps

    @property
    def steps_in_request(self) -> Steps:
        """The steps with the deliveries' positions in the whole request."""
        return tuple(2 * self.problem.delivery_numbers[step // 2] + step % 2 for step in self.steps)


Drawn = dict[int, DrawnRoute]
"""Routes by the driver's position in the request."""


def drawn_from(problem: Problem, routes: Routes) -> Drawn:
    """A problem's routes, told apart by the drivers' positions in the request."""
    return {problem.driver_numbers[driver]: DrawnRoute(problem, driver, steps) for driver, steps in routes.items()}


def routes_within(problem: Problem, drawn: Drawn) -> Routes:
    """The routes of a problem's drivers in its own numbers; it must hold all their deliveries."""
    position = {number: i for i, number in enumerate(problem.delivery_numbers)}
    return {
        driver: tuple(2 * position[step // 2] + step % 2 for step in drawn[number].steps_in_request)
        for driver, number in enumerate(problem.driver_numbers)
        if number in drawn
    }
