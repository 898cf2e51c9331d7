"""Values in the form in which the API takes them."""

from datetime import UTC, datetime
from typing import Any

from marketplace.core.geo import Point


def instant(moment: datetime) -> str:
    """A moment in UTC, such as 2026-03-02T15:00:00.250000Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def point(place: Point) -> dict[str, Any]:
    """A place."""
    return {"lat": place.lat, "lon": place.lon}
