"""Signing in over the API, as the apps do it, with their own ready-made documents."""

import re
from typing import Any

import pytest

from marketplace.accounts import Tokens
from marketplace.core.work import Works
from schema.documents import load_document
from tests.builders import make_driver, make_market
from tests.schema.conftest import Api, Caller, TestMarketplace, sign_in_driver

ME = load_document("driver", "me")


async def run(api: Api, name: str, variables: dict[str, Any] | None = None, caller: Caller | None = None) -> Any:
    """The one result of a ready-made operation of the driver app."""
    answer = await api.ask(load_document("driver", name), variables, caller)
    return next(iter(answer.values()))


async def code_for(api: Api, marketplace: TestMarketplace, phone: str) -> str:
    """Asks for a code and reads it from the driver's phone."""
    assert await run(api, "request_sign_in_code", {"address": phone}) == {"expiresInS": 600}
    message = marketplace.notifier.latest_to(phone)
    assert message is not None
    found = re.search(r"\b\d{6}\b", message.text)
    assert found is not None
    return found.group()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.fixture
async def phone(works: Works) -> str:
    """The phone of an active driver."""
    async with works.open() as work:
        return (await make_driver(work, await make_market(work), name="Ana Rojas")).phone


async def test_a_driver_signs_in_refreshes_and_signs_out(api: Api, marketplace: TestMarketplace, phone: str) -> None:
    code = await code_for(api, marketplace, phone)
    opened = await run(api, "sign_in", {"address": phone, "code": code})
    first = {"authorization": f"Bearer {opened['accessToken']}"}
    me = (await api.send(ME, headers=first)).json()["data"]["me"]
    following = await run(api, "refresh_session", {"refreshToken": opened["refreshToken"]})
    second = {"authorization": f"Bearer {following['accessToken']}"}

    assert (me["kind"], me["name"], me["isTest"]) == ("driver", "Ana Rojas", False)
    assert re.fullmatch("drv_[0-9a-f]{32}", me["id"])
    assert re.fullmatch("mkt_[0-9a-f]{32}", me["marketId"])
    assert me["expiresAt"] == opened["accessExpiresAt"]
    assert (await api.send(ME, headers=second)).json()["data"]["me"]["id"] == me["id"]

    out = await api.send(load_document("driver", "sign_out"), headers=second)

    assert out.json() == {"data": {"signOut": {"isSignedOut": True}}}
    for headers in (first, second):
        assert (await api.send(ME, headers=headers)).status_code == 401
    ended = await run(api, "refresh_session", {"refreshToken": following["refreshToken"]})
    assert ended["code"] == "SESSION_ENDED"


async def test_wrong_codes_are_counted_over_requests(api: Api, marketplace: TestMarketplace, phone: str) -> None:
    code = await code_for(api, marketplace, phone)
    refusals = [await run(api, "sign_in", {"address": phone, "code": wrong(code)}) for _ in range(5)]

    late = await run(api, "sign_in", {"address": phone, "code": code})

    assert [refusal["code"] for refusal in refusals] == ["CODE_REFUSED"] * 5
    assert late == refusals[0]


async def test_ten_tries_in_one_request_are_still_five(
    api: Api, marketplace: TestMarketplace, phone: str, works: Works
) -> None:
    code = await code_for(api, marketplace, phone)
    tries = " ".join(
        f'a{i}:signIn(kind:DRIVER,address:"{phone}",code:"{wrong(code) if i < 9 else code}"){{__typename}}'
        for i in range(10)
    )

    answer = await api.ask(f"mutation{{{tries}}}")

    assert {result["__typename"] for result in answer.values()} == {"Problem"}
    async with works.open() as work:
        assert await work.fetch_value("SELECT attempts FROM sign_in_code WHERE address = $1", phone) == 5


async def test_an_unknown_phone_gets_the_same_answer_and_no_message(api: Api, marketplace: TestMarketplace) -> None:
    answers = [await run(api, "request_sign_in_code", {"address": "+56987654321"}) for _ in range(4)]

    assert answers[:3] == [{"expiresInS": 600}] * 3
    assert answers[3]["code"] == "TOO_MANY_CODES"
    assert list(marketplace.notifier.messages) == []


async def test_what_is_no_phone_is_said_so(api: Api) -> None:
    answer = await run(api, "request_sign_in_code", {"address": "call me"})

    assert (answer["code"], answer["field"]) == ("BAD_ADDRESS", "address")


async def test_an_operator_signs_in_by_mail(api: Api, marketplace: TestMarketplace, operator: Caller) -> None:
    ask, enter = (load_document("operations", name) for name in ("request_sign_in_code", "sign_in"))
    await api.ask(ask, {"address": "Marta@example.com"})
    message = marketplace.notifier.latest_to("marta@example.com")
    assert message is not None

    opened = (await api.ask(enter, {"address": "marta@example.com", "code": message.text[:6]}))["signIn"]

    me = await api.send(ME, headers={"authorization": f"Bearer {opened['accessToken']}"})
    assert me.json()["data"]["me"]["name"] == "Marta"


async def test_everybody_sees_only_themselves(
    api: Api, driver: Caller, shipper: Caller, operator: Caller, works: Works, tokens: Tokens
) -> None:
    other = await sign_in_driver(works, tokens)
    callers = (driver, other, shipper, operator)

    seen = [(await api.ask(ME, caller=caller))["me"] for caller in callers]

    assert [me["id"] for me in seen] == [
        f"drv_{driver.id.hex}",
        f"drv_{other.id.hex}",
        f"shp_{shipper.id.hex}",
        f"opr_{operator.id.hex}",
    ]
    assert [me["isTest"] for me in seen] == [False, False, True, False]
    assert seen[2]["expiresAt"] is None


async def test_a_stranger_is_nobody(api: Api) -> None:
    response = await api.send(ME)

    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_signing_out_twice_is_401_the_second_time(api: Api, driver: Caller) -> None:
    sign_out = load_document("driver", "sign_out")

    assert (await api.send(sign_out, caller=driver)).json()["data"]["signOut"] == {"isSignedOut": True}
    assert (await api.send(sign_out, caller=driver)).status_code == 401


async def test_no_token_or_code_is_ever_logged_or_shown_in_an_error(
    api: Api, marketplace: TestMarketplace, phone: str
) -> None:
    code = await code_for(api, marketplace, phone)

    response = await api.send(load_document("driver", "sign_in"), {"address": phone, "code": {"digits": code}})

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_VARIABLES"
