"""How much work one look may spend on its plan: by the size of the problem, and of the city that waits."""

from marketplace.matching.snapshot import Snapshot

SMALLEST_PART = 0.3
"""The part of the market's limit that a look at a few deliveries may spend."""
CITY_S = 20.0
"""Processor time for one plan of every zone of a market, so that a large city is planned within half a minute."""
LEAST_IN_A_CITY_S = 0.2


def time_limit_s(found: Snapshot) -> float:
    """Processor seconds for one plan: in proportion to the deliveries, and less where many zones share the machine."""
    most_s = found.dials.match_time_limit_ms / 1_000
    by_size_s = most_s * min(1.0, max(SMALLEST_PART, len(found.deliveries) / found.dials.zone_limit))
    by_city_s = most_s if found.zone_count <= 1 else max(LEAST_IN_A_CITY_S, CITY_S / found.zone_count)
    return min(by_size_s, by_city_s)
