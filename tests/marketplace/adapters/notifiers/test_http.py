"""Messages by HTTP: handed over once, or refused as unavailable, never half."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from marketplace.adapters.notifiers import HttpNotifier, NotifierUnavailable
from marketplace.core.notifier import Message

MESSAGE = Message(audience="driver", address="+56911111111", text="123456 is your Doorstep code.")


class Service:
    """A message service on loopback that answers with a status of the test's choice."""

    def __init__(self) -> None:
        self.status = 202
        self.heard: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        token = head.partition("authorization: ")[2].partition("\r\n")[0]
        self.heard.append((token, orjson.loads(await reader.readexactly(length))))
        writer.write(f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_server(service.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service.url = f"http://127.0.0.1:{port}/messages"
    yield service
    server.close()
    await server.wait_closed()


async def test_a_message_is_handed_over_with_the_token(service: Service) -> None:
    notifier = HttpNotifier(service.url, token="secret")

    await notifier.send(MESSAGE)

    await notifier.aclose()
    assert service.heard == [
        ("bearer secret", {"audience": "driver", "address": MESSAGE.address, "text": MESSAGE.text, "channel": "SMS"})
    ]


@pytest.mark.parametrize("status", [302, 400, 500, 503])
async def test_any_other_answer_means_that_it_was_not_taken(service: Service, status: int) -> None:
    service.status = status
    notifier = HttpNotifier(service.url)

    with pytest.raises(NotifierUnavailable, match=str(status)):
        await notifier.send(MESSAGE)

    await notifier.aclose()


async def test_a_service_that_is_away_is_unavailable(service: Service) -> None:
    notifier = HttpNotifier("http://127.0.0.1:9/messages")

    with pytest.raises(NotifierUnavailable):
        await notifier.send(MESSAGE)

    await notifier.aclose()
