"""Segment speeds: what our drivers have taught about streets, as the file that an OSRM server takes.

OSRM knows one state of traffic and no time of day. So the file says how streets differ from the city as a whole, at all
times of day together; the city's own rise and fall is laid on top by `OsrmRouter`, which asks that server.
"""

from collections.abc import Iterator

import numpy as np

from marketplace.adapters.city import CityPack
from marketplace.adapters.city.arrays import Real
from marketplace.adapters.city.pack import DEGREES
from marketplace.adapters.routers.road_groups import cells_and_groups
from marketplace.core.errors import Invalid
from marketplace.routing import SLOTS, Traffic


class NoStreetNumbers(Invalid):
    """A city pack that does not know by which numbers OpenStreetMap calls its nodes."""

    code = "NO_STREET_NUMBERS"


def segment_speeds(pack: CityPack, traffic: Traffic) -> Iterator[str]:
    """The lines of a file for `osrm-customize --segment-speed-file`: from node, to node, kilometres an hour."""
    arrays = pack.arrays
    if len(arrays.osm_node) != len(arrays.lat_e7):
        raise NoStreetNumbers(
            "this city pack does not know OpenStreetMap's node numbers, by which OSRM knows streets:"
            " make it anew with doorstep geo import from the extract that the OSRM server uses"
        )
    speeds = (arrays.speed_kmh / _places(pack, traffic)).tolist()
    node, starts = arrays.osm_node.tolist(), arrays.shape_start.tolist()
    for segment, (kmh, is_one_way) in enumerate(zip(speeds, arrays.is_one_way.tolist(), strict=True)):
        for point in range(starts[segment], starts[segment + 1] - 1):
            yield f"{node[point]},{node[point + 1]},{kmh:.1f}"
            if not is_one_way:
                yield f"{node[point + 1]},{node[point]},{kmh:.1f}"


def _places(pack: CityPack, traffic: Traffic) -> Real:
    """How many times as long as the city as a whole each segment takes, over all slots."""
    arrays = pack.arrays
    middle = (arrays.shape_start[:-1] + arrays.shape_start[1:]) // 2
    cell, group = cells_and_groups(arrays.lat_e7[middle] * DEGREES, arrays.lon_e7[middle] * DEGREES, arrays.road_class)
    ratios = [traffic.usual(np.full(len(cell), slot), cell, group) / float(traffic.city[slot]) for slot in range(SLOTS)]
    return np.asarray(np.mean(ratios, axis=0))
