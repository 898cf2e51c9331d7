"""The judge of route plans: works out from the order of places alone whether a plan is legal and what it costs.

It counts in double precision with the instance's own numbers and knows nothing of the matcher that it judges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.matching.li_lim import Instance, Stops

PATIENCE = 1e-3
"""How late, in units of an instance, counts as in time: sums of square roots are not exact."""
CRUMB = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a legal plan achieves."""

    vehicles: int
    distance: float
    unserved: int


class IllegalPlan(ValueError):
    """A plan breaks a rule of its instance; the message names the first that was found."""


def judge(instance: Instance, routes: Sequence[Stops]) -> Verdict:
    """Follows every vehicle along its places, and refuses the plan at the first broken rule."""
    driven = [stops for stops in routes if stops]
    if len(driven) > instance.vehicles:
        raise IllegalPlan(f"{len(driven)} vehicles drive, and there are {instance.vehicles}")
    visits = _visits(instance, driven)
    unserved = sum(_is_left(visits, pickup, dropoff) for pickup, dropoff in instance.pairs)
    return Verdict(len(driven), sum(_drive(instance, stops) for stops in driven), unserved)


def _visits(instance: Instance, routes: Sequence[Stops]) -> dict[int, tuple[int, int]]:
    """For every visited place the vehicle that comes and its position on the way."""
    visits: dict[int, tuple[int, int]] = {}
    for vehicle, stops in enumerate(routes):
        for position, place in enumerate(stops):
            if not 0 < place < len(instance.sites):
                raise IllegalPlan(f"there is no place {place} to stop at")
            if place in visits:
                raise IllegalPlan(f"place {place} is visited twice")
            visits[place] = vehicle, position
    return visits


def _is_left(visits: dict[int, tuple[int, int]], pickup: int, dropoff: int) -> bool:
    """Whether nobody comes for this delivery at all; half of it, or in the wrong order, is refused."""
    taken, brought = visits.get(pickup), visits.get(dropoff)
    if taken is None and brought is None:
        return True
    if taken is None or brought is None:
        raise IllegalPlan(f"only half of the delivery from {pickup} to {dropoff} is planned")
    if taken[0] != brought[0]:
        raise IllegalPlan(f"the delivery from {pickup} to {dropoff} is split over two vehicles")
    if taken[1] > brought[1]:
        raise IllegalPlan(f"the drop-off {dropoff} comes before its pickup {pickup}")
    return False


def _drive(instance: Instance, stops: Stops) -> float:
    """The way from the depot along the stops and back, once nothing was late or too much."""
    depot = instance.sites[0]
    here, free_at, aboard, way = depot, depot.opens, 0.0, 0.0
    for number in (*stops, 0):
        site = instance.sites[number]
        leg = here.distance_to(site)
        begins = max(site.opens, free_at + leg)
        if begins > site.closes + PATIENCE:
            raise IllegalPlan(f"place {number} closes at {site.closes:g}, and the vehicle comes at {begins:.3f}")
        aboard += site.load
        if aboard > instance.capacity + CRUMB:
            raise IllegalPlan(f"{aboard:g} aboard at place {number}, and there is room for {instance.capacity}")
        here, free_at, way = site, begins + site.service, way + leg
    return way
