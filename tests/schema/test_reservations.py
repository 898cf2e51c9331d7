"""Reservations and goals over the API: agreed by operations, seen by their shipper, written down with who did it."""

from typing import Any

import pytest

from marketplace.core.ids import from_wire, to_wire
from tests.payment_worlds import payments
from tests.schema.test_billing import Office, office

__all__ = ["office", "payments"]

TERMS = {"firstDay": "2026-03-03", "places": 3, "feeMinor": 500, "opens": "08:00", "closes": "12:00"}
WEEK = {"from": "2026-03-02", "to": "2026-03-08"}


@pytest.fixture
async def hub(office: Office) -> str:
    """The hub, which gives out ten deliveries an hour."""
    hub_id = to_wire("hub", office.billing.hub.id)
    opening = {"hours": [{"day": day, "opens": "08:00", "closes": "18:00"} for day in range(1, 7)], "placesPerHour": 10}
    await office.desk("set_hub_opening", hubId=hub_id, opening=opening, idempotencyKey="hub")
    return hub_id


async def test_places_are_reserved_changed_and_ended_by_operations_and_seen_by_their_shipper(
    office: Office, hub: str
) -> None:
    about = {"shipperId": office.shipper_id, "hubId": hub, "terms": TERMS, "idempotencyKey": "a"}
    made = [await office.desk("reserve_capacity", **about) for _ in range(2)]
    reservation = {"reservationId": made[0]["reservationId"]}
    more = TERMS | {"firstDay": "2026-03-05", "places": 5}
    changed = await office.desk("change_reservation", **reservation, terms=more, idempotencyKey="b")
    ended = await office.desk("end_reservation", **reservation, fromDay="2026-03-07", idempotencyKey="c")

    [seen] = await office.portal("capacity_reservations", marketId=office.market, **WEEK)

    assert made[0] == made[1]
    assert (changed, ended) == (reservation | {"version": 2}, reservation | {"version": 3})
    assert [(one["version"], one["places"], one["nextDay"]) for one in seen["terms"]] == [
        (3, 0, None), (2, 5, "2026-03-07"), (1, 3, "2026-03-05"),
    ]  # fmt: skip
    assert {name: seen["terms"][-1][name] for name in TERMS} == TERMS
    assert [(one["day"], one["places"], one["left"]) for one in seen["days"]] == [
        ("2026-03-03", 3, 3), ("2026-03-04", 3, 3), ("2026-03-05", 5, 5), ("2026-03-06", 5, 5),
    ]  # fmt: skip
    assert await office.desk("shipper_capacity_reservations", shipperId=office.shipper_id, **WEEK) == [seen]
    actions = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    done = {one["verb"]: one["subjectId"] for one in actions}
    assert {verb: done[verb] for verb in ("reserveCapacity", "changeReservation", "endReservation")} == dict.fromkeys(
        ("reserveCapacity", "changeReservation", "endReservation"), seen["id"]
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"places": 41}, "OVER_RESERVED"),
        ({"firstDay": "2026-03-02"}, "BAD_RESERVATION"),
        ({"opens": "25:00"}, "BAD_OPENING"),
        ({"weekdays": [8]}, "BAD_RESERVATION"),
    ],
)
async def test_what_cannot_be_kept_is_refused(office: Office, hub: str, changes: dict[str, Any], code: str) -> None:
    problem = await office.desk(
        "reserve_capacity", shipperId=office.shipper_id, hubId=hub, terms=TERMS | changes, idempotencyKey="a"
    )

    assert problem["code"] == code
    assert await office.portal("capacity_reservations", marketId=office.market, **WEEK) == []


async def test_a_goal_is_set_by_operations_and_seen_as_it_stands(office: Office) -> None:
    goal = {"metric": "ON_TIME", "target": 95.5, "periodDays": 7, "minSample": 2}
    done = await office.desk("set_experience_goal", shipperId=office.shipper_id, goal=goal, idempotencyKey="a")
    async with office.billing.works.open() as work:
        await work.execute(
            "INSERT INTO kpi_day (id, market_id, day, shipper_id, delivered, on_time)"
            " VALUES (gen_random_uuid(), $1, '2026-03-01', $2, 4, 3)",
            office.billing.market.id,
            from_wire("shipper", office.shipper_id),
        )

    [seen] = await office.portal("experience_goals")

    assert done == {"shipperId": office.shipper_id, "metric": "ON_TIME"}
    assert {name: seen[name] for name in goal} == goal
    assert (seen["actual"], seen["sample"], seen["isMet"], seen["change"]) == (75.0, 4, False, None)
    assert (seen["firstDay"], seen["lastDay"], seen["version"]) == ("2026-02-23", "2026-03-01", 1)
    assert await office.desk("shipper_experience_goals", shipperId=office.shipper_id) == [seen]
    await office.desk(
        "set_experience_goal", shipperId=office.shipper_id, goal=goal | {"isWithdrawn": True}, idempotencyKey="b"
    )
    assert await office.portal("experience_goals") == []
