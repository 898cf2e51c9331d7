"""Hidden traffic: how much longer than on empty streets each edge really takes at each moment, drawn from a seed.

A few hot spots swell and shrink over the day, smoothly in space and in time, so that no cell and no slot of the
product's own fits them. Fast roads lose more than side streets, and every edge is a little faster or slower than its
class for reasons of its own. Weekends are calmer and have their crowd at noon.
"""

from collections import OrderedDict
from datetime import date, datetime
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from marketplace.adapters.city import CityPack
from marketplace.adapters.city.arrays import Real, Whole
from marketplace.adapters.city.distances import metres_between
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers import GraphEngine
from marketplace.adapters.routers.search import Search
from marketplace.core.geo import Point
from marketplace.routing import Unreachable
from workers.traffic.drives import TrueDrive, true_drive

HOT_SPOTS = 4
REACH_M = (1_200.0, 3_000.0)
"""How far a hot spot reaches, the smallest and the widest."""
FAST_ROADS_SUFFER = 1.5
SIDE_STREETS_SUFFER = 0.6
EDGE_NOISE = 0.25
TRIP_NOISE = 0.10
DAY_NOISE = 0.15
"""How much fuller or emptier than usual the whole city is on one day, and each hot spot for itself."""
LEAST_FACTOR = 0.6
KNOWS_FOR_S = 900
"""Drivers choose their way by how the streets were at most so long ago."""
STATES_KEPT = 8


class Peak(NamedTuple):
    """A time of day at which much happens: its hour on the local clock, how long it lasts, how strong it is."""

    hour: float
    lasts_h: float
    weekday: float
    weekend: float


PEAKS = (Peak(8.2, 0.9, 1.0, 0.15), Peak(13.4, 1.3, 0.55, 0.8), Peak(18.4, 1.2, 1.0, 0.45))
EVERYWHERE = 0.35
"""What the whole city loses at the height of a peak, hot spots or not."""


class HiddenTraffic:
    """One city's traffic, the same for the same seed on every day of the same class, but for what days differ by."""

    def __init__(
        self, pack: CityPack, *, seed: int, time_zone: str, strength: float = 1.0, day_noise: float = 0.0
    ) -> None:
        """Draws hot spots and edges from the seed; a strength of 0 leaves all streets empty."""
        self._seed, self._day_noise, self._days = seed, day_noise, dict[date, Real]()
        self.engine = GraphEngine(pack)
        self._zone = ZoneInfo(time_zone)
        self._strength = strength
        graph = self.engine.network.graph
        random = np.random.default_rng(seed)
        every = np.arange(graph.street_count, dtype=np.int32)
        lat, lon = graph.place_at(every, graph.length_m / 2)
        main = np.flatnonzero(graph.road_class <= RoadClass.TERTIARY)
        centre = random.choice(main if len(main) >= HOT_SPOTS else every, HOT_SPOTS, replace=False)
        away_m = metres_between(lat[centre][:, None], lon[centre][:, None], lat[None, :], lon[None, :])
        reach_m = random.uniform(*REACH_M, (HOT_SPOTS, 1))
        suffers = np.select(
            [graph.road_class <= RoadClass.SECONDARY, graph.road_class == RoadClass.TERTIARY],
            [FAST_ROADS_SUFFER, 1.0],
            SIDE_STREETS_SUFFER,
        )
        near = np.exp(-0.5 * (away_m / reach_m) ** 2)
        self._suffers: Real = (np.vstack([np.ones(len(every)), near]) * suffers)[:, graph.street]
        self._swells = np.vstack([np.full(len(PEAKS), EVERYWHERE), random.uniform(0.2, 1.3, (HOT_SPOTS, len(PEAKS)))])
        self._own: Real = np.exp(random.normal(-(EDGE_NOISE**2) / 2, EDGE_NOISE, graph.edge_count) * min(1.0, strength))
        self._searches: OrderedDict[int, Search] = OrderedDict()

    def factors(self, moment: datetime, edges: Whole | slice = slice(None)) -> Real:
        """How many times as long as on an empty street each edge takes at a moment."""
        lost = self._strength * (self._levels(moment) @ self._suffers[:, edges])
        return np.maximum(LEAST_FACTOR, (1.0 + lost) * self._own[edges])

    def drive(self, origin: Point, target: Point, *, departs_at: datetime, source: Random | None = None) -> TrueDrive:
        """Drives as somebody who knows the city; a source adds what is particular to this one trip."""
        search = self._search(departs_at)
        snapped = self.engine.snap([origin, target])
        start, end = (
            search.spots(snapped.street[[i]], self._share(snapped.street[i], snapped.at_m[i])) for i in (0, 1)
        )
        way = search.way(start, end)
        if way is None:
            raise Unreachable("no street leads there")
        luck = 1.0 if source is None else float(np.exp(source.gauss(-(TRIP_NOISE**2) / 2, TRIP_NOISE)))
        return true_drive(
            self.engine.network, way.edges, float(snapped.at_m[0]), float(snapped.at_m[1]),
            departs_at=departs_at, factor_of=self._factor_of, luck=luck,
        )  # fmt: skip

    def _factor_of(self, edge: int, moment: datetime) -> float:
        return float(self.factors(moment, np.array([edge]))[0])

    def _levels(self, moment: datetime) -> Real:
        local = moment.astimezone(self._zone)
        hour = local.hour + local.minute / 60 + local.second / 3_600
        is_weekend = local.weekday() >= 5
        heights = [
            (peak.weekend if is_weekend else peak.weekday) * np.exp(-0.5 * ((hour - peak.hour) / peak.lasts_h) ** 2)
            for peak in PEAKS
        ]
        return np.asarray((self._swells @ np.array(heights)) * self._of_day(local.date()))

    def _of_day(self, day: date) -> Real:
        """How full the city and each hot spot is on that day, as a share of what is usual; drawn for the day alone."""
        if day not in self._days:
            drawn = np.random.default_rng([self._seed, day.toordinal()]).normal(size=1 + HOT_SPOTS)
            self._days[day] = np.exp(self._day_noise * (drawn[0] + np.append(0.0, drawn[1:])))
        return self._days[day]

    def _share(self, street: int, at_m: float) -> Real:
        length_m = max(float(self.engine.network.graph.length_m[street]), 0.01)
        return np.array([min(1.0, at_m / length_m)])

    def _search(self, moment: datetime) -> Search:
        key = int(moment.timestamp()) // KNOWS_FOR_S
        search = self._searches.pop(key, None)
        if search is None:
            known = datetime.fromtimestamp(key * KNOWS_FOR_S, self._zone)
            time_ms = np.maximum(1, np.rint(self.engine.network.graph.time_ms * self.factors(known)))
            search = Search(self.engine.network, time_ms.astype(np.int64))
        self._searches[key] = search
        if len(self._searches) > STATES_KEPT:
            self._searches.popitem(last=False)
        return search
