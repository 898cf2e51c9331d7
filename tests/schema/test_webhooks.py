"""The provider's events come in by signature alone, are kept before they are answered, and once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from marketplace.adapters.stripe import ClosedProvider, SimulatedStripe, open_simulated_stripe
from marketplace.adapters.stripe.signatures import sign
from marketplace.adapters.stripe.simulated import SECRETS
from marketplace.core.clock import machine
from marketplace.core.settings import Settings
from marketplace.core.work import DatabaseUnavailable, Works
from marketplace.payments import Endpoint
from schema.asgi import build_app
from tests.schema.conftest import TestMarketplace

PLATFORM, CONNECT = "/webhooks/stripe", "/webhooks/stripe/connect"


class AwayWorks(Works):
    """The database does not answer."""

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        raise DatabaseUnavailable("the database does not answer now")
        yield


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_772_463_600,
        "type": "payout.paid",
        "account": "acct_driver",
        "data": {"object": {"id": "po_1", "object": "payout", "amount": 1}},
    } | changes


class Hooks:
    """Sends events to an application over the test's works."""

    def __init__(self, works: Works, provider: Any) -> None:
        self.works = works
        app = build_app(TestMarketplace(settings=Settings(), works=works, provider=provider))
        transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://doorstep.test")

    async def post(
        self,
        body: bytes,
        *,
        path: str = CONNECT,
        secret: str = SECRETS[Endpoint.CONNECT],
        at: datetime | None = None,
        signature: str | None = None,
    ) -> httpx.Response:
        header = signature if signature is not None else sign(body, secret=secret, now=at or machine())
        return await self.http.post(path, content=body, headers={"stripe-signature": header})

    async def kept(self) -> list[tuple[Any, ...]]:
        async with self.works.open() as work:
            rows = await work.fetch(
                "SELECT id, endpoint, account, object_kind, object_id FROM stripe_event ORDER BY id"
            )
        return [tuple(row) for row in rows]


@pytest.fixture
async def stripe() -> AsyncIterator[SimulatedStripe]:
    async with open_simulated_stripe() as stripe:
        yield stripe


@pytest.fixture
async def hooks(works: Works, stripe: SimulatedStripe) -> AsyncIterator[Hooks]:
    hooks = Hooks(works, stripe.provider)
    yield hooks
    await hooks.http.aclose()


async def test_an_event_is_kept_before_it_is_answered(hooks: Hooks) -> None:
    answer = await hooks.post(orjson.dumps(event()))

    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await hooks.kept() == [("evt_1", "CONNECT", "acct_driver", "payout", "po_1")]


