"""A plan can be looked at: a PNG with its zones, routes and stops, for requests that say where places are."""

import json
import random
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from marketplace.matching import BadRequest, PlanDelivery, PlanDriver, PlanOptions, PlanRequest, PlanStop, plan
from marketplace.matching.door import answer
from marketplace.matching.picture import FAINT, INK, PAPER, draw_plan
from marketplace.matching.solver_pool import SolverPool
from tests.marketplace.matching.questions import example


def town(deliveries: int, drivers: int, *, zone_limit: int = 10) -> PlanRequest:
    """A few shops, homes around them, and drivers."""
    draw = random.Random(3)
    points = [(draw.uniform(-30.0, -29.9), draw.uniform(-71.35, -71.2)) for _ in range(5 + deliveries + drivers)]
    return PlanRequest(
        now=0,
        points=points,
        speed_mps=10.0,
        deliveries=[
            PlanDelivery(id=f"d{i}", pickup=PlanStop(location=i % 5), dropoff=PlanStop(location=5 + i))
            for i in range(deliveries)
        ],
        drivers=[
            PlanDriver(id=f"v{j}", location=5 + deliveries + j, shift_end=8 * 3600, max_stops=20)
            for j in range(drivers)
        ],
        options=PlanOptions(zone_limit=zone_limit, time_limit_s=0.1),
    )


def colours(png: bytes) -> dict[tuple[int, ...], int]:
    """How many pixels have which colour."""
    with Image.open(BytesIO(png)) as image:
        assert (image.format, image.size) == ("PNG", (1600, 1200))
        found = image.convert("RGB").getcolors(1600 * 1200)
    assert found is not None
    return {colour: count for count, colour in found if isinstance(colour, tuple)}


def looks_like(colour: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, other, strict=True)) <= 8


def test_a_picture_shows_zones_routes_and_stops() -> None:
    request = town(40, 10)

    png = draw_plan(request, plan(request))

    found = colours(png)
    assert len(png) <= 300_000
    tints = {colour for colour, count in found.items() if count > 3_000 and not looks_like(colour, PAPER)}
    assert len(tints) >= 3
    assert min(max(colour) for colour in found) < 2 * max(INK)
    lines = sum(count for colour, count in found.items() if max(colour) - min(colour) > 90)
    assert lines > 5_000


def test_a_plan_without_routes_is_a_picture_too() -> None:
    request = town(3, 0)

    found = colours(draw_plan(request, plan(request)))

    assert min(max(colour) for colour in found) < 2 * max(INK)


def test_drivers_without_a_route_are_shown_and_nothing_else_where_nothing_is_to_do() -> None:
    request = town(0, 2)

    found = colours(draw_plan(request, plan(request)))

    assert any(looks_like(colour, FAINT) for colour in found)
    assert max(found, key=lambda colour: found[colour]) == PAPER


def test_a_matrix_does_not_say_where_places_are(tmp_path: Path) -> None:
    target = tmp_path / "plan.png"
    with SolverPool(1, grace_s=60) as pool:
        asked = json.dumps(example()).encode()
        reply = answer(asked, pool, shown=lambda request, made: _write(target, draw_plan(request, made)))

    assert reply["error"]["field"] == "points"
    assert not target.exists()


def _write(target: Path, png: bytes) -> None:
    target.write_bytes(png)


def test_a_refusal_names_the_field() -> None:
    request = PlanRequest(now=0, deliveries=[], drivers=[], durations_s=[[0]])

    with pytest.raises(BadRequest, match="does not say where places are"):
        draw_plan(request, plan(request))
