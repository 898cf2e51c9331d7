"""Every way out hands a message over whole or says that it could not, and keeps its secrets to itself."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from marketplace.adapters.notifiers import (
    AppriseNotifier,
    ByChannelNotifier,
    ConsoleNotifier,
    HttpNotifier,
    InboxNotifier,
    NotifierUnavailable,
)
from marketplace.app import open_notifier
from marketplace.core.errors import CannotStart
from marketplace.core.notifier import Channel, Message
from marketplace.core.settings import Settings
from marketplace.core.work import Work

SECRET = "s3cr3t-word"
TEXT = "Delivery Ñ-17 of Farmacia {link} will be late: 12:40, 100 %. Dispatch looks.\n<b>Second</b> line"
NO_ONE = "127.0.0.1:9"
# Apprise reads all that it can talk to, and with it modules of Python's own that are to go.
pytestmark = pytest.mark.filterwarnings("ignore:'(imghdr|crypt|cgi)' is deprecated:DeprecationWarning")
needs_apprise = pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="apprise is not installed")


@dataclass
class Receiver:
    """A service on loopback that answers with a status of the test's choice and keeps what it heard."""

    status: int = 200
    place: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        self.heads.append(head)
        self.heard.append(orjson.loads(await reader.readexactly(length)))
        to = f"location: http://{self.place}/elsewhere\r\n" if self.status == 302 else ""
        writer.write(f"HTTP/1.1 {self.status} x\r\n{to}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield receiver
    server.close()
    await server.wait_closed()


def by_http(place: str) -> HttpNotifier:
    return HttpNotifier(f"http://{place}/messages", SECRET)


def by_apprise(place: str) -> AppriseNotifier:
    return AppriseNotifier([f"json://marta:{SECRET}@{place}/messages"])


def by_channel(place: str) -> ByChannelNotifier:
    return ByChannelNotifier(ConsoleNotifier(), dict.fromkeys(Channel, by_http(place)))


OUTSIDE = [
    pytest.param(by_http, Channel.SMS, "text", id="sms"),
    pytest.param(by_http, Channel.EMAIL, "text", id="email"),
    pytest.param(by_apprise, Channel.OPERATORS, "message", id="operators", marks=needs_apprise),
    pytest.param(by_channel, Channel.EMAIL, "text", id="by channel"),
]
"""How to make it, what it carries, and where the receiver finds the text."""
Make = Callable[[str], Any]


def a_message(channel: Channel) -> Message:
    return Message(audience="dispatcher", address="turno@example.com", text=TEXT, channel=channel)


@pytest.mark.parametrize(("make", "channel", "place_of_text"), OUTSIDE)
async def test_a_message_is_handed_over_once_and_whole(
    receiver: Receiver, make: Make, channel: Channel, place_of_text: str
) -> None:
    notifier = make(receiver.place)

    await notifier.send(a_message(channel))

    await notifier.aclose()
    assert [content[place_of_text] for content in receiver.heard] == [TEXT]


@pytest.mark.parametrize("status", [302, 400, 500])
@pytest.mark.parametrize(("make", "channel", "place_of_text"), OUTSIDE)
async def test_any_other_answer_means_that_it_was_not_taken(
    receiver: Receiver, make: Make, channel: Channel, place_of_text: str, status: int
) -> None:
    receiver.status = status
    notifier = make(receiver.place)

    with pytest.raises(NotifierUnavailable):
        await notifier.send(a_message(channel))

    await notifier.aclose()
    assert [content[place_of_text] for content in receiver.heard] == [TEXT]


@pytest.mark.parametrize(("make", "channel", "place_of_text"), OUTSIDE)
async def test_no_secret_and_nothing_personal_stands_in_logs_failures_or_reprs(
    make: Make, channel: Channel, place_of_text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        notifier = make(NO_ONE)
        with pytest.raises(NotifierUnavailable) as failure:
            await notifier.send(a_message(channel))
        await notifier.aclose()

    said = f"{notifier!r} {failure.value!r} {failure.value} {failure.value.__cause__!r} {lines} {caplog.text}"
    assert place_of_text in {"text", "message"}
    assert [word for word in (SECRET, "turno@", "Farmacia") if word in said] == []


@pytest.mark.parametrize(
    "make",
    [
        by_http,
        pytest.param(by_apprise, marks=needs_apprise),
        by_channel,
        lambda _: ConsoleNotifier(),
        lambda _: InboxNotifier(),
    ],
    ids=["http", "apprise", "by channel", "console", "inbox"],
)
async def test_nothing_is_sent_while_a_work_is_open(work: Work, make: Make) -> None:
    with pytest.raises(AssertionError, match="a Work is open"):
        await make(NO_ONE).send(a_message(Channel.SMS))


async def test_an_email_carries_its_first_sentence_as_its_subject(receiver: Receiver) -> None:
    notifier = by_http(receiver.place)

    await notifier.send(a_message(Channel.EMAIL))
    long = "Delivery " + "A" * 40 + " could not be handed over, for nobody was there. More."
    await notifier.send(Message(audience="shipper", address="turno@example.com", text=long, channel=Channel.EMAIL))

    await notifier.aclose()
    assert [content["subject"] for content in receiver.heard] == [
        "Delivery Ñ-17 of Farmacia {link} will be late: 12:40, 100 %",
        "Delivery " + "A" * 40 + " could not be handed over…",
    ]


@needs_apprise
async def test_one_deaf_place_keeps_no_other_from_hearing(receiver: Receiver) -> None:
    notifier = AppriseNotifier([f"json://{NO_ONE}/", f"json://{receiver.place}/"])

    with capture_logs() as lines:
        await notifier.send(a_message(Channel.OPERATORS))

    await notifier.aclose()
    assert len(receiver.heard) == 1
    assert [(line["missed"], line["of"]) for line in lines] == [(1, 2)]


@needs_apprise
def test_an_address_that_apprise_does_not_know_is_refused_without_being_told() -> None:
    with pytest.raises(CannotStart, match="address number 2") as failure:
        AppriseNotifier(["json://127.0.0.1/", f"nothing://{SECRET}"])

    assert SECRET not in str(failure.value)


async def test_each_channel_has_its_way_and_the_rest_takes_the_usual_one() -> None:
    usual, email = InboxNotifier(), InboxNotifier()
    notifier = ByChannelNotifier(usual, {Channel.EMAIL: email})

    for channel in (Channel.SMS, Channel.EMAIL, Channel.OPERATORS):
        await notifier.send(a_message(channel))

    assert [message.channel for message in usual.messages] == [Channel.SMS, Channel.OPERATORS]
    assert [message.channel for message in email.messages] == [Channel.EMAIL]


async def test_the_settings_say_which_ways_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_notifier(Settings()).usual, ConsoleNotifier)
    for name, value in (
        ("NOTIFIER_URL", f"http://{NO_ONE}/"),
        ("EMAIL_URL", f"http://{NO_ONE}/"),
        ("EMAIL_TOKEN", SECRET),
    ):
        monkeypatch.setenv(f"DOORSTEP_{name}", value)

    settings = Settings()
    notifier = open_notifier(settings)

    await notifier.aclose()
    assert isinstance(notifier.usual, HttpNotifier)
    assert set(notifier.ways) == {Channel.EMAIL}
    assert SECRET not in repr(settings)
