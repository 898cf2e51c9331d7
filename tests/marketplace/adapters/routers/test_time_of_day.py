"""Hours of the week, and the tables that say how long streets take in them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from marketplace.adapters.routers.time_of_day import SLOTS, BadTimeFactors, check_factors, slot_of
from marketplace.routing import NaiveDeparture


def test_every_hour_of_the_week_has_its_slot() -> None:
    assert slot_of(datetime(2026, 1, 5, 0, 0, tzinfo=UTC)) == 0  # a Monday
    assert slot_of(datetime(2026, 1, 5, 12, 59, tzinfo=UTC)) == 12
    assert slot_of(datetime(2026, 1, 11, 23, 0, tzinfo=UTC)) == SLOTS - 1
    assert slot_of(datetime(2026, 1, 5, 9, 0, tzinfo=ZoneInfo("America/Santiago"))) == 12
    with pytest.raises(NaiveDeparture):
        slot_of(datetime(2026, 1, 5))


@pytest.mark.parametrize("table", [np.ones((SLOTS, 4)), np.zeros((SLOTS, 5)), np.full((SLOTS, 5), np.nan)])
def test_a_table_that_fits_no_streets_is_refused(table: np.ndarray) -> None:
    with pytest.raises(BadTimeFactors):
        check_factors(table.astype(np.float32), edge_count=5)
