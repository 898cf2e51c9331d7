"""Traffic as a test wants it, without having learnt it."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from marketplace.adapters.routers import GraphEngine
from marketplace.routing import GROUPS, SLOTS, Traffic, slot_at

CHILE = "America/Santiago"


def traffic_of_slots(factors: Mapping[datetime, float], *, version: int = 1) -> Traffic:
    """Traffic that is the same in all the city: a factor for the slot of each of these moments, none in the others."""
    city = np.ones(SLOTS, np.float32)
    for moment, factor in factors.items():
        city[slot_at(moment, CHILE)] = factor
    return Traffic(
        version=version,
        time_zone=CHILE,
        city=city,
        roads=np.repeat(city[:, None], GROUPS, axis=1),
        cells=np.zeros(0, np.int64),
        places=np.ones((0, SLOTS, GROUPS), np.float32),
    )


def traffic_of_places(engine: GraphEngine, seed: int, moments: list[datetime], *, version: int = 1) -> Traffic:
    """Traffic that differs from cell to cell in the slots of these moments: up to three times as long."""
    cells = np.unique(engine.cells[0].astype(np.int64))
    places = np.ones((len(cells), SLOTS, GROUPS), np.float32)
    random = np.random.default_rng(seed)
    for moment in moments:
        places[:, slot_at(moment, CHILE)] = random.uniform(1.0, 3.0, (len(cells), GROUPS))
    return Traffic(
        version=version,
        time_zone=CHILE,
        city=np.ones(SLOTS, np.float32),
        roads=np.ones((SLOTS, GROUPS), np.float32),
        cells=cells,
        places=places,
    )
