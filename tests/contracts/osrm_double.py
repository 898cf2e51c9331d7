"""A server that speaks OSRM's wire protocol (`table` and `route` over HTTP) with a street graph behind it.

It answers as `osrm-routed` does: coordinates in longitude, latitude; whole tables refused beyond a number of locations;
every place snapped however far it is, with the distance told; `null` where there is no way; the line of a route in one
piece, with an annotation for every part of it.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

from marketplace.adapters.city.arrays import Whole
from marketplace.adapters.routers import GraphEngine
from marketplace.core.geo import Point
from tests.marketplace.adapters.small_cities import MONDAY_NOON

MAX_TABLE_LOCATIONS = 100

Reply = dict[str, object]


class OsrmDouble:
    """What the server knows: the streets, an island no street leads to, and every path it was asked for."""

    def __init__(self, engine: GraphEngine, island: Sequence[Point] = ()) -> None:
        """Serves the engine's streets; places of the island have no way to anywhere but themselves."""
        self.engine = engine
        self.island = frozenset(island)
        self.paths: list[str] = []
        self.url = ""

    def answer(self, path: str) -> tuple[int, Reply]:
        """The status and the reply for a request."""
        self.paths.append(path)
        parts = urlsplit(path)
        _, service, version, profile, coordinates = parts.path.split("/")
        if (version, profile) != ("v1", "driving"):
            return 400, {"code": "InvalidUrl", "message": "URL string malformed"}
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        pairs = [pair.split(",") for pair in coordinates.split(";")]
        points = [Point(lat=float(lat), lon=float(lon)) for lon, lat in pairs]
        if len(points) < 2:
            return 400, {"code": "InvalidOptions", "message": "Number of coordinates needs to be at least two."}
        return self._table(points, options) if service == "table" else self._route(points)

    def _table(self, points: list[Point], options: dict[str, str]) -> tuple[int, Reply]:
        if len(points) > MAX_TABLE_LOCATIONS:
            return 400, {"code": "TooBig", "message": "Too many table coordinates"}
        rows = [int(index) for index in options["sources"].split(";")]
        columns = [int(index) for index in options["destinations"].split(";")]
        streets = self._on_streets(points)
        cells = self.engine.matrix(streets, depart_at=MONDAY_NOON)
        parted = [[self._is_parted(points[row], points[column]) for column in columns] for row in rows]
        waypoints = self._waypoints(points)

        def picked(values: Whole) -> list[list[float | None]]:
            return [
                [None if parted[i][j] else float(values[row, column]) for j, column in enumerate(columns)]
                for i, row in enumerate(rows)
            ]

        return 200, {
            "code": "Ok",
            "durations": picked(cells.durations_s),
            "distances": picked(cells.distances_m),
            "sources": [waypoints[row] for row in rows],
            "destinations": [waypoints[column] for column in columns],
        }

    def _route(self, points: list[Point]) -> tuple[int, Reply]:
        if any(self._is_parted(a, b) for a, b in pairwise(points)):
            return 400, {"code": "NoRoute", "message": "Impossible route between points"}
        journey = self.engine.legs(self._on_streets(points), depart_at=MONDAY_NOON)
        line = [journey.geometry[0][0], *(pair for shape in journey.geometry for pair in shape[1:])]
        legs = [
            {
                "duration": float(leg.duration_s),
                "distance": float(leg.distance_m),
                "annotation": {"distance": [1.0] * (len(shape) - 1)},
                "steps": [],
            }
            for leg, shape in zip(journey.legs, journey.geometry, strict=True)
        ]
        geometry = {"type": "LineString", "coordinates": [[lon, lat] for lat, lon in line]}
        return 200, {
            "code": "Ok",
            "routes": [{"legs": legs, "geometry": geometry}],
            "waypoints": self._waypoints(points),
        }

    def _on_streets(self, points: list[Point]) -> list[Point]:
        snapped = self.engine.snap(points)
        lats, lons = self.engine.network.graph.place_at(snapped.street, snapped.at_m)
        return [Point(lat=lat, lon=lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]

    def _waypoints(self, points: list[Point]) -> list[Reply]:
        places = zip(self._on_streets(points), self.engine.snap(points).beside_m.tolist(), strict=True)
        return [{"location": [place.lon, place.lat], "distance": beside_m, "name": ""} for place, beside_m in places]

    def _is_parted(self, a: Point, b: Point) -> bool:
        return a != b and (_rounded(a) in self.island or _rounded(b) in self.island)


@contextmanager
def serving(double: OsrmDouble) -> Iterator[str]:
    """Runs the double on a free loopback port and gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, reply = double.answer(self.path)
            body = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the standard library
            """Keeps the test's output free of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="osrm-double")
        thread.start()
        double.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield double.url
        finally:
            server.shutdown()
            thread.join()


def _rounded(point: Point) -> Point:
    """As coordinates arrive over the wire: six decimals."""
    return Point(lat=round(point.lat, 6), lon=round(point.lon, 6))
