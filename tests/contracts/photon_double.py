"""A Photon server's answers without one: it knows the streets of the grid city, and one house in each."""

from collections.abc import Mapping

import httpx

from marketplace.adapters.geocoders import StreetGeocoder
from marketplace.addresses import normal_text, similarity


class PhotonDouble(httpx.AsyncBaseTransport):
    """Answers as Photon does: GeoJSON features, the best first, without saying how sure it is."""

    def __init__(self, streets: StreetGeocoder) -> None:
        self.streets = streets
        self.asked: list[Mapping[str, str]] = []
        self.says: str | None = None
        """What it says instead, when something is wrong with it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        wanted = dict(request.url.params)
        self.asked.append(wanted)
        if self.says is not None:
            return httpx.Response(200, text=self.says)
        text = normal_text(wanted["q"])
        ranked = sorted(self.streets.streets, key=lambda street: -similarity(text, street.text))
        near = [street for street in ranked if similarity(text, street.text) > 0.2][: int(wanted["limit"])]
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [street.middle.lon, street.middle.lat]},
                "properties": {"name": street.name, "type": "street", "osm_key": "highway"},
            }
            for street in near
        ]
        return httpx.Response(200, json={"type": "FeatureCollection", "features": features})
