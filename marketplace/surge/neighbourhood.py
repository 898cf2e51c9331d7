"""What is wanted and what is there around a cell: neighbours count too, since drivers and pickups cross its border."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import h3

from marketplace.core.geo import CELL_RESOLUTION
from marketplace.pricing import Around, SurgeRule

RING_WEIGHTS = (4, 2, 1)
"""A cell itself, its six neighbours, and the twelve beyond: about 2 km around."""
PARENT_RESOLUTION = CELL_RESOLUTION - 1
PARENT_WEIGHTS = (2, 1)
"""A parent of seven cells, and its neighbours: about 4 km around."""
STOP_MILLI = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCounts:
    """What was counted in one cell: deliveries without a driver, those expected soon, and drivers without a route."""

    open_stops: int = 0
    forecast_milli: int = 0
    idle_drivers: int = 0

    def __add__(self, other: "CellCounts") -> "CellCounts":
        return CellCounts(
            open_stops=self.open_stops + other.open_stops,
            forecast_milli=self.forecast_milli + other.forecast_milli,
            idle_drivers=self.idle_drivers + other.idle_drivers,
        )


def cells_to_judge(counts: Mapping[str, CellCounts], carried: Iterable[str]) -> list[str]:
    """Cells where something is wanted, those next to them, and those that carry something from the last tick."""
    busy = [cell for cell, count in counts.items() if count.open_stops or count.forecast_milli]
    near = {str(cell) for one in busy for cell in h3.grid_disk(one, 1)}
    return sorted(near | set(carried))


class Neighbourhoods:
    """Counts of a market's cells, and of their parents for where a cell's surroundings are nearly empty."""

    def __init__(self, rule: SurgeRule, counts: Mapping[str, CellCounts]) -> None:
        self._rule = rule
        self._cells = counts
        self._parents: dict[str, CellCounts] = {}
        for cell, count in counts.items():
            parent = str(h3.cell_to_parent(cell, PARENT_RESOLUTION))
            self._parents[parent] = self._parents.get(parent, CellCounts()) + count

    def around(self, cell: str) -> Around:
        """What is around a cell; where too few stops and drivers are, what is around its parent."""
        near = self._weigh(cell, self._cells, RING_WEIGHTS, is_wide=False)
        if near.population >= self._rule.minimum_population:
            return near
        parent = str(h3.cell_to_parent(cell, PARENT_RESOLUTION))
        return self._weigh(parent, self._parents, PARENT_WEIGHTS, is_wide=True)

    def _weigh(self, cell: str, counts: Mapping[str, CellCounts], weights: tuple[int, ...], *, is_wide: bool) -> Around:
        demand = supply = population = 0
        for ring, weight in enumerate(weights):
            for one in h3.grid_ring(cell, ring):
                if (count := counts.get(str(one))) is not None:
                    demand += weight * (count.open_stops * STOP_MILLI + count.forecast_milli)
                    supply += weight * count.idle_drivers * self._rule.stops_per_driver * STOP_MILLI
                    population += count.open_stops + count.idle_drivers
        return Around(
            demand_milli=demand // weights[0],
            supply_milli=supply // weights[0],
            population=population,
            is_wide=is_wide,
        )
