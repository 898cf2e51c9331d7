"""Scalars of the API: instants, local times, amounts of money and cursors, each strict about its one form."""

import re
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from marketplace.core.errors import Invalid
from marketplace.core.money import MAX_MINOR

DateTime = datetime
"""An instant: aware, and in UTC on the wire."""

Cursor = NewType("Cursor", str)
"""A place in a list or stream, opaque to clients."""

LocalDateTime = NewType("LocalDateTime", datetime)
"""A wall-clock time in a zone that stands beside it."""

MoneyMinor = NewType("MoneyMinor", int)
"""An amount in whole minor units of the currency that stands beside it."""

LONGEST_CURSOR = 256
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)")
INSTANT_IN_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00:00", re.ASCII)
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?")


class BadScalar(Invalid):
    """A value that has not the form of its scalar."""

    code = "BAD_VALUE"


def instant_text(value: datetime | str) -> str:
    """An instant in UTC with `Z`; texts come from reads that PostgreSQL answered as JSON."""
    # Reads answer in UTC, and an answer holds dozens of instants: those are only written in another way.
    if type(value) is str and (same := INSTANT_IN_UTC.fullmatch(value)):
        second, fraction = same.groups()
        return f"{second}.{fraction:0<6}Z" if fraction and fraction.strip("0") else f"{second}Z"
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert moment.tzinfo is not None, "an instant without an offset"
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(value: Any) -> datetime:
    """An aware instant; a time without an offset is refused, since nobody can tell when it is."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise BadScalar("an instant is written like 2026-03-02T15:00:00Z, with Z or an offset")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadScalar("this is no day or time of the calendar") from None


def local_text(value: datetime | str) -> str:
    """A local time without an offset."""
    local = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert local.tzinfo is None, "a local time with an offset"
    return local.isoformat()


def read_local(value: Any) -> datetime:
    """A local time; one with an offset is refused, since the zone beside it says the offset."""
    if not isinstance(value, str) or not LOCAL.fullmatch(value):
        raise BadScalar("a local time is written like 2026-03-02T15:00, without an offset")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise BadScalar("this is no day or time of the calendar") from None


def read_minor(value: Any) -> int:
    """A whole amount whose size a JSON number carries exactly."""
    if type(value) is not int or abs(value) > MAX_MINOR:
        raise BadScalar("an amount is a whole number of minor units below 2^53")
    return value


def read_cursor(value: Any) -> str:
    """A cursor as it was handed out."""
    if not isinstance(value, str) or not value.isascii() or len(value) > LONGEST_CURSOR:
        raise BadScalar("a cursor is a text that came with an earlier answer")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="An instant in ISO 8601: answers are in UTC with Z; inputs carry Z or an offset.",
        serialize=instant_text,
        parse_value=read_instant,
    ),
    LocalDateTime: strawberry.scalar(
        name="LocalDateTime",
        description="A local time in ISO 8601 without offset, such as 2026-03-02T15:00, in the zone named beside it.",
        serialize=local_text,
        parse_value=read_local,
    ),
    MoneyMinor: strawberry.scalar(
        name="MoneyMinor",
        description="Whole minor units (cents; whole pesos for CLP) of the currency named beside it, below 2^53.",
        serialize=int,
        parse_value=read_minor,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in a list or stream. Opaque: send back what an earlier answer gave, unchanged.",
        serialize=str,
        parse_value=read_cursor,
    ),
}
