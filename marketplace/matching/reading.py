"""Reads planning requests from JSON and writes plans as JSON, in the words of the matcher's contract.

Here only the form is checked: objects, lists, known and required names. The values are checked where every request
passes, in `checking`; matrices and points become arrays at once, since they are large.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from marketplace.matching.checking import check_request, check_request_id
from marketplace.matching.limits import MAX_DELIVERIES, MAX_DISTANCE_M, MAX_DRIVERS, listed, point_array, whole_matrix
from marketplace.matching.refusals import BadRequest
from marketplace.matching.reply import Plan, PlannedRoute
from marketplace.matching.request import (
    DriverPay,
    LockedStep,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
)
from marketplace.matching.travel import read_travel

Json = dict[str, Any]
Value = TypeVar("Value")

_REQUEST_FIELDS = tuple(field.name for field in fields(PlanRequest))
_PICKUP_FIELDS = ("location", "windows", "service_s", "ready_at")
_DROPOFF_FIELDS = ("location", "windows", "service_s", "due_at")
_DELIVERY_FIELDS = tuple(field.name for field in fields(PlanDelivery))
_DRIVER_FIELDS = tuple(field.name for field in fields(PlanDriver))
_NULLABLE = {"end_location", "max_stops", "out_of_cold_s"}
"""The only fields that may be null; elsewhere null is a value of the wrong type, not an absent one."""


class Doubled(dict[str, Any]):
    """A JSON object that names a field twice: nobody can tell which of the two is meant."""

    name = ""


def object_of_pairs(pairs: list[tuple[str, Any]]) -> Json:
    """Makes a JSON object of its pairs and marks it where a name comes twice; a hook for `json.loads`."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    names = [name for name, _ in pairs]
    doubled = Doubled(made)
    doubled.name = next(name for name in names if names.count(name) > 1)
    return doubled


def read_request(asked: object) -> PlanRequest:
    """The planning request that a JSON value stands for, checked; refuses it with the path of what is wrong."""
    if not isinstance(asked, dict):
        raise BadRequest("", "a request is a JSON object")
    read_request_id(asked)
    given = _fields(asked, "", _REQUEST_FIELDS, ("request_id", "now", "deliveries", "drivers"))
    if "durations_s" in given:
        given["durations_s"] = whole_matrix(given["durations_s"], "durations_s")
    if "distances_m" in given:
        given["distances_m"] = whole_matrix(given["distances_m"], "distances_m", MAX_DISTANCE_M)
    if "points" in given:
        given["points"] = point_array(given["points"], "points")
    given["deliveries"] = _each(given["deliveries"], "deliveries", _read_delivery, MAX_DELIVERIES)
    given["drivers"] = _each(given["drivers"], "drivers", _read_driver, MAX_DRIVERS)
    if "options" in given:
        names = tuple(field.name for field in fields(PlanOptions))
        given["options"] = PlanOptions(**_fields(given["options"], "options", names, ()))
    request = PlanRequest(**given)
    check_request(request, read_travel(request).places)
    return request


def read_request_id(asked: Json) -> str | int:
    """The id to echo, if it is one."""
    request_id = asked.get("request_id")
    if request_id is None:
        raise BadRequest("request_id", "request_id is required")
    check_request_id(request_id)
    assert isinstance(request_id, str | int)
    return request_id


def write_plan(plan: Plan) -> Json:
    """A plan as a JSON object; the door adds whose it is and how long it took."""
    return {
        "routes": [_route_words(route) for route in plan.routes],
        "unassigned": [{"delivery_id": left.delivery_id, "reason": left.reason.value} for left in plan.unassigned],
    }


def _route_words(route: PlannedRoute) -> Json:
    return {
        "driver_id": route.driver_id,
        "offer_at": route.offer_at,
        "payout_cents": route.payout_cents,
        "expected_cost_cents": route.expected_cost_cents,
        "travel_s": route.travel_s,
        "distance_m": route.distance_m,
        "steps": [
            {
                "delivery_id": step.delivery_id,
                "kind": step.kind.value,
                "location": step.location,
                "arrival": step.arrival,
                "start": step.start,
                "departure": step.departure,
            }
            for step in route.steps
        ],
    }


def _read_delivery(asked: object, path: str) -> PlanDelivery:
    given = _fields(asked, path, _DELIVERY_FIELDS, ("id", "pickup", "dropoff"))
    given["pickup"] = _read_stop(given["pickup"], f"{path}.pickup", _PICKUP_FIELDS)
    given["dropoff"] = _read_stop(given["dropoff"], f"{path}.dropoff", _DROPOFF_FIELDS)
    return PlanDelivery(**given)


def _read_stop(asked: object, path: str, names: tuple[str, ...]) -> PlanStop:
    return PlanStop(**_fields(asked, path, names, ("location",)))


def _read_driver(asked: object, path: str) -> PlanDriver:
    given = _fields(asked, path, _DRIVER_FIELDS, ("id", "location", "shift_end"))
    if "pay" in given:
        names = tuple(field.name for field in fields(DriverPay))
        given["pay"] = DriverPay(**_fields(given["pay"], f"{path}.pay", names, ()))
    if "locked" in given:
        given["locked"] = _each(given["locked"], f"{path}.locked", _read_locked)
    return PlanDriver(**given)


def _read_locked(asked: object, path: str) -> LockedStep:
    names = ("delivery_id", "kind", "location")
    return LockedStep(**_fields(asked, path, names, names))


def _each(
    asked: object, path: str, read: Callable[[object, str], Value], at_most: int | None = None
) -> tuple[Value, ...]:
    listed(asked, path, at_most)
    assert isinstance(asked, list | tuple)
    return tuple(read(entry, f"{path}[{i}]") for i, entry in enumerate(asked))


def _fields(asked: object, path: str, known: tuple[str, ...], required: tuple[str, ...]) -> Json:
    """A copy of an object's fields; refuses names that are unknown, missing, double or null."""
    if not isinstance(asked, dict):
        raise BadRequest(path, f"{path} must be an object")
    prefix = f"{path}." if path else ""
    if isinstance(asked, Doubled):
        raise BadRequest(prefix + asked.name, f"{asked.name} is given twice")
    for name, value in asked.items():
        if name not in known:
            raise BadRequest(prefix + name, f"there is no field {name}")
        if value is None and name not in _NULLABLE:
            raise BadRequest(prefix + name, f"{name} must not be null")
    for name in required:
        if name not in asked:
            raise BadRequest(prefix + name, f"{name} is required")
    return dict(asked)