async def test_the_same_event_again_is_taken_and_kept_once(hooks: Hooks) -> None:
    body = orjson.dumps(event())

    statuses = [(await hooks.post(body)).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert len(await hooks.kept()) == 1


async def test_each_address_believes_its_own_secret_only(hooks: Hooks) -> None:
    body = orjson.dumps(event())

    crossed = await hooks.post(body, path=PLATFORM)
    straight = await hooks.post(body, path=PLATFORM, secret=SECRETS[Endpoint.PLATFORM])

    assert (crossed.status_code, straight.status_code) == (400, 200)
    assert [row[1] for row in await hooks.kept()] == ["PLATFORM"]


@pytest.mark.parametrize(
    "signature",
    ["", "t=1", "v1=ab", "t=now,v1=ab", "t=1,t=2,v1=ab", "nonsense", "t=1,v0=ab", "é", "t=1,v1=" + "a" * 5_000],
)
async def test_what_is_not_signed_is_not_taken(hooks: Hooks, signature: str) -> None:
    answer = await hooks.http.post(
        CONNECT, content=orjson.dumps(event()), headers={b"stripe-signature": signature.encode("latin-1")}
    )

    assert answer.status_code == 400
    assert await hooks.kept() == []


async def test_an_event_without_the_header_is_not_taken(hooks: Hooks) -> None:
    answer = await hooks.http.post(CONNECT, content=orjson.dumps(event()))

    assert answer.status_code == 400
    assert await hooks.kept() == []


@pytest.mark.parametrize(("seconds", "status"), [(-301, 400), (-290, 200), (290, 200), (310, 400), (86_400, 400)])
async def test_an_event_is_signed_near_now_or_not_taken(hooks: Hooks, seconds: int, status: int) -> None:
    answer = await hooks.post(orjson.dumps(event()), at=machine() + timedelta(seconds=seconds))

    assert answer.status_code == status
    assert len(await hooks.kept()) == (1 if status == 200 else 0)


async def test_a_single_changed_byte_is_seen(hooks: Hooks) -> None:
    body = orjson.dumps(event())
    signature = sign(body, secret=SECRETS[Endpoint.CONNECT], now=machine())

    answer = await hooks.post(body.replace(b"po_1", b"po_2"), signature=signature)

    assert answer.status_code == 400
    assert await hooks.kept() == []


@pytest.mark.parametrize(
    "content",
    [
        # A thin event of the second version has no snapshot.
        {
            "id": "evt_2",
            "object": "v2.core.event",
            "type": "v2.core.account.updated",
            "related_object": {"id": "acct_1"},
        },
        event(id="../etc/passwd"),
        event(id="e" * 81),
        event(created="soon"),
        event(created=10**18),
        event(data={"object": {"object": "payout", "id": ["po_1"]}}),
        event(data={"object": {"id": "po_1"}}),
        event(data=None),
        event(type=7),
        event(account={"id": "acct_1"}),
        [event()],
        "evt_1",
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused(hooks: Hooks, content: Any) -> None:
    answer = await hooks.post(orjson.dumps(content))

    assert answer.status_code == 400
    assert await hooks.kept() == []


async def test_a_signed_body_that_is_not_json_is_refused(hooks: Hooks) -> None:
    assert (await hooks.post(b"\xff{")).status_code == 400
    assert (await hooks.post(b"")).status_code == 400


async def test_a_body_that_is_too_large_is_not_read(hooks: Hooks) -> None:
    answer = await hooks.post(orjson.dumps(event(padding="x" * 600_000)))

    assert answer.status_code == 413
    assert await hooks.kept() == []


async def test_only_post_brings_events(hooks: Hooks) -> None:
    assert (await hooks.http.get(CONNECT)).status_code == 405


async def test_a_part_of_something_names_the_whole(hooks: Hooks) -> None:
    parts = {
        "charge": {"id": "ch_1", "payment_intent": "pi_1"},
        "bank_account": {"id": "ba_1", "account": "acct_driver"},
        "capability": {"id": "transfers", "account": "acct_driver"},
        "person": {"id": "person_1"},
        "balance": {},
    }
    for number, (kind, fields) in enumerate(parts.items()):
        content = event(id=f"evt_{number}", data={"object": {"object": kind, **fields}})
        assert (await hooks.post(orjson.dumps(content))).status_code == 200

    assert [row[3:] for row in await hooks.kept()] == [
        ("payment_intent", "pi_1"),
        ("account", "acct_driver"),
        ("account", "acct_driver"),
        ("account", "acct_driver"),
        ("balance", ""),
    ]


async def test_while_the_database_is_away_an_event_is_to_come_again(works: Works, stripe: SimulatedStripe) -> None:
    hooks = Hooks(AwayWorks(works.database, works.clock), stripe.provider)

    answer = await hooks.post(orjson.dumps(event()))

    await hooks.http.aclose()
    assert answer.status_code == 503


async def test_a_market_without_a_provider_believes_nobody(works: Works) -> None:
    hooks = Hooks(works, ClosedProvider())

    answer = await hooks.post(orjson.dumps(event()))

    await hooks.http.aclose()
    assert answer.status_code == 400
