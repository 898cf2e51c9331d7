"""Chooses by drive time who is planned for: of the drivers near a zone, those who can be at its pickups first."""

from dataclasses import replace

import numpy as np

from marketplace.matching.nearby import FreeDriver
from marketplace.matching.snapshot import Snapshot
from marketplace.routing import Router

CANDIDATES = 40
"""So many drivers are planned for, or half as many as there are deliveries; with more a plan is hardly better."""


async def choose_candidates(router: Router, found: Snapshot) -> Snapshot:
    """The snapshot with the candidate drivers only; where routes are single trips, everybody near is one."""
    most = max(CANDIDATES, len(found.deliveries) // 2)
    if len(found.drivers) <= most or found.dials.matching_objective == "delivery_delay":
        return found
    wishes = list(dict.fromkeys((one.pickup, frozenset(one.skills)) for one in found.deliveries))
    matrix = await router.matrix(
        [driver.place for driver in found.drivers], [pickup for pickup, _ in wishes], depart_at=found.now
    )
    ready = np.array([_wait_s(driver, found) for driver in found.drivers])
    able = np.array([[skills <= set(driver.skills) for _, skills in wishes] for driver in found.drivers])
    price = np.where(able & matrix.is_reachable, ready[:, None] + matrix.durations_s, np.inf)
    ranks = price.argsort(axis=0, kind="stable")
    possible = np.isfinite(np.take_along_axis(price, ranks, axis=0))
    chosen = sorted(list(dict.fromkeys(ranks[possible].tolist()))[:most])
    return replace(found, drivers=[found.drivers[number] for number in chosen])


def _wait_s(driver: FreeDriver, found: Snapshot) -> float:
    return 0.0 if driver.available_at is None else (driver.available_at - found.now).total_seconds()
