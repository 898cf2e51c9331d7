"""PhotonGeocoder: places from a Photon server, such as `http://photon:2322`.

Photon ranks its answers and does not say how sure it is, so that is reckoned here: how much of the text is in the
answer, and whether the answer has the house that the text names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from marketplace.addresses import Candidate, GeocoderUnavailable, Precision, normal_text, similarity
from marketplace.addresses.geocoder import LONGEST_TEXT, MOST_CANDIDATES
from marketplace.core.geo import BadPoint, Point

TIMEOUT_S = 4.0
STREETS = frozenset({"street"})
HOUSES = frozenset({"house"})
WITHOUT_HOUSE_PERCENT = 85
"""The most that can be said of a street where the text names a house in it."""


class PhotonGeocoder:
    """Answers from the Photon server at a URL."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, transport: httpx.AsyncBaseTransport | None = None):
        """Connects on first use; a `transport` stands for the network in tests."""
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_s, transport=transport)
        self.name = f"photon:{url}"

    async def forward(self, text: str, *, near: Point) -> Sequence[Candidate]:
        """At most five places, the surest first."""
        wanted = normal_text(text[:LONGEST_TEXT])
        if not wanted:
            return []
        asked: dict[str, str | int | float] = {
            "q": text[:LONGEST_TEXT],
            "limit": MOST_CANDIDATES,
            "lat": near.lat,
            "lon": near.lon,
        }
        try:
            reply = await self._client.get("/api", params=asked)
            reply.raise_for_status()
            found = [_candidate(wanted, feature) for feature in reply.json()["features"][:MOST_CANDIDATES]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, BadPoint) as failure:
            raise GeocoderUnavailable("the geocoder gives no usable answer; try again later") from failure
        return sorted(found, key=lambda candidate: -candidate.confidence_percent)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def _candidate(wanted: str, feature: Mapping[str, Any]) -> Candidate:
    lon, lat = feature["geometry"]["coordinates"]
    told = feature["properties"]
    kind = told.get("type") or ("house" if told.get("housenumber") else "")
    precision = Precision.ROOFTOP if kind in HOUSES else Precision.STREET if kind in STREETS else Precision.LOCALITY
    street = told.get("street") or told.get("name") or ""
    line = " ".join(part for part in (street, told.get("housenumber")) if part)
    return Candidate(
        point=Point(lat=float(lat), lon=float(lon)),
        label=", ".join(part for part in (line, told.get("city")) if part)[:LONGEST_TEXT],
        confidence_percent=_confidence(wanted, line, told.get("city") or "", precision),
        precision=precision,
    )


def _confidence(wanted: str, line: str, city: str, precision: Precision) -> int:
    """How alike the text and the answer are, with and without the city, which some write and some do not."""
    exact = similarity(wanted, normal_text(line))
    whole = similarity(wanted, normal_text(f"{line} {city}"))
    share = max(exact, whole)
    words = set(wanted.split())
    if precision is Precision.STREET and normal_text(line) and set(normal_text(line).split()) <= words:
        share = max(share, 0.9)  # the street is named in full, and the house is not on the server's map
    percent = round(100 * share)
    names_house = any(word.isdecimal() for word in words)
    return min(percent, WITHOUT_HOUSE_PERCENT) if names_house and precision is not Precision.ROOFTOP else percent
