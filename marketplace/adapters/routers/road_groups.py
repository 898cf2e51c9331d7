"""Road groups: by which cell and which kind of road the traffic of a piece of street is told."""

import h3
import numpy as np

from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.core.geo import CELL_RESOLUTION
from marketplace.routing import RoadGroup

GROUP_OF = {
    RoadClass.MOTORWAY: RoadGroup.MAIN,
    RoadClass.TRUNK: RoadGroup.MAIN,
    RoadClass.PRIMARY: RoadGroup.MAIN,
    RoadClass.SECONDARY: RoadGroup.COLLECTOR,
    RoadClass.TERTIARY: RoadGroup.COLLECTOR,
}
"""All other roads are local ones."""


def cells_and_groups(lat: Real, lon: Real, road_class: Whole) -> tuple[Whole, Whole]:
    """The H3 cells of places, as numbers, and the kinds of the roads that they lie on."""
    places = zip(lat.tolist(), lon.tolist(), strict=True)
    cells = [h3.str_to_int(h3.latlng_to_cell(north, east, CELL_RESOLUTION)) for north, east in places]
    groups = [GROUP_OF.get(RoadClass(kind), RoadGroup.LOCAL) for kind in road_class.tolist()]
    return np.array(cells, np.int64), np.array(groups, np.int64)
