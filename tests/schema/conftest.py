"""The edge over a test's own Works: an application, a client in process, and callers with credentials."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from marketplace.accounts import PrincipalKind, Tokens, add_operator, create_api_key, open_session
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.core.ids import MarketId, ShipperId
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema import accounts, clock
from schema.asgi import build_app
from schema.schema import build_schema
from tests.builders import make_driver, make_market, make_shipper
from tests.schema import sample

SCHEMA = build_schema((clock, accounts, sample))


@dataclass(slots=True, kw_only=True)
class TestMarketplace:
    """The parts of a marketplace that the edge needs."""

    __test__ = False

    settings: Settings
    works: Works
    notifier: InboxNotifier = field(default_factory=InboxNotifier)
    object_store: Any = None
    provider: Any = None
    city: Any = None
    router: Any = None
    geocoder: Any = None
    webhooks: Any = None
    pushes: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a credential."""

    id: UUID
    market_id: UUID
    credential: str
    address: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.credential}"}


class Api:
    """A client that speaks to the application in process."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://doorstep.test")

    async def send(
        self, query: str, variables: dict[str, Any] | None = None, caller: Caller | None = None, **more: Any
    ) -> httpx.Response:
        """Sends one operation and returns the answer as it came."""
        headers = {**(caller.headers if caller else {}), **more.pop("headers", {})}
        return await self.http.post("/graphql", json={"query": query, "variables": variables, **more}, headers=headers)

    async def ask(self, query: str, variables: dict[str, Any] | None = None, caller: Caller | None = None) -> Any:
        """The data of an operation that must succeed."""
        response = await self.send(query, variables, caller)
        content = response.json()
        assert response.status_code == 200, content
        assert "errors" not in content, content
        return content["data"]


@pytest.fixture
def settings() -> Settings:
    """Development settings."""
    return Settings()


@pytest.fixture
def marketplace(works: Works, settings: Settings) -> TestMarketplace:
    """A marketplace over the works of this test."""
    return TestMarketplace(settings=settings, works=works)


@pytest.fixture
async def api(marketplace: TestMarketplace) -> AsyncIterator[Api]:
    """A client of the application, with the sample noun in its schema."""
    sample.GATES.clear()
    sample.LOADS.clear()
    sample.FAILURES.clear()
    api = Api(build_app(marketplace, schema=SCHEMA))
    async with api.http:
        yield api


@pytest.fixture
def tokens(settings: Settings) -> Tokens:
    """The tokens of these settings."""
    return Tokens(settings.secret.get_secret_value())


@pytest.fixture
async def driver(works: Works, tokens: Tokens) -> Caller:
    """A signed-in driver."""
    return await sign_in_driver(works, tokens)


@pytest.fixture
async def shipper(works: Works) -> Caller:
    """A test shipper with an API key."""
    async with works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market, is_test=True)
        key = await create_api_key(work, shipper_id=ShipperId(shipper.id))
    return Caller(id=shipper.id, market_id=market.id, credential=key.secret)


@pytest.fixture
async def operator(works: Works, tokens: Tokens) -> Caller:
    """A signed-in operator of one market."""
    async with works.open() as work:
        market = await make_market(work)
        operator_id = await add_operator(work, name="Marta", email="marta@example.com", market_id=MarketId(market.id))
        opened = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=operator_id, tokens=tokens)
    return Caller(id=operator_id, market_id=market.id, credential=opened.access_token)


async def sign_in_driver(works: Works, tokens: Tokens) -> Caller:
    """Makes a driver and opens a session."""
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
        opened = await open_session(work, kind=PrincipalKind.DRIVER, principal_id=driver.id, tokens=tokens)
    return Caller(id=driver.id, market_id=market.id, credential=opened.access_token, address=driver.phone)
