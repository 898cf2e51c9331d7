"""OsrmRouter: travel times from an OSRM server, for cities too large for the street graph or with a fleet of their own.

It speaks OSRM's `table` and `route` services over HTTP. OSRM knows one state of traffic: what it answers is taken for
empty streets, and stretched by how the city as a whole does at the time of departure, once that has been learnt.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np

from marketplace.adapters.city.arrays import Real
from marketplace.adapters.routers.time_of_day import at_time_of_day
from marketplace.core.geo import Point
from marketplace.routing import (
    NO_WAY,
    SNAP_LIMIT_M,
    Journey,
    Leg,
    Matrix,
    RouterUnavailable,
    Shape,
    TooFarFromStreet,
    Traffic,
    Unreachable,
    check_departure,
    check_journey_size,
    check_matrix_size,
)

ENGINE = "osrm"
TABLE_LOCATIONS = 100
"""Places in one table request; `osrm-routed --max-table-size` allows 100 unless it is raised."""

REQUESTS_AT_ONCE = 4
TIMEOUT_S = 10.0


class OsrmRouter:
    """Answers from the OSRM server at a URL, such as `http://osrm:5000`."""

    def __init__(
        self,
        url: str,
        *,
        profile: str = "driving",
        table_locations: int = TABLE_LOCATIONS,
        timeout_s: float = TIMEOUT_S,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects on first use; `headers` carry a key where the server stands behind one."""
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_s, headers=headers)
        self._profile = profile
        self._side = max(1, table_locations // 2)
        self._table_locations = table_locations
        self._traffic: Traffic | None = None
        self._permits = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """Travel times and distances, asked in tables of the size that the server allows."""
        check_departure(depart_at)
        check_matrix_size(sources, targets)
        columns = sources if targets is None else targets
        answer = _Unanswered(len(sources), len(columns))
        await asyncio.gather(
            *(self._fill(answer, sources, columns, rows, block) for rows, block in self._blocks(answer))
        )
        free = answer.matrix()
        if self._traffic is None:
            return free
        durations_s = free.durations_s.copy()
        durations_s[free.is_reachable] = at_time_of_day(durations_s[free.is_reachable], depart_at, self._traffic)
        return replace(free, durations_s=durations_s, traffic_version=self._traffic.version)

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Drives the points in order and draws each leg along the server's streets."""
        check_departure(depart_at)
        check_journey_size(points)
        if len(points) < 2:
            return Journey(legs=(), geometry=(), engine=ENGINE, dataset=ENGINE)
        # Without continue_straight=false OSRM forbids turning at a stop, and its legs no longer match its tables.
        options = {"geometries": "geojson", "overview": "full", "annotations": "distance", "continue_straight": "false"}
        reply = await self._ask("route", points, options)
        _refuse_far_points(reply["waypoints"])
        route = reply["routes"][0]
        return Journey(
            legs=_legs(route["legs"], depart_at, self._traffic),
            geometry=_shapes(route),
            engine=ENGINE,
            dataset=_dataset(reply),
        )

    async def take_traffic(self, traffic: Traffic) -> None:
        """Stretches the server's times by this traffic from now on."""
        self._traffic = traffic

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    def _blocks(self, answer: "_Unanswered") -> list[tuple[slice, slice]]:
        rows, columns = answer.cost_s.shape
        height = max(min(rows, self._side), self._table_locations - columns, 1)
        width = max(self._table_locations - min(rows, height), 1)
        return [
            (slice(row, row + height), slice(column, column + width))
            for row in range(0, rows, height)
            for column in range(0, columns, width)
        ]

    async def _fill(
        self, answer: "_Unanswered", sources: Sequence[Point], targets: Sequence[Point], rows: slice, columns: slice
    ) -> None:
        places = [*sources[rows], *targets[columns]]
        split = len(sources[rows])
        options = {
            "annotations": "duration,distance",
            "sources": ";".join(map(str, range(split))),
            "destinations": ";".join(map(str, range(split, len(places)))),
        }
        reply = await self._ask("table", places, options)
        answer.cost_s[rows, columns] = np.array(reply["durations"], np.float64)  # null becomes nan: no way
        answer.cost_m[rows, columns] = np.array(reply["distances"], np.float64)
        answer.source_snap_m[rows] = [place["distance"] for place in reply["sources"]]
        answer.target_snap_m[columns] = [place["distance"] for place in reply["destinations"]]
        answer.dataset = _dataset(reply)

    async def _ask(self, service: str, points: Sequence[Point], options: Mapping[str, str]) -> dict[str, Any]:
        coordinates = ";".join(f"{point.lon:.6f},{point.lat:.6f}" for point in points)
        query = "&".join(f"{name}={value}" for name, value in options.items())
        async with self._permits:
            try:
                response = await self._client.get(f"/{service}/v1/{self._profile}/{coordinates}?{query}")
                reply: dict[str, Any] = response.json()
                code = reply["code"]
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                raise RouterUnavailable(f"the routing server gave no usable answer: {error!r}") from error
        if code == "NoRoute":
            raise Unreachable("no street leads through these points in this order", field="points")
        if code == "NoSegment":
            raise TooFarFromStreet("a point lies on no street that the routing server knows", field="points")
        if code != "Ok":
            raise RouterUnavailable(f"the routing server refused: {code} {reply.get('message', '')}".strip())
        return reply


class _Unanswered:
    """A matrix while its tables come in."""

    def __init__(self, rows: int, columns: int) -> None:
        self.cost_s = np.full((rows, columns), np.nan)
        self.cost_m = np.full((rows, columns), np.nan)
        self.source_snap_m = np.zeros(rows)
        self.target_snap_m = np.zeros(columns)
        self.dataset = ENGINE

    def matrix(self) -> Matrix:
        is_near = (self.source_snap_m <= SNAP_LIMIT_M)[:, None] & (self.target_snap_m <= SNAP_LIMIT_M)[None, :]
        is_reachable = np.isfinite(self.cost_s) & np.isfinite(self.cost_m) & is_near
        return Matrix(
            durations_s=np.where(is_reachable, _whole(self.cost_s), NO_WAY).astype(np.int32),
            distances_m=np.where(is_reachable, _whole(self.cost_m), NO_WAY).astype(np.int32),
            is_reachable=is_reachable,
            source_snap_m=self.source_snap_m,
            target_snap_m=self.target_snap_m,
            engine=ENGINE,
            dataset=self.dataset,
        )


def _legs(replied: Sequence[Mapping[str, Any]], depart_at: datetime, traffic: Traffic | None) -> tuple[Leg, ...]:
    legs = []
    for leg in replied:
        free_s, distance_m = _whole(np.array([leg["duration"], leg["distance"]])).astype(int).tolist()
        duration_s = int(at_time_of_day(np.array([free_s], np.int32), depart_at, traffic)[0])
        arrives_at = depart_at + timedelta(seconds=duration_s)
        legs.append(Leg(duration_s=duration_s, distance_m=distance_m, departs_at=depart_at, arrives_at=arrives_at))
        depart_at = arrives_at
    return tuple(legs)


def _shapes(route: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Cuts the line of the whole route at its stops: a leg has one more point than it has annotated pieces."""
    line = tuple((lat, lon) for lon, lat in route["geometry"]["coordinates"])
    shapes, begin = [], 0
    for leg in route["legs"]:
        end = begin + len(leg["annotation"]["distance"])
        shapes.append(line[begin : end + 1])
        begin = end
    return tuple(shapes)


def _refuse_far_points(waypoints: Sequence[Mapping[str, Any]]) -> None:
    for index, waypoint in enumerate(waypoints):
        if waypoint["distance"] > SNAP_LIMIT_M:
            metres = f"{waypoint['distance']:.0f} m from the nearest street, more than {SNAP_LIMIT_M:.0f} m"
            raise TooFarFromStreet(f"point {index} lies {metres}: move it to the street", field=f"points.{index}")


def _whole(number: Real) -> Real:
    """Half up, after taking OSRM's tenths for what they are: a table and a route must round alike."""
    return np.asarray(np.floor(np.round(number, 1) + 0.5))


def _dataset(reply: Mapping[str, Any]) -> str:
    return str(reply.get("data_version") or ENGINE)
