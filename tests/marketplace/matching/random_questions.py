"""Random small planning requests for property tests: every field of the contract, in every legal combination."""

from typing import Any

from hypothesis import strategies as st

from tests.marketplace.matching.questions import NOW, Json

PLACES = 6
NO_WAY_S = 100_000_000
SKILLS = ("bike", "fridge", "stairs")
OBJECTIVES = ("fewest_drivers", "travel_time", "delivery_delay", "expected_cost")

moments = st.integers(NOW - 1_800, NOW + 10_000)
places = st.integers(0, PLACES - 1)


@st.composite
def questions(
    draw: st.DrawFn,
    *,
    deliveries: tuple[int, int] = (0, 7),
    drivers: tuple[int, int] = (0, 4),
    has_locked: bool = True,
) -> Json:
    """A request with so many deliveries and drivers."""
    dimensions = draw(st.integers(0, 2))
    asked: Json = {
        "request_id": 1,
        "now": NOW,
        "deliveries": [draw(_deliveries(f"d{i}", dimensions)) for i in range(draw(st.integers(*deliveries)))],
        "drivers": [draw(_drivers(f"v{j}", dimensions)) for j in range(draw(st.integers(*drivers)))],
        "options": draw(_options()),
    }
    asked |= draw(_matrices() if draw(st.booleans()) else _points())
    if has_locked and draw(st.booleans()):
        _commit(draw, asked)
    return asked


@st.composite
def _matrices(draw: st.DrawFn) -> Json:
    legs = st.one_of(st.integers(0, 1_500), st.integers(0, 1_500), st.integers(0, 1_500), st.just(NO_WAY_S))
    rows = [[draw(legs) for _ in range(PLACES)] for _ in range(PLACES)]
    for i, row in enumerate(rows):
        row[i] = 0
    metres = [[8 * leg if leg < NO_WAY_S else 0 for leg in row] for row in rows]
    return {"durations_s": rows} | ({"distances_m": metres} if draw(st.booleans()) else {})


@st.composite
def _points(draw: st.DrawFn) -> Json:
    degrees = st.floats(0, 0.05)
    points = [[-29.9 + draw(degrees), -71.2 + draw(degrees)] for _ in range(PLACES)]
    return {"points": points, "speed_mps": draw(st.sampled_from((1, 8, 12.5)))}


@st.composite
def _windows(draw: st.DrawFn) -> list[list[int]]:
    begins = draw(st.lists(moments, max_size=3))
    return [[begin, begin + draw(st.sampled_from((0, 900, 5_400)))] for begin in begins]


@st.composite
def _stops(draw: st.DrawFn) -> Json:
    stop: Json = {"location": draw(places), "service_s": draw(st.sampled_from((0, 60, 600)))}
    return stop | ({"windows": draw(_windows())} if draw(st.integers(0, 2)) == 0 else {})


@st.composite
def _deliveries(draw: st.DrawFn, name: str, dimensions: int) -> Json:
    amounts = st.sampled_from((0, 1, 2, 10**25))
    asked: Json = {
        "id": name,
        "pickup": draw(_stops()),
        "dropoff": draw(_stops()),
        "load": [draw(amounts) for _ in range(dimensions)],
        "skills": draw(st.lists(st.sampled_from(SKILLS), max_size=1)),
        "priority": draw(st.sampled_from((0, 0, 1, 100))),
        "posted_at": draw(moments),
    }
    if draw(st.booleans()):
        asked["pickup"]["ready_at"] = draw(moments)
    if draw(st.booleans()):
        asked["dropoff"]["due_at"] = draw(moments)
    return asked


@st.composite
def _drivers(draw: st.DrawFn, name: str, dimensions: int) -> Json:
    amounts = st.sampled_from((1, 3, 10**26))
    pay = {key: draw(st.sampled_from((0, 7, 450))) for key in ("fixed_cents", "per_stop_cents", "per_hour_cents")}
    return {
        "id": name,
        "kind": draw(st.sampled_from(("dedicated", "contracted", "crowdsourced"))),
        "location": draw(places),
        "end_location": draw(st.one_of(st.none(), st.none(), places)),
        "available_at": draw(moments),
        "shift_end": draw(st.sampled_from((NOW - 1, NOW + 3_600, NOW + 20_000, NOW + 90_000))),
        "capacity": [draw(amounts) for _ in range(dimensions)],
        "skills": draw(st.lists(st.sampled_from(SKILLS), max_size=3)),
        "max_stops": draw(st.sampled_from((None, None, 1, 3, 6))),
        "accept_prob": draw(st.sampled_from((0, 0.35, 1))),
        "pay": pay | {"per_km_cents": draw(st.sampled_from((0, 30)))},
    }


@st.composite
def _options(draw: st.DrawFn) -> Json:
    return {
        "objective": draw(st.sampled_from(OBJECTIVES)),
        "time_limit_s": draw(st.sampled_from((0.01, 0.05))),
        "seed": draw(st.integers(0, 3)),
        "one_origin_per_route": draw(st.booleans()),
        "zone_limit": draw(st.sampled_from((2, 120, 120))),
        "shift_end_covers": draw(st.sampled_from(("route", "pickups"))),
    }


def _commit(draw: st.DrawFn, asked: Json) -> None:
    """Gives some drivers committed steps: on board already, to be picked up, or both ends of a delivery."""
    waiting: list[Any] = list(asked["deliveries"])
    for driver in asked["drivers"]:
        pickups, dropoffs = [], []
        for _ in range(min(len(waiting), draw(st.integers(0, 2)))):
            delivery = waiting.pop()
            ends = draw(st.sampled_from(("pickup", "dropoff", "both")))
            pickups += [_step(delivery, "pickup")] if ends != "dropoff" else []
            dropoffs += [_step(delivery, "dropoff")] if ends != "pickup" else []
        driver["locked"] = pickups + dropoffs


def _step(delivery: Json, kind: str) -> Json:
    return {"delivery_id": delivery["id"], "kind": kind, "location": delivery[kind]["location"]}
