"""Where a shipper is served: polygons with holes, refused where they are none, and asked for every row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.batches import Place, QuoteBatch
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.shippers import BadServiceArea, area_of, read_area, set_service_area
from marketplace.shippers.area import is_within
from tests.builders import HUB_PLACE, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order


def square(west: float, south: float, side: float) -> list[list[float]]:
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


WITH_HOLE = read_area(polygon(square(-71.4, -30.0, 0.4), square(-71.3, -29.9, 0.1)))
SERENA = polygon(square(-71.5, -30.1, 0.4))


@given(lat=st.floats(-30.2, -29.4), lon=st.floats(-71.6, -70.8))
def test_the_cells_say_what_the_rings_say(lat: float, lon: float) -> None:
    place = Point(lat=lat, lon=lon)

    assert WITH_HOLE.holds(place) == is_within(WITH_HOLE.polygons, place)


@pytest.mark.parametrize(
    ("lat", "lon", "is_inside"), [(-29.95, -71.35, True), (-29.85, -71.25, False), (-29.5, -71.25, False)]
)
def test_a_hole_is_outside(lat: float, lon: float, is_inside: bool) -> None:
    assert WITH_HOLE.holds(Point(lat=lat, lon=lon)) is is_inside


def test_several_polygons_are_one_area() -> None:
    both = [[square(-71.4, -30.0, 0.1)], [square(-71.0, -30.0, 0.1)]]

    area = read_area({"type": "MultiPolygon", "coordinates": both})

    assert [area.holds(Point(lat=-29.95, lon=lon)) for lon in (-71.35, -71.15, -70.95)] == [True, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[square(0, 0, 1)]] * 51},
        polygon([[0, 0], [1, 0], [1, 1], [0, 1]]),
        polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]),
        polygon([[0, 0], [1, 0], [2, 0], [0, 0]]),
        polygon(square(0, 0, 1), square(2, 2, 0.5)),
        polygon(square(0, 0, 1), square(0.5, 0.5, 1)),
        polygon(square(0, 0, 4)),
        polygon(square(0, 84, 2)),
        polygon([[0, 0], [True, 0], [1, 1], [0, 0]]),
        polygon([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]]),
        polygon([[0, 0], [float("nan"), 0], [1, 1], [0, 0]]),
        polygon([[number / 1000, 0] for number in range(1002)]),
    ],
)
def test_what_is_no_area_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadServiceArea) as refused:
        read_area(wrong)

    assert refused.value.field == "area"


async def test_an_area_of_ones_own_comes_before_the_default_and_can_be_taken_away(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, other = await make_shipper(work, market), await make_shipper(work, market)
        versions = [
            await set_service_area(work, market_id=market.id, shipper_id=None, area=SERENA),
            await set_service_area(work, market_id=market.id, shipper_id=shipper.id, area=polygon(square(0, 0, 1))),
        ]
        own = await area_of(work, market_id=market.id, shipper_id=shipper.id)
        default = await area_of(work, market_id=market.id, shipper_id=other.id)
        versions.append(await set_service_area(work, market_id=market.id, shipper_id=shipper.id, area=None))
        after = await area_of(work, market_id=market.id, shipper_id=shipper.id)

    assert versions == [1, 1, 2]
    assert own is not None
    assert default is not None
    assert [own.holds(HUB_PLACE), default.holds(HUB_PLACE)] == [False, True]
    assert after is default


async def test_a_row_outside_is_refused_and_the_others_are_not(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        await set_service_area(work, market_id=market.id, shipper_id=None, area=SERENA)
    far = Point(lat=-29.5, lon=-71.25)
    rows = [
        order("in", hub_id=hub.id),
        order("to", hub_id=hub.id, dropoff=Place(point=far, address="Ruta 5")),
        order("from", pickup=Place(point=far, address="Ruta 5")),
    ]

    quoted = await run_errand(
        works, QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=rows)
    )

    assert quoted is not None
    assert [row["external_id"] for row in quoted.rows] == ["in"]
    assert [(one.external_id, one.code, one.field) for one in quoted.problems] == [
        ("to", "OUT_OF_AREA", "dropoff"),
        ("from", "OUT_OF_AREA", "pickup"),
    ]
