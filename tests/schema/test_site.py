"""Health, pages and streets: what is answered beside GraphQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.adapters.city import CityPack, make_grid_city
from marketplace.core.clock import machine
from marketplace.core.ids import ProofId
from marketplace.core.settings import DEVELOPMENT_SECRET
from marketplace.core.work import Works
from marketplace.routes import UploadSigner
from marketplace.routes.upload_address import PromisedUpload
from schema.asgi import build_app
from tests.schema.conftest import Api, TestMarketplace


async def test_health_needs_nothing(marketplace: TestMarketplace) -> None:
    marketplace.works = None  # type: ignore[assignment]
    api = Api(build_app(marketplace))

    assert (await api.http.get("/health")).json() == {"status": "ok"}


async def test_a_database_of_another_version_is_not_ready(api: Api, works: Works) -> None:
    assert (await api.http.get("/ready")).status_code == 200
    async with works.open() as work:
        await work.execute("DELETE FROM tortoise_migrations WHERE name = '0002_rules'")

    response = await api.http.get("/ready")

    assert response.status_code == 503
    assert "doorstep migrate" in response.json()["detail"]


async def test_leaflet_comes_from_its_package(api: Api) -> None:
    script = await api.http.get("/static/leaflet/leaflet.js")
    style = await api.http.get("/static/leaflet/leaflet.css")

    assert (script.status_code, style.status_code) == (200, 200)
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/leaflet/../__init__.py", "/static/..%2fasgi.py", "/static/nothing.js", "/nothing"]
)
async def test_nothing_else_is_served(api: Api, path: str) -> None:
    assert (await api.http.get(path)).status_code == 404


async def test_the_front_door_leads_to_the_console(api: Api) -> None:
    door = await api.http.get("/")
    response = await api.http.get("/ops")

    assert (door.status_code, door.headers["location"]) == (307, "/ops")

    assert response.status_code == 200
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    """A small city of straight streets."""
    return make_grid_city(Path(tmp_path_factory.mktemp("city")))


async def test_the_streets_are_drawn_for_the_map(marketplace: TestMarketplace, city: CityPack) -> None:
    marketplace.city = city
    api = Api(build_app(marketplace))

    main = await api.http.get("/map/streets.geojson?detail=main")
    everything = await api.http.get("/map/streets.geojson?detail=all")
    plain = await api.http.get("/map/streets.geojson", headers={"accept-encoding": "identity"})

    assert main.headers["content-type"] == "application/geo+json"
    assert main.headers["content-encoding"] == "gzip"
    assert plain.json() == main.json()
    assert len(main.json()["features"]) < len(everything.json()["features"])
    assert main.json()["attribution"] == city.meta.attribution
    assert (await api.http.get("/map/streets.geojson?detail=some")).status_code == 400


async def test_without_a_city_the_map_is_empty(api: Api) -> None:
    answer: dict[str, Any] = (await api.http.get("/map/streets.geojson")).json()

    assert answer["features"] == []


def signed(*, size_bytes: int) -> str:
    """The token of an address that was promised for a picture of that size."""
    promise = PromisedUpload(
        proof_id=ProofId(UUID(int=1)),
        content_type="image/jpeg",
        size_bytes=size_bytes,
        expires_at=machine() + timedelta(minutes=10),
    )
    return UploadSigner(DEVELOPMENT_SECRET).sign(promise).removeprefix("/uploads/")


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1_048_576


async def test_an_upload_for_an_unknown_proof_is_not_found(api: Api) -> None:
    response: httpx.Response = await put(
        api, signed(size_bytes=3), content=b"abc", headers={"content-type": "image/jpeg"}
    )

    assert response.status_code == 404


async def test_an_upload_that_is_not_what_was_announced_is_refused(api: Api) -> None:
    response: httpx.Response = await put(
        api, signed(size_bytes=4), content=b"abc", headers={"content-type": "image/jpeg"}
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "UNEXPECTED_SIZE"


def put(api: Api, token: str, **options: Any) -> Any:
    return api.http.put(f"/uploads/{token}", **options)


async def test_an_upload_needs_a_signed_address(api: Api) -> None:
    refused: httpx.Response = await put(api, "invented", content=b"x", headers={"content-type": "image/jpeg"})

    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_UPLOAD_ADDRESS"


async def test_an_upload_over_ten_mebibytes_is_not_read(api: Api) -> None:
    token = signed(size_bytes=10)

    response: httpx.Response = await put(api, token, content=b"x" * (10 * 1024 * 1024 + 1))
    in_parts: httpx.Response = await put(api, token, content=endless())

    assert (response.status_code, in_parts.status_code) == (413, 413)


async def test_only_put_uploads(api: Api) -> None:
    response = await api.http.post("/uploads/invented", content=b"x")

    assert response.status_code == 405
