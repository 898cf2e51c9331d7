"""Reads a dry run from a file: the same JSON that the API's `dryRun` takes as its `input`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marketplace.batches.states import SKILLS
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.fleet.states import ContractKind
from marketplace.matching.dry_runs import BadDryRun, DryDelivery, DryDriver, DryProblem

DELIVERY_FIELDS = {
    "reference", "pickup", "dropoff", "pickupWindow", "dropoffWindow", "packages", "weightG", "volumeL", "requirements",
    "priority",
}  # fmt: skip
DRIVER_FIELDS = {
    "reference", "point", "kind", "onlineUntil", "packages", "weightG", "volumeL", "skills", "maxStops",
}  # fmt: skip


def read_problem(value: object) -> DryProblem:
    """The problem that a JSON value stands for; refuses with the path of what is wrong."""
    asked = _object(value, "", {"deliveries", "drivers"})
    return DryProblem(
        deliveries=[_delivery(one, f"deliveries[{i}]") for i, one in enumerate(_list(asked, "deliveries"))],
        drivers=[_driver(one, f"drivers[{i}]") for i, one in enumerate(_list(asked, "drivers"))],
    )


def _delivery(value: object, path: str) -> DryDelivery:
    asked = _object(value, path, DELIVERY_FIELDS)
    return DryDelivery(
        reference=_read(asked, "reference", path, _text),
        pickup=_read(asked, "pickup", path, _point),
        dropoff=_read(asked, "dropoff", path, _point),
        pickup_window=_read(asked, "pickupWindow", path, _window) if asked.get("pickupWindow") else None,
        dropoff_window=_read(asked, "dropoffWindow", path, _window) if asked.get("dropoffWindow") else None,
        load=[_whole_or(asked, name, path, usual) for name, usual in _amounts(1, 1_000, 5)],
        skills=[name for name in _texts(asked, "requirements", path) if name in SKILLS],
        priority=_whole_or(asked, "priority", path, 0),
    )


def _driver(value: object, path: str) -> DryDriver:
    asked = _object(value, path, DRIVER_FIELDS)
    return DryDriver(
        reference=_read(asked, "reference", path, _text),
        place=_read(asked, "point", path, _point),
        kind=_read(asked, "kind", path, ContractKind) if asked.get("kind") else ContractKind.CROWDSOURCED,
        online_until=_read(asked, "onlineUntil", path, _instant) if asked.get("onlineUntil") else None,
        capacity=[_whole_or(asked, name, path, usual) for name, usual in _amounts(30, 200_000, 800)],
        skills=_texts(asked, "skills", path),
        max_stops=_read(asked, "maxStops", path, _whole) if asked.get("maxStops") else None,
    )


def _amounts(packages: int, weight_g: int, volume_l: int) -> list[tuple[str, int]]:
    return [("packages", packages), ("weightG", weight_g), ("volumeL", volume_l)]


def _object(value: object, path: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadDryRun(f"{path or 'a dry run'} is a JSON object", field=path or None)
    if unknown := sorted(value.keys() - known):
        raise BadDryRun(f"there is no field {unknown[0]}", field=f"{path}.{unknown[0]}".lstrip("."))
    return value


def _list(asked: Mapping[str, Any], name: str) -> list[Any]:
    if not isinstance(asked.get(name), list):
        raise BadDryRun(f"{name} is a list", field=name)
    found: list[Any] = asked[name]
    return found


def _read(asked: Mapping[str, Any], name: str, path: str, read: Callable[[Any], Any]) -> Any:
    try:
        return read(asked[name])
    except (KeyError, ValueError, TypeError, Refusal) as wrong:
        raise BadDryRun(f"{path}.{name} is missing or has not its form: {wrong}", field=f"{path}.{name}") from wrong


def _whole_or(asked: Mapping[str, Any], name: str, path: str, usual: int) -> int:
    return usual if asked.get(name) is None else int(_read(asked, name, path, _whole))


def _texts(asked: Mapping[str, Any], name: str, path: str) -> list[str]:
    return [] if asked.get(name) is None else _read(asked, name, path, lambda given: [_text(one) for one in given])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _point(value: Any) -> Point:
    return Point(lat=float(value["lat"]), lon=float(value["lon"]))


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant has Z or an offset")
    return moment


def _window(value: Any) -> tuple[datetime, datetime]:
    return _instant(value["opensAt"]), _instant(value["closesAt"])
