"""Cuts a large request into zones: deliveries close together, with a fair share of the drivers around them.

Solving costs far more than in proportion to size, so a city is solved in parts. Only travel times are asked for, so
that a matrix does as well as points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.matching.candidates import nearest_drivers
from marketplace.matching.request import PlanRequest
from marketplace.matching.travel import Travel

MOST_IDLE, MOST_BOUND, MOST_CARRIED = 200, 100, 400
"""How many free drivers, committed drivers and committed deliveries a zone holds at most."""
_SIDE_BY_SIDE = 0.25
"""Where pickups lie closer together than this part of the spread of drop-offs, the drop-offs tell zones apart."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Deliveries and drivers that are solved together, as positions in the request."""

    deliveries: tuple[int, ...]
    drivers: tuple[int, ...]


def split_into_zones(request: PlanRequest, travel: Travel) -> list[Zone]:
    """Zones of at most `zone_limit` open deliveries; each driver is in one, with what that driver is committed to.

    Where there are far more free drivers than a zone can use, those who are farthest from its pickups are in none.
    """
    number = {delivery.id: i for i, delivery in enumerate(request.deliveries)}
    committed: dict[int, list[int]] = {}
    for j, driver in enumerate(request.drivers):
        if driver.locked:
            committed[j] = sorted({number[step.delivery_id] for step in driver.locked})
    taken = {i for own in committed.values() for i in own}
    free = [i for i in range(len(request.deliveries)) if i not in taken]
    zones = []
    for deliveries, drivers in _Cutter(request, travel, committed).cut(free, list(range(len(request.drivers)))):
        bound = [j for j in drivers if j in committed]
        idle = nearest_drivers(request, travel, deliveries, [j for j in drivers if j not in committed], MOST_IDLE)
        carried = sorted([*deliveries, *(i for j in bound for i in committed[j])])
        zones.append(Zone(tuple(carried), tuple(sorted(bound + idle))))
    return zones


class _Cutter:
    """Halves deliveries and drivers along their longest stretch until every part is small enough."""

    def __init__(self, request: PlanRequest, travel: Travel, committed: dict[int, list[int]]) -> None:
        self.travel, self.limit, self.committed = travel, request.options.zone_limit, committed
        self.pickups = np.array([d.pickup.location for d in request.deliveries], dtype=np.intp)
        self.dropoffs = np.array([d.dropoff.location for d in request.deliveries], dtype=np.intp)
        self.homes = np.array([d.location for d in request.drivers], dtype=np.intp)

    def cut(self, deliveries: list[int], drivers: list[int]) -> list[tuple[list[int], list[int]]]:
        """The parts, with the drivers shared out in proportion and by nearness."""
        bound = [j for j in drivers if j in self.committed]
        carried = sum(len(self.committed[j]) for j in bound)
        parts = max(-(-len(deliveries) // self.limit), -(-len(bound) // MOST_BOUND), -(-carried // MOST_CARRIED))
        if parts <= 1:
            return [(deliveries, drivers)]
        first, last, places = self._stretch(deliveries, drivers)
        near = self._in_order(places, first, last, deliveries)
        crew = self._in_order(self.homes[drivers], first, last, drivers)
        half = parts // 2
        delivery_cut, driver_cut = len(near) * half // parts, (2 * len(crew) * half + parts) // (2 * parts)
        if delivery_cut in {0, len(near)} and driver_cut in {0, len(crew)}:
            return [(deliveries, drivers)]  # one driver is committed to more than a zone should hold
        return self.cut(sorted(near[:delivery_cut]), sorted(crew[:driver_cut])) + self.cut(
            sorted(near[delivery_cut:]), sorted(crew[driver_cut:])
        )

    def _stretch(self, deliveries: list[int], drivers: list[int]) -> tuple[int, int, npt.NDArray[np.intp]]:
        """Two places far from each other, and the place that each delivery is told apart by."""
        if not deliveries:
            first, last, _ = self._far_apart(self.homes[drivers])
            return first, last, self.homes[:0]
        pickups, dropoffs = self.pickups[deliveries], self.dropoffs[deliveries]
        first, last, spread_s = self._far_apart(pickups)
        drop_first, drop_last, drop_spread_s = self._far_apart(dropoffs)
        if spread_s < _SIDE_BY_SIDE * drop_spread_s:
            return drop_first, drop_last, dropoffs
        return first, last, pickups

    def _far_apart(self, places: npt.NDArray[np.intp]) -> tuple[int, int, int]:
        different = np.unique(places).tolist()
        first = different[int(self.travel.seconds(different[:1], different)[0].argmax())]
        away = self.travel.seconds([first], different)[0]
        return first, different[int(away.argmax())], int(away.max())

    def _in_order(self, places: npt.NDArray[np.intp], first: int, last: int, numbers: Sequence[int]) -> list[int]:
        """The numbers from those nearest to the first place to those nearest to the last."""
        lean = self.travel.seconds([first], places)[0] - self.travel.seconds([last], places)[0]
        return [numbers[i] for i in np.argsort(lean, kind="stable")]
