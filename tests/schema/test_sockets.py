"""Sockets over a real server on loopback: strict about who speaks, how much, and for how long."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from marketplace.accounts import PrincipalKind, Tokens, open_session, sign_out
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.conversation import Patience
from schema.documents import load_document
from schema.sockets import PROTOCOL
from tests.builders import make_driver, make_market
from tests.schema import sample
from tests.schema.conftest import SCHEMA, Caller, TestMarketplace, sign_in_driver
from tests.schema.test_limits import ATTACKS
from tests.waiting import until

PATIENCE_S = 60  # under load an answer may take long; only one that never comes is a failure
TICKS = "subscription($count: Int!, $failAt: Int) {ticks(count: $count, failAt: $failAt)}"
FOR_EVER = {"query": TICKS, "variables": {"count": -1}}


class Server:
    """A server of this process on a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    @asynccontextmanager
    async def socket(self, caller: Caller | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
        """A socket; greeted already when a caller is given."""
        protocols = options.pop("subprotocols", [PROTOCOL])
        async with connect(self.url, subprotocols=protocols, proxy=None, **options) as socket:
            if caller is not None:
                await greet(socket, caller)
            yield socket


async def send(socket: ClientConnection, message: object) -> None:
    await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))


async def hear(socket: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        return json.loads(await socket.recv())


async def greet(socket: ClientConnection, caller: Caller) -> None:
    await send(socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {caller.credential}"}})
    assert await hear(socket) == {"type": "connection_ack"}


async def subscribe(socket: ClientConnection, key: str, payload: object) -> None:
    await send(socket, {"type": "subscribe", "id": key, "payload": payload})


async def closing(socket: ClientConnection) -> tuple[int, str]:
    """With what code and reason the server closes; what it says before is skipped."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def until_ticks(count: int) -> None:
    """Waits until that many ticks run."""

    async def is_so() -> bool:
        return ("ticks" in sample.GATES and sample.GATES["ticks"].inside) == count

    await until(is_so)


@asynccontextmanager
async def serve(app: Any) -> AsyncIterator[Server]:
    """Runs the application until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_level="warning", ws_max_size=65_536)
    )
    task = asyncio.create_task(server.serve())

    async def has_started() -> bool:
        return server.started

    await until(has_started)
    yield Server(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await task


@pytest.fixture
async def server(marketplace: TestMarketplace) -> AsyncIterator[Server]:
    """The application with the sample noun, quick to lose patience."""
    sample.GATES.clear()
    app = build_app(
        marketplace,
        schema=SCHEMA,
        allowed_origins=["https://portal.example"],
        patience=Patience(greeting_s=0.3, look_every_s=0.1),
    )
    async with serve(app) as server:
        yield server


async def test_events_arrive_in_order_and_end_with_complete(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        await subscribe(socket, "a", {"query": TICKS, "variables": {"count": 3}})

        heard = [await hear(socket) for _ in range(4)]

    assert heard == [
        *({"id": "a", "type": "next", "payload": {"data": {"ticks": i}}} for i in range(3)),
        {"id": "a", "type": "complete"},
    ]


async def test_pings_are_answered_before_and_between(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        await send(socket, {"type": "ping"})
        await send(socket, {"type": "pong"})

        assert await hear(socket) == {"type": "pong"}


async def test_whoever_does_not_say_who_it_is_has_to_leave(server: Server) -> None:
    async with server.socket() as socket:
        assert await closing(socket) == (4408, "Connection initialisation timeout")


async def test_only_the_present_protocol_is_spoken(server: Server) -> None:
    codes = []
    for protocols in (["graphql-ws"], None, ["chat"]):
        async with server.socket(subprotocols=protocols) as socket:
            codes.append((await closing(socket))[0])

    assert codes == [4406, 4406, 4406]


async def test_a_foreign_page_may_not_connect(server: Server) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "https://portal.example.evil"):
        with pytest.raises(InvalidStatus) as refusal:
            async with server.socket(origin=origin):
                pass

        assert refusal.value.response.status_code == 403


async def test_our_own_pages_and_named_ones_may_connect(server: Server, driver: Caller) -> None:
    for origin in (f"http://127.0.0.1:{server.port}", "https://portal.example", "http://127.0.0.1:8000"):
        async with server.socket(driver, origin=origin):
            pass


async def test_a_credential_that_is_no_good_is_shown_the_door(server: Server) -> None:
    payloads: list[object] = [
        None,
        [],
        {},
        {"authorization": None},
        {"authorization": ["Bearer x"]},
        {"authorization": "Bearer nonsense"},
        {"authorization": "dsk_live_x"},
        {"Authorization": "Bearer x"},
    ]
    heard = []
    for payload in payloads:
        async with server.socket() as socket:
            await send(socket, {"type": "connection_init", "payload": payload})
            heard.append(await closing(socket))

    assert [code for code, _ in heard] == [4403] * len(payloads)
    assert all(reason.startswith("Forbidden") for _, reason in heard)


async def test_nothing_is_subscribed_before_the_greeting(server: Server) -> None:
    async with server.socket() as socket:
        await subscribe(socket, "a", FOR_EVER)
        code, _ = await closing(socket)

    assert code == 4401


MALFORMED: dict[str, tuple[object, int]] = {
    "no JSON": ("{", 4400),
    "empty": ("", 4400),
    "null": ("null", 4400),
    "list": ("[]", 4400),
    "no type": ("{}", 4400),
    "type is a list": ('{"type":["ping"]}', 4400),
    "unknown type": ({"type": "start"}, 4400),
    "bytes": (b'{"type":"ping"}', 4400),
    "half a surrogate pair": ('{"type":"subscribe","id":"\\ud800"}', 4400),
    "no id": ({"type": "subscribe", "payload": FOR_EVER}, 4400),
    "id is a list": ({"type": "subscribe", "id": [], "payload": FOR_EVER}, 4400),
    "id is endless": ({"type": "subscribe", "id": "x" * 200, "payload": FOR_EVER}, 4400),
    "complete without id": ({"type": "complete"}, 4400),
    "second greeting": ({"type": "connection_init"}, 4429),
    "a frame over 64 KiB": ({"type": "ping", "payload": "x" * 70_000}, 1009),
}


async def test_a_malformed_message_ends_the_conversation(server: Server, driver: Caller) -> None:
    codes = {}
    for name, (message, _) in MALFORMED.items():
        async with server.socket(driver) as socket:
            await send(socket, message)
            codes[name] = (await closing(socket))[0]

    assert codes == {name: code for name, (_, code) in MALFORMED.items()}


async def test_an_id_is_used_for_one_subscription_at_a_time(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        await subscribe(socket, "a", FOR_EVER)
        await subscribe(socket, "a", FOR_EVER)

        assert await closing(socket) == (4409, "Subscriber for a already exists")
    await until_ticks(0)


BAD_SUBSCRIPTIONS: list[tuple[object, str]] = [
    (None, "BAD_REQUEST"),
    ({"query": 5}, "BAD_REQUEST"),
    ({"query": TICKS, "variables": []}, "BAD_REQUEST"),
    ({"query": "{boom}"}, "BAD_REQUEST"),
    ({"query": TICKS, "variables": {"count": "many"}}, "BAD_VARIABLES"),
    ({"query": "subscription{"}, "BAD_DOCUMENT"),
    ({"query": "subscription{nothing}"}, "BAD_DOCUMENT"),
    ({"query": ATTACKS["twenty doubling fragments"]}, "QUERY_LIMIT"),
]


async def test_a_bad_subscription_is_answered_and_the_socket_stays(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        for payload, code in BAD_SUBSCRIPTIONS:
            await subscribe(socket, "a", payload)
            refused = await hear(socket)

            assert (refused["id"], refused["type"]) == ("a", "error")
            assert refused["payload"][0]["extensions"]["code"] == code

        await subscribe(socket, "a", {"query": TICKS, "variables": {"count": 1}})
        assert await hear(socket) == {"id": "a", "type": "next", "payload": {"data": {"ticks": 0}}}


async def test_a_refusal_of_the_stream_is_an_answer(server: Server, operator: Caller) -> None:
    async with server.socket(operator) as socket:
        await subscribe(socket, "a", FOR_EVER)
        answer = await hear(socket)

    assert (answer["id"], answer["type"]) == ("a", "error")
    assert answer["payload"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_a_bug_in_a_stream_is_masked(server: Server, driver: Caller) -> None:
    with capture_logs() as lines:
        async with server.socket(driver) as socket:
            await subscribe(socket, "a", {"query": TICKS, "variables": {"count": 5, "failAt": 1}})
            first, second = await hear(socket), await hear(socket)

    assert first["payload"] == {"data": {"ticks": 0}}
    assert second["type"] == "error"
    assert second["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in json.dumps(second)
    assert [line["event"] for line in lines] == ["internal error"]


async def test_complete_stops_the_stream_and_closing_stops_them_all(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        for key in ("a", "b", "c"):
            await subscribe(socket, key, FOR_EVER)
        await until_ticks(3)
        await send(socket, {"type": "complete", "id": "b"})
        await send(socket, {"type": "complete", "id": "unknown"})
        await until_ticks(2)
    await until_ticks(0)


async def test_a_caller_holds_five_sockets(server: Server, driver: Caller, works: Works, tokens: Tokens) -> None:
    other = await sign_in_driver(works, tokens)
    sockets = [connect(server.url, subprotocols=[Subprotocol(PROTOCOL)], proxy=None) for _ in range(5)]
    opened = [await socket for socket in sockets]
    for socket in opened:
        await greet(socket, driver)

    async with server.socket() as sixth:
        await send(sixth, {"type": "connection_init", "payload": {"authorization": f"Bearer {driver.credential}"}})
        code, _ = await closing(sixth)
    async with server.socket(other):
        pass
    await opened[0].close()
    async with server.socket(driver):
        pass

    assert code == 4429
    for socket in opened:
        await socket.close()


async def test_a_caller_holds_twenty_subscriptions_over_all_sockets(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as one, server.socket(driver) as two:
        for number in range(20):
            await subscribe(one if number % 2 else two, f"s{number}", FOR_EVER)
        await until_ticks(20)

        await subscribe(two, "too many", FOR_EVER)
        refused = await hear(two)
        while refused["id"] != "too many":
            refused = await hear(two)
        await send(one, {"type": "complete", "id": "s1"})
        await until_ticks(19)
        await subscribe(two, "one more", FOR_EVER)
        await until_ticks(20)

    assert refused["payload"][0]["extensions"] == {"code": "TOO_MANY_AT_ONCE", "retryable": True}
    await until_ticks(0)


async def test_a_flood_of_messages_ends_the_conversation(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket:
        for _ in range(200):
            try:
                await send(socket, {"type": "pong"})
            except ConnectionClosed:
                break

        assert await closing(socket) == (4429, "Too many messages")


async def test_an_expired_token_takes_its_socket_along(server: Server, works: Works, tokens: Tokens) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work))
        await work.execute("SELECT 1")
        # Machine time stands still inside a test's transaction, so the token is measured from then on.
        opened = await open_session(
            work,
            kind=PrincipalKind.DRIVER,
            principal_id=driver.id,
            tokens=tokens,
            access_lasts=timedelta(seconds=await seconds_since_start(work) + 2),
        )
    caller = Caller(id=driver.id, market_id=driver.market_id, credential=opened.access_token)

    async with server.socket(caller) as socket:
        await subscribe(socket, "a", FOR_EVER)
        code, reason = await closing(socket)

    assert (code, reason[:43]) == (4403, "Forbidden: the access token has expired; co")
    await until_ticks(0)


async def seconds_since_start(work: Any) -> float:
    elapsed: float = await work.fetch_value(
        "SELECT extract(epoch FROM clock_timestamp() - transaction_timestamp())::float8"
    )
    return elapsed


async def test_signing_out_closes_the_sockets_of_the_session(server: Server, driver: Caller) -> None:
    async with server.socket(driver) as socket, httpx.AsyncClient() as http:
        await http.post(
            f"http://127.0.0.1:{server.port}/graphql",
            json={"query": load_document("driver", "sign_out")},
            headers=driver.headers,
        )

        assert (await closing(socket))[0] == 4403


async def test_a_sign_out_elsewhere_is_noticed_when_the_credential_is_looked_up_again(
    committed_works: Works, settings: Settings, tokens: Tokens
) -> None:
    marketplace = TestMarketplace(settings=settings, works=committed_works)
    app = build_app(marketplace, schema=SCHEMA, patience=Patience(look_every_s=0.1))
    app.state.edge.authenticator.believed_for = timedelta(0)
    driver = await sign_in_driver(committed_works, tokens)

    async with serve(app) as server, server.socket(driver) as socket:
        async with committed_works.open() as work:
            await sign_out(work, principal=tokens.read_access(driver.credential))

        assert await closing(socket) == (4403, "Forbidden: this session has ended; sign in again")
