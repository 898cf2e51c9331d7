"""An app hears every event once and in order, whatever happens to its socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.workers.simulator.small_api import SmallApi, eventually
from workers.simulator.client import ApiClient, SignedOut
from workers.simulator.event_socket import Event, EventSocket, Stream


@dataclass(slots=True)
class Listener:
    """What an app has heard on its socket."""

    names: list[str] = field(default_factory=list)
    gaps: int = 0

    def hear(self, event: Event) -> None:
        self.names.append(event["name"])

    def gap(self) -> None:
        self.gaps += 1


@asynccontextmanager
async def listening(api: SmallApi, driver: ApiClient) -> AsyncIterator[Listener]:
    """An app that listens to offers until the block ends; it is subscribed when the block begins."""
    listener = Listener()
    socket = EventSocket(driver, [Stream("offer_events")], on_event=listener.hear, on_gap=listener.gap)
    task = asyncio.create_task(socket.run())
    await eventually(lambda: bool(api.subscribed_after))
    yield listener
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_events_around_a_cut_are_heard_once_and_in_order(api: SmallApi, driver: ApiClient) -> None:
    api.cuts.extend([2, 1])

    async with listening(api, driver) as listener:
        await api.happen("first", "second", "third", "fourth", "fifth")
        await eventually(lambda: len(listener.names) >= 5)

    assert listener.names == ["first", "second", "third", "fourth", "fifth"]
    assert api.subscribed_after == [None, "c2", "c3"]
    assert listener.gaps == 1


async def test_an_event_that_is_told_twice_is_heard_once(api: SmallApi, driver: ApiClient) -> None:
    api.cuts.append(3)
    api.echoes = 2

    async with listening(api, driver) as listener:
        await api.happen("first", "second", "third", "fourth")
        await eventually(lambda: "fourth" in listener.names)

    assert listener.names == ["first", "second", "third", "fourth"]


async def test_an_app_whose_cursor_has_expired_looks_at_the_present_state(api: SmallApi, driver: ApiClient) -> None:
    api.cuts.append(1)
    api.expired.add("c1")

    async with listening(api, driver) as listener:
        await api.happen("first", "missed")
        await eventually(lambda: len(api.subscribed_after) == 3)
        await api.happen("later")
        await eventually(lambda: "later" in listener.names)

    assert listener.names == ["first", "later"]
    assert api.subscribed_after == [None, "c1", None]
    assert listener.gaps == 2


async def test_what_happens_without_network_is_heard_after_it(api: SmallApi, driver: ApiClient) -> None:
    async with listening(api, driver) as listener:
        await api.happen("before")
        await eventually(lambda: listener.names == ["before"])
        driver.network.lose()
        await api.happen("meanwhile", "still away")
        heard_without_network = list(listener.names)
        driver.network.restore()
        await eventually(lambda: len(listener.names) == 3)

    assert heard_without_network == ["before"]
    assert listener.names == ["before", "meanwhile", "still away"]
    assert api.subscribed_after == [None, "c1"]


async def test_a_socket_goes_on_with_a_new_token_when_the_old_one_ends(api: SmallApi, driver: ApiClient) -> None:
    api.tokens = {"new"}
    api.answers["refreshSession"] = lambda _: {"accessToken": "new", "refreshToken": "next"}

    async with listening(api, driver) as listener:
        await api.happen("first")
        await eventually(lambda: listener.names == ["first"])

    assert api.socket_greetings == ["good", "new"]


async def test_a_socket_that_can_never_be_let_in_says_so(api: SmallApi, driver: ApiClient) -> None:
    api.tokens = set()
    shipper = ApiClient(driver._line, driver.api_url, app="portal", access_token="bad key")
    socket = EventSocket(shipper, [Stream("delivery_events")], on_event=lambda _: None, on_gap=lambda: None)

    with pytest.raises(SignedOut):
        await socket.run()
