"""Whatever breaks between an app and the API, what the app asks for happens once, and the app hears of it."""

import asyncio

import httpx
import pytest

from tests.workers.simulator.small_api import PROBLEM, SmallApi, eventually, serve
from workers.simulator.client import ApiClient, Refused, SignedOut
from workers.simulator.network import Unreachable

ACCEPT = {"offerId": "off_1", "idempotencyKey": "accept-off_1"}


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(api: SmallApi, driver: ApiClient) -> None:
    api.faults.extend(["lost answer", "lost answer"])
    api.answers["acceptOffer"] = lambda _: {"offerId": "off_1", "route": None}

    answer = await driver.ask("accept_offer", ACCEPT)

    assert answer == {"offerId": "off_1", "route": None}
    assert api.effects == ["accept-off_1"]
    assert len(api.asked) == 3
    assert len({asked.body for asked in api.asked}) == 1
    assert driver.retries == {"RemoteProtocolError": 2}


async def test_an_app_waits_for_an_api_that_is_being_restarted(
    api: SmallApi, line: httpx.AsyncClient, unused_port: int
) -> None:
    driver = ApiClient(line, f"http://127.0.0.1:{unused_port}", app="driver", access_token="good")
    asking = asyncio.create_task(driver.ask("accept_offer", ACCEPT))
    await eventually(lambda: driver.retries)

    async with serve(api, port=unused_port):
        await asking

    assert api.effects == ["accept-off_1"]
    assert set(driver.retries) == {"ConnectError"}


async def test_an_overloaded_api_is_left_alone_for_as_long_as_it_asks(api: SmallApi, driver: ApiClient) -> None:
    api.faults.append("503")

    await driver.ask("clock")

    first, second = api.asked
    assert second.arrived_at_s - first.arrived_at_s >= 1.0
    assert driver.retries == {"503": 1}


async def test_a_problem_is_raised_with_its_code_and_not_repeated(api: SmallApi, driver: ApiClient) -> None:
    api.answers["acceptOffer"] = lambda _: PROBLEM

    with pytest.raises(Refused) as refusal:
        await driver.ask("accept_offer", ACCEPT)

    assert (refusal.value.code, refusal.value.message) == ("OFFER_TAKEN", "another driver was first")
    assert len(api.asked) == 1


async def test_a_problem_that_may_pass_is_waited_for(api: SmallApi, driver: ApiClient) -> None:
    api.faults.append("busy")

    await driver.ask("accept_offer", ACCEPT)

    assert len(api.asked) == 2
    assert driver.retries == {"BUSY": 1}


async def test_a_bug_of_the_api_is_told_as_what_it_is_when_it_stays(api: SmallApi, driver: ApiClient) -> None:
    api.faults.extend(["500"] * 20)

    with pytest.raises(Refused, match="INTERNAL"):
        await driver.ask("clock", patience_s=0.3)

    assert len(api.asked) > 1


async def test_an_ended_token_is_refreshed_once_for_all_calls_of_an_app(api: SmallApi, driver: ApiClient) -> None:
    api.tokens = {"new"}
    api.answers["refreshSession"] = lambda _: {"accessToken": "new", "refreshToken": "next"}

    await asyncio.gather(*(driver.ask("clock") for _ in range(5)))

    assert [asked.variables for asked in api.requests_for("refreshSession")] == [{"refreshToken": "refresh"}]
    assert api.requests_for("refreshSession")[0].token is None
    assert len([asked for asked in api.requests_for("clock") if asked.token == "new"]) == 5


async def test_a_session_that_is_over_is_said_to_be_over(api: SmallApi, driver: ApiClient) -> None:
    api.tokens = set()
    api.answers["refreshSession"] = lambda _: PROBLEM | {"code": "SESSION_OVER"}

    with pytest.raises(SignedOut, match="SESSION_OVER"):
        await driver.ask("clock")


async def test_without_network_nothing_is_sent(api: SmallApi, driver: ApiClient) -> None:
    driver.network.lose()

    with pytest.raises(Unreachable):
        await driver.ask("clock")

    assert api.asked == []


async def test_patience_ends_without_an_answer(line: httpx.AsyncClient, unused_port: int) -> None:
    nobody = ApiClient(line, f"http://127.0.0.1:{unused_port}", app="driver", access_token="good")

    with pytest.raises(Unreachable, match="ConnectError"):
        await nobody.ask("clock", patience_s=0.3)


async def test_a_picture_is_put_to_its_address(api: SmallApi, api_url: str, driver: ApiClient) -> None:
    await driver.put(f"{api_url}/uploads/signed", b"picture", "image/jpeg")

    assert api.uploads == [b"picture"]
