"""Every way out hands a message over whole or says that it could not, and keeps its secrets to itself."""

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from marketplace.adapters.notifiers import (
    AppriseNotifier,
    ByChannelNotifier,
    ConsoleNotifier,
    HttpNotifier,
    InboxNotifier,
    NotifierUnavailable,
    PushNotifier,
    development_key,
)
from marketplace.adapters.webhooks import HttpCourier
from marketplace.alerts import UnsafeEndpoint
from marketplace.app import open_notifier, open_pushes
from marketplace.core.errors import CannotStart
from marketplace.core.notifier import Channel, Message, NobodyThere
from marketplace.core.settings import Mode, Settings
from marketplace.core.work import Work
from tests.contracts.push_double import BrowserDouble, without_padding

SECRET = "s3cr3t-word"
PUSH_KEY = "A" * 42 + "E"
"""A private key: the number one."""
TEXT = "Delivery Ñ-17 of Farmacia {link} will be late: 12:40, 100 %. Dispatch looks.\n<b>Second</b> line"
NO_ONE = "127.0.0.1:9"
# Apprise reads all that it can talk to, and with it modules of Python's own that are to go.
pytestmark = pytest.mark.filterwarnings(
    "ignore:'(imghdr|crypt|telnetlib|cgi|audioop)' is deprecated:DeprecationWarning"
)
needs_apprise = pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="apprise is not installed")


def in_lower_case(head: str) -> str:
    """The names of headers; their values may hold keys."""
    return "\r\n".join(
        name.lower() + colon + value for name, colon, value in (line.partition(":") for line in head.split("\r\n"))
    )


@dataclass
class Receiver:
    """A service on loopback that answers with a status of the test's choice and keeps what it heard."""

    status: int = 200
    place: str = ""
    browser: BrowserDouble | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = in_lower_case((await reader.readuntil(b"\r\n\r\n")).decode())
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        self.heads.append(head)
        self.heard.append(self.read(head, await reader.readexactly(length)))
        to = f"location: http://{self.place}/elsewhere\r\n" if self.status == 302 else ""
        writer.write(f"HTTP/1.1 {self.status} x\r\n{to}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def read(self, head: str, body: bytes) -> Any:
        """What came: a browser's service gets it enciphered."""
        if "content-encoding: aes128gcm" not in head:
            return orjson.loads(body)
        assert self.browser is not None
        lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
        return self.browser.open({name: value for name, _, value in lines}, body)


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


def by_push(_place: str) -> PushNotifier:
    return PushNotifier(HttpCourier(may_loop_back=True), PUSH_KEY, public_url="https://market.example")


def by_channel(place: str) -> ByChannelNotifier:
    return ByChannelNotifier(ConsoleNotifier(), dict.fromkeys(Channel, by_http(place)))


OUTSIDE = [
    pytest.param(by_http, Channel.SMS, "text", id="sms"),
    pytest.param(by_http, Channel.EMAIL, "text", id="email"),
    pytest.param(by_apprise, Channel.OPERATORS, "message", id="operators", marks=needs_apprise),
    pytest.param(by_push, Channel.PUSH, "text", id="push"),
    pytest.param(by_channel, Channel.EMAIL, "text", id="by channel"),
]
"""How to make it, what it carries, and where the receiver finds the text."""
Make = Callable[[str], Any]


def a_message(channel: Channel, receiver: Receiver | None = None) -> Message:
    """A message; a push goes to a browser whose service is the receiver."""
    push = None
    if channel is Channel.PUSH:
        key = by_push(NO_ONE).public_key
        browser = BrowserDouble(place=receiver.place if receiver else NO_ONE, allowed_key=key)
        push = browser.push()
        if receiver is not None:
            receiver.browser = browser
    return Message(audience="dispatcher", address="turno@example.com", text=TEXT, channel=channel, push=push)


@pytest.mark.parametrize(("make", "channel", "place_of_text"), OUTSIDE)
async def test_a_message_is_handed_over_once_and_whole(
    receiver: Receiver, make: Make, channel: Channel, place_of_text: str
) -> None:
    notifier = make(receiver.place)

    await notifier.send(a_message(channel, receiver))

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
        await notifier.send(a_message(channel, receiver))

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


async def test_a_push_says_what_it_is_and_only_the_browser_can_read_it(receiver: Receiver) -> None:
    notifier = by_push(receiver.place)

    await notifier.send(a_message(Channel.PUSH, receiver))

    await notifier.aclose()
    assert receiver.heard == [{"title": "Farmacia Norte", "text": TEXT, "topic": "t" * 32}]
    [head] = receiver.heads
    assert [
        line for line in ("ttl: 600", "urgency: high", f"topic: {'t' * 32}") if line not in head.split("\r\n")
    ] == []
    assert "Farmacia" not in head


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_has_ended_it_is_nobody_and_not_unavailable(receiver: Receiver, status: int) -> None:
    receiver.status = status
    notifier = by_push(receiver.place)

    with pytest.raises(NobodyThere):
        await notifier.send(a_message(Channel.PUSH, receiver))

    await notifier.aclose()


async def test_keys_that_are_none_belong_to_nobody(receiver: Receiver) -> None:
    message = a_message(Channel.PUSH, receiver)
    assert message.push is not None
    off_the_curve = replace(message.push, p256dh=without_padding(b"\x04" + b"\x01" * 64))
    notifier = by_push(receiver.place)

    with pytest.raises(NobodyThere):
        await notifier.send(replace(message, push=off_the_curve))

    await notifier.aclose()
    assert receiver.heard == []


@pytest.mark.parametrize(
    "endpoint", ["http://push.example/one", "https://127.0.0.1/one", "https://10.0.0.7/one", "https://[::1]/one"]
)
async def test_no_browser_leads_into_the_house(endpoint: str) -> None:
    notifier = PushNotifier(HttpCourier(), PUSH_KEY, public_url="https://market.example")
    message = a_message(Channel.PUSH)
    assert message.push is not None

    with pytest.raises(UnsafeEndpoint):
        await notifier.check(endpoint)
    with pytest.raises((NotifierUnavailable, NobodyThere)):
        await notifier.send(replace(message, push=replace(message.push, endpoint=endpoint)))

    await notifier.aclose()


def test_a_state_folder_keeps_its_key_and_production_names_one(tmp_path: Path) -> None:
    made = development_key(tmp_path)

    assert development_key(tmp_path) == made
    assert (tmp_path / "push-key").stat().st_mode & 0o777 == 0o600
    production = Settings(mode=Mode.PRODUCTION, state_folder=tmp_path)
    with pytest.raises(CannotStart, match="DOORSTEP_PUSH_KEY must be your own"):
        open_pushes(production)
    with pytest.raises(CannotStart, match="P-256"):
        open_pushes(production.model_copy(update={"push_key": SecretStr("AAAA")}))
    assert len(open_pushes(production.model_copy(update={"push_key": SecretStr(made)})).public_key) == 87


@pytest.mark.parametrize(
    "make",
    [
        by_http,
        pytest.param(by_apprise, marks=needs_apprise),
        by_channel,
        by_push,
        lambda _: ConsoleNotifier(),
        lambda _: InboxNotifier(),
    ],
    ids=["http", "apprise", "by channel", "push", "console", "inbox"],
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
