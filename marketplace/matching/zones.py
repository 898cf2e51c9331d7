"""Cuts a large request into zones: deliveries close together, with a fair share of the drivers around them.

Solving costs far more than in proportion to size, so a city is solved in parts. Only travel times are asked for, so
that a matrix does as well as points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from marketplace.matching.request import PlanRequest
from marketplace.matching.travel import Travel

_SIDE_BY_SIDE = 0.25
"""Where pickups lie closer together than this part of the spread of drop-offs, the drop-offs tell zones apart."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Deliveries and drivers that are solved together, as positions in the request."""

    deliveries: tuple[int, ...]
    drivers: tuple[int, ...]


def split_into_zones(request: PlanRequest, travel: Travel) -> list[Zone]:
    """Zones of at most `zone_limit` open deliveries; every driver, and what that driver is committed to, is in one."""
    number = {delivery.id: i for i, delivery in enumerate(request.deliveries)}
    committed = {number[step.delivery_id]: j for j, driver in enumerate(request.drivers) for step in driver.locked}
    free = [i for i in range(len(request.deliveries)) if i not in committed]
    zones = _Cutter(request, travel).cut(free, list(range(len(request.drivers))))
    own: dict[int, list[int]] = {}
    for delivery, driver in committed.items():
        own.setdefault(driver, []).append(delivery)
    return [
        Zone(tuple(sorted([*deliveries, *(i for driver in drivers for i in own.get(driver, ()))])), tuple(drivers))
        for deliveries, drivers in zones
    ]


class _Cutter:
    """Halves a set of deliveries along its longest stretch until every part is small enough."""

    def __init__(self, request: PlanRequest, travel: Travel) -> None:
        self.travel, self.limit = travel, request.options.zone_limit
        self.pickups = np.array([d.pickup.location for d in request.deliveries], dtype=np.intp)
        self.dropoffs = np.array([d.dropoff.location for d in request.deliveries], dtype=np.intp)
        self.homes = np.array([d.location for d in request.drivers], dtype=np.intp)

    def cut(self, deliveries: list[int], drivers: list[int]) -> list[tuple[list[int], list[int]]]:
        """The parts, with the drivers shared out in proportion and by nearness."""
        parts = -(-len(deliveries) // self.limit)
        if parts <= 1:
            return [(deliveries, drivers)]
        places, first, last = self._stretch(deliveries)
        here, there = parts // 2, parts - parts // 2
        near = self._in_order(places, first, last, deliveries)
        crew = self._in_order(self.homes[drivers], first, last, drivers) if drivers else []
        delivery_cut, driver_cut = len(near) * here // parts, round(len(crew) * here / (here + there))
        return self.cut(sorted(near[:delivery_cut]), sorted(crew[:driver_cut])) + self.cut(
            sorted(near[delivery_cut:]), sorted(crew[driver_cut:])
        )

    def _stretch(self, deliveries: list[int]) -> tuple[npt.NDArray[np.intp], int, int]:
        """The places that tell the deliveries apart, and two of these that lie far from each other."""
        pickups, dropoffs = self.pickups[deliveries], self.dropoffs[deliveries]
        first, last, spread_s = self._far_apart(pickups)
        drop_first, drop_last, drop_spread_s = self._far_apart(dropoffs)
        if spread_s < _SIDE_BY_SIDE * drop_spread_s:
            return dropoffs, drop_first, drop_last
        return pickups, first, last

    def _far_apart(self, places: npt.NDArray[np.intp]) -> tuple[int, int, int]:
        different = np.unique(places).tolist()
        first = different[int(self.travel.seconds(different[:1], different)[0].argmax())]
        away = self.travel.seconds([first], different)[0]
        return first, different[int(away.argmax())], int(away.max())

    def _in_order(self, places: npt.NDArray[np.intp], first: int, last: int, numbers: Sequence[int]) -> list[int]:
        """The numbers from those nearest to the first place to those nearest to the last."""
        listed = places.tolist()
        lean = self.travel.seconds([first], listed)[0] - self.travel.seconds([last], listed)[0]
        return [numbers[i] for i in np.argsort(lean, kind="stable")]
