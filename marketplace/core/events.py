"""Facts: what happened, in the past tense, stored in the same commit as the change itself.

An event is a frozen dataclass of ids and values. The fields named in `SUBJECTS` are also columns of the event table, so
that a stream can be limited to one shipper, driver or delivery by the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

SUBJECTS = ("market_id", "shipper_id", "driver_id", "delivery_id", "route_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened in one market. Each noun's `events` module derives its own."""

    market_id: UUID

    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls) -> None:
        # slots=True builds each class twice; the second, slotted one is the one to keep.
        Event.registry[cls.__name__] = cls

    @property
    def name(self) -> str:
        """The past-tense name under which outside clients know this event."""
        return type(self).__name__

    def payload(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: Any) -> Any:
    """A field's value as JSON can carry it: ids and times as text, enums by name, tuples as lists."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return {key: plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [plain(inner) for inner in value]
        case _:
            return value
