"""What every geocoder must do, whatever answers behind it: the same suite over all of them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.adapters.geocoders import PhotonGeocoder, StreetGeocoder
from marketplace.addresses import Geocoder, GeocoderUnavailable, Precision, is_sure
from marketplace.addresses.geocoder import MOST_CANDIDATES
from marketplace.core.geo import Point, straight_line_m
from tests.contracts.photon_double import PhotonDouble


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("geocoders") / "grid")


@pytest.fixture(params=["streets", "photon"])
async def geocoder(request: pytest.FixtureRequest, city: CityPack) -> AsyncIterator[Geocoder]:
    streets = StreetGeocoder(city)
    photon = PhotonGeocoder("http://photon.test", transport=PhotonDouble(streets))
    chosen: Geocoder = streets if request.param == "streets" else photon
    yield chosen
    await photon.aclose()


async def test_a_street_written_in_full_is_found_first(geocoder: Geocoder, city: CityPack) -> None:
    name = city.names[3]

    found = await geocoder.forward(name.upper(), near=city.meta.centre)

    assert (found[0].label, found[0].precision) == (name, Precision.STREET)
    pieces = [city.shape_of(segment) for segment in range(city.segment_count) if city.name_of(segment) == name]
    ends = [Point(lat=float(lat[0]), lon=float(lon[0])) for lat, lon in pieces]
    assert min(straight_line_m(found[0].point, end) for end in ends) < 200


async def test_a_house_number_does_not_hide_the_street(geocoder: Geocoder, city: CityPack) -> None:
    found = await geocoder.forward(f"{city.names[3]} 1234", near=city.meta.centre)

    assert found[0].label == city.names[3]


async def test_answers_are_few_and_the_surest_come_first(geocoder: Geocoder, city: CityPack) -> None:
    found = await geocoder.forward(city.names[0].split()[0], near=city.meta.centre)

    sure = [candidate.confidence_percent for candidate in found]
    assert len(found) <= MOST_CANDIDATES
    assert sure == sorted(sure, reverse=True)
    assert all(0 <= percent <= 100 for percent in sure)


@pytest.mark.parametrize("text", ["", "   ", "¡¿?!", "Rue de la Paix qui n'existe pas"])
async def test_what_is_no_address_here_is_not_found_surely(geocoder: Geocoder, city: CityPack, text: str) -> None:
    found = await geocoder.forward(text, near=city.meta.centre)

    assert not is_sure(found, needed_percent=70)


async def test_it_has_a_name_of_its_own(geocoder: Geocoder) -> None:
    assert geocoder.name.startswith(("streets:", "photon:"))


@pytest.mark.parametrize("answer", ["no json", "{}", '{"features": [{}]}'])
async def test_an_answer_that_is_none_counts_as_no_answer(city: CityPack, answer: str) -> None:
    double = PhotonDouble(StreetGeocoder(city))
    double.says = answer
    photon = PhotonGeocoder("http://photon.test", transport=double)

    with pytest.raises(GeocoderUnavailable):
        await photon.forward("avenida", near=city.meta.centre)
    await photon.aclose()


async def test_a_server_that_is_away_counts_as_no_answer(city: CityPack) -> None:
    photon = PhotonGeocoder("http://127.0.0.1:9", timeout_s=0.5)

    with pytest.raises(GeocoderUnavailable):
        await photon.forward("avenida", near=city.meta.centre)
    await photon.aclose()


def _house(kind: str) -> httpx.MockTransport:
    feature = {
        "geometry": {"type": "Point", "coordinates": [-71.25, -29.9]},
        "properties": {"street": "Avenida del Mar", "housenumber": "1200", "city": "La Serena", "type": kind},
    }
    return httpx.MockTransport(lambda _: httpx.Response(200, json={"features": [feature]}))


@pytest.mark.parametrize(
    ("kind", "precision", "is_enough"),
    [("house", Precision.ROOFTOP, True), ("city", Precision.LOCALITY, False)],
)
async def test_a_house_is_exact_and_a_city_is_not_enough(
    city: CityPack, kind: str, precision: Precision, is_enough: bool
) -> None:
    photon = PhotonGeocoder("http://photon.test", transport=_house(kind))

    found = await photon.forward("Avenida del Mar 1200, La Serena", near=city.meta.centre)

    assert found[0].precision is precision
    assert found[0].label == "Avenida del Mar 1200, La Serena"
    assert is_sure(found, needed_percent=70) is is_enough
    await photon.aclose()
