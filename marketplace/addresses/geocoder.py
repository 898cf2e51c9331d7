"""What every geocoder does: finds places for a text, and says how sure it is of each and how exact it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from marketplace.core.errors import Invalid, Unavailable
from marketplace.core.geo import Point

MOST_CANDIDATES = 5
"""Candidates of one answer: more than that a person does not look through either."""
LONGEST_TEXT = 200


class Precision(StrEnum):
    """How exact a place is: the house, somewhere in its street, or only the part of the city."""

    ROOFTOP = "ROOFTOP"
    STREET = "STREET"
    LOCALITY = "LOCALITY"


class GeocoderUnavailable(Unavailable):
    """The geocoder does not answer now."""

    code = "GEOCODER_UNAVAILABLE"


class NoGeocoder(Invalid):
    """An address without coordinates, where nothing can find them."""

    code = "NO_GEOCODER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that a text may mean; `confidence_percent` is from 0 to 100."""

    point: Point
    label: str
    confidence_percent: int
    precision: Precision

    def as_json(self) -> dict[str, object]:
        """The candidate as it is kept."""
        return {
            "lat": self.point.lat,
            "lon": self.point.lon,
            "label": self.label,
            "confidence_percent": self.confidence_percent,
            "precision": self.precision.value,
        }

    @classmethod
    def from_json(cls, kept: dict[str, str | int | float]) -> "Candidate":
        """A candidate that was kept."""
        return cls(
            point=Point(lat=float(kept["lat"]), lon=float(kept["lon"])),
            label=str(kept["label"]),
            confidence_percent=int(kept["confidence_percent"]),
            precision=Precision(str(kept["precision"])),
        )


class Geocoder(Protocol):
    """Finds places for addresses; `name` tells its answers from those of another geocoder."""

    @property
    def name(self) -> str:
        """Which geocoder with which data this is."""
        ...

    async def forward(self, text: str, *, near: Point) -> Sequence[Candidate]:
        """At most five places that a text may mean, the surest first; nearer ones come before further ones."""
        ...

    async def aclose(self) -> None:
        """Lets go of connections."""
        ...


def is_sure(candidates: Sequence[Candidate], *, needed_percent: int) -> bool:
    """Whether the first candidate can be driven to: surely enough meant, and a street at least."""
    return bool(
        candidates
        and candidates[0].confidence_percent >= needed_percent
        and candidates[0].precision is not Precision.LOCALITY
    )
