"""`doorstep kpis` tells the figures of days to people, to programs and to spreadsheets."""

import json
from datetime import date
from uuid import UUID

import orjson
import pytest

from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings
from tests.marketplace.analytics.test_kpi_table import a_row
from workers.figures_of_days import as_csv, as_json, as_table, read_kpis

ROWS = [
    a_row(day=date(2026, 3, 2), delivered=1_200, on_time_percent=97.5, margin_minor=-12),
    a_row(name="Farmacia del Norte Grande", shipper_id=UUID(int=1)),
]


def test_people_get_a_line_for_each_row_and_a_dash_for_what_is_unknown() -> None:
    head, day, shipper = as_table(ROWS)

    assert head.split()[:3] == ["delivered", "on", "time"]
    assert day.split() == ["2026-03-02", "1,200", "97.5", *["-"] * 9, "-12"]
    assert shipper.startswith("Farmacia del Nor         0         -")
    assert len({len(head), len(day), len(shipper)}) == 1


def test_programs_get_ids_as_the_api_has_them() -> None:
    day, shipper = json.loads(orjson.dumps(as_json(ROWS)))

    assert (day["day"], day["margin_minor"], day["shipper_id"]) == ("2026-03-02", -12, None)
    assert shipper["shipper_id"] == f"shp_{UUID(int=1).hex}"


def test_spreadsheets_get_all_figures() -> None:
    assert as_csv(ROWS).count(b"\r\n") == 3


@pytest.mark.parametrize(
    "asked", [{"first": "yesterday", "group_by": "day"}, {"first": "2026-03-01", "group_by": "week"}]
)
async def test_what_cannot_be_asked_is_said_in_a_sentence(asked: dict[str, str]) -> None:
    with pytest.raises(CannotStart, match="say days as 2026-03-02"):
        await read_kpis(Settings(), last="2026-03-02", market=None, **asked)
