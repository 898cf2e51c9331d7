"""A file of a dry run is read as the API reads it, and what is wrong is named by its path."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.core.geo import Point
from marketplace.fleet import ContractKind
from marketplace.matching import DryDelivery, DryDriver, DryProblem
from marketplace.matching.dry_files import read_problem
from marketplace.matching.dry_runs import BadDryRun

HUB, HOME = {"lat": -29.9, "lon": -71.25}, {"lat": -29.96, "lon": -71.33}
TEA: dict[str, Any] = {"reference": "tea", "pickup": HUB, "dropoff": HOME}
ANA: dict[str, Any] = {"reference": "ana", "point": HUB}


def test_what_is_left_out_is_usual() -> None:
    assert read_problem({"deliveries": [TEA], "drivers": [ANA]}) == DryProblem(
        deliveries=[
            DryDelivery(reference="tea", pickup=Point(**HUB), dropoff=Point(**HOME), load=[1, 1_000, 5], skills=[])
        ],
        drivers=[DryDriver(reference="ana", place=Point(**HUB), capacity=[30, 200_000, 800], skills=[])],
    )


def test_everything_that_may_be_said_is_heard() -> None:
    window = {"opensAt": "2026-03-02T15:00:00Z", "closesAt": "2026-03-02T13:00:00-03:00"}
    text = json.dumps(
        {
            "deliveries": [
                TEA
                | {"pickupWindow": window, "dropoffWindow": window, "packages": 2, "weightG": 3, "volumeL": 4}
                | {"requirements": ["COLD", "FRAGILE"], "priority": 7}
            ],
            "drivers": [
                ANA
                | {"kind": "CONTRACTED", "onlineUntil": "2026-03-02T18:00:00Z", "skills": ["COLD"], "maxStops": 9}
                | {"packages": 5, "weightG": 6, "volumeL": 7}
            ],
        }
    )

    problem = read_problem(json.loads(text))

    (delivery,), (driver,) = problem.deliveries, problem.drivers
    opens, closes = datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert delivery.pickup_window == delivery.dropoff_window == (opens, closes)
    assert (delivery.load, delivery.skills, delivery.priority) == ([2, 3, 4], ["COLD"], 7)
    assert (driver.kind, driver.online_until) == (ContractKind.CONTRACTED, datetime(2026, 3, 2, 18, tzinfo=UTC))
    assert (driver.capacity, driver.skills, driver.max_stops) == ([5, 6, 7], ["COLD"], 9)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ([], None),
        ({"deliveries": [TEA]}, "drivers"),
        ({"deliveries": {}, "drivers": []}, "deliveries"),
        ({"deliveries": [TEA], "drivers": [], "colour": 1}, "colour"),
        ({"deliveries": [7], "drivers": []}, "deliveries[0]"),
        ({"deliveries": [TEA | {"colour": 1}], "drivers": []}, "deliveries[0].colour"),
        ({"deliveries": [TEA, {"reference": "x"}], "drivers": []}, "deliveries[1].pickup"),
        ({"deliveries": [TEA | {"pickup": {"lat": 91, "lon": 0}}], "drivers": []}, "deliveries[0].pickup"),
        ({"deliveries": [TEA | {"pickup": {"lat": "x", "lon": 0}}], "drivers": []}, "deliveries[0].pickup"),
        ({"deliveries": [TEA | {"weightG": 1.5}], "drivers": []}, "deliveries[0].weightG"),
        ({"deliveries": [TEA | {"reference": 7}], "drivers": []}, "deliveries[0].reference"),
        ({"deliveries": [TEA | {"pickupWindow": {"opensAt": "soon"}}], "drivers": []}, "deliveries[0].pickupWindow"),
        ({"deliveries": [TEA], "drivers": [ANA | {"kind": "PIRATE"}]}, "drivers[0].kind"),
        ({"deliveries": [TEA], "drivers": [ANA | {"onlineUntil": "2026-03-02T15:00"}]}, "drivers[0].onlineUntil"),
        ({"deliveries": [TEA], "drivers": [ANA | {"skills": [1]}]}, "drivers[0].skills"),
    ],
)
def test_what_has_not_its_form_is_named_by_its_path(asked: Any, field: str | None) -> None:
    with pytest.raises(BadDryRun) as refused:
        read_problem(asked)

    assert refused.value.field == field
