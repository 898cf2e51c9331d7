"""A look costs what its size is worth, and a city's looks together no more than half a minute."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest

from marketplace.markets import Dials
from marketplace.matching.snapshot import OpenDelivery, Snapshot
from marketplace.matching.work_limit import time_limit_s


def look(deliveries: int, zones: int = 1, **dials: Any) -> Snapshot:
    """A look at so many deliveries in a market of so many zones."""
    return Snapshot(
        dials=Dials(market_id=UUID(int=1), time_zone="UTC", currency="CLP", **dials),
        now=datetime(2026, 3, 2, tzinfo=UTC),
        policy_version=1,
        rates={},
        deliveries=cast("Sequence[OpenDelivery]", range(deliveries)),
        drivers=(),
        zone_count=zones,
    )


@pytest.mark.parametrize(
    ("deliveries", "zones", "expected"),
    [
        (1, 1, 0.3),
        (36, 1, 0.3),
        (60, 1, 0.5),
        (120, 1, 1.0),
        (240, 1, 1.0),
        (120, 2, 1.0),
        (120, 40, 0.5),
        (30, 40, 0.3),
        (120, 100, 0.2),
        (120, 1_000, 0.2),
    ],
)
def test_small_looks_cost_less_and_a_city_shares_twenty_seconds(deliveries: int, zones: int, expected: float) -> None:
    assert time_limit_s(look(deliveries, zones)) == pytest.approx(expected)


def test_a_market_says_what_a_full_zone_may_cost() -> None:
    assert time_limit_s(look(120, match_time_limit_ms=4_000)) == 4.0
    assert time_limit_s(look(10, match_time_limit_ms=100)) == pytest.approx(0.03)
    assert time_limit_s(look(50, zone_limit=50)) == 1.0
