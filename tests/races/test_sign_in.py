"""Many at once at the door: guesses, requests for codes and refreshes are counted as if they came one by one."""

import asyncio
import re

from marketplace.accounts import (
    CodeRefused,
    PrincipalKind,
    SessionEnded,
    SignedIn,
    Tokens,
    TooManyCodes,
    open_session,
    refresh_session,
    request_sign_in_code,
    sign_in,
)
from marketplace.core.notifier import Message
from marketplace.core.work import Works
from tests.builders import make_driver, make_market

TOKENS = Tokens("a secret of the tests, long enough to be one")
AT_ONCE = 20


async def make_phone(works: Works) -> str:
    async with works.open() as work:
        return (await make_driver(work, await make_market(work))).phone


async def ask(works: Works, phone: str) -> Message | TooManyCodes | None:
    try:
        async with works.open() as work:
            return await request_sign_in_code(work, kind=PrincipalKind.DRIVER, address=phone, tokens=TOKENS)
    except TooManyCodes as refusal:
        return refusal


async def guess(works: Works, phone: str, code: str) -> SignedIn | CodeRefused:
    async with works.open() as work:
        return await sign_in(work, kind=PrincipalKind.DRIVER, address=phone, code=code, tokens=TOKENS)


def code_in(message: Message | TooManyCodes | None) -> str:
    assert isinstance(message, Message)
    found = re.search(r"\b\d{6}\b", message.text)
    assert found is not None
    return found.group()


async def test_twenty_guesses_at_once_are_five(committed_works: Works) -> None:
    phone = await make_phone(committed_works)
    code = code_in(await ask(committed_works, phone))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    answers = await asyncio.gather(*(guess(committed_works, phone, wrong) for _ in range(AT_ONCE)))

    assert all(isinstance(answer, CodeRefused) for answer in answers)
    assert isinstance(await guess(committed_works, phone, code), CodeRefused)
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT attempts FROM sign_in_code") == 5


async def test_the_right_code_twenty_times_at_once_opens_one_session(committed_works: Works) -> None:
    phone = await make_phone(committed_works)
    code = code_in(await ask(committed_works, phone))

    answers = await asyncio.gather(*(guess(committed_works, phone, code) for _ in range(AT_ONCE)))

    assert len([answer for answer in answers if isinstance(answer, SignedIn)]) == 1
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM session") == 1


async def test_twenty_requests_at_once_make_three_codes_of_which_one_is_good(committed_works: Works) -> None:
    phone = await make_phone(committed_works)

    answers = await asyncio.gather(*(ask(committed_works, phone) for _ in range(AT_ONCE)))

    assert len([answer for answer in answers if isinstance(answer, Message)]) == 3
    assert len([answer for answer in answers if isinstance(answer, TooManyCodes)]) == AT_ONCE - 3
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM sign_in_code") == 3
        assert await work.fetch_value("SELECT count(*) FROM sign_in_code WHERE expires_at > $1", work.machine_now) == 1


async def test_twenty_refreshes_at_once_get_one_and_the_same_token(committed_works: Works) -> None:
    async with committed_works.open() as work:
        driver = await make_driver(work, await make_market(work))
        opened = await open_session(work, kind=PrincipalKind.DRIVER, principal_id=driver.id, tokens=TOKENS)

    async def refresh() -> SignedIn | SessionEnded:
        async with committed_works.open() as work:
            return await refresh_session(work, refresh_token=opened.refresh_token, tokens=TOKENS)

    answers = await asyncio.gather(*(refresh() for _ in range(AT_ONCE)))

    assert len({answer.refresh_token for answer in answers if isinstance(answer, SignedIn)}) == 1
    assert all(isinstance(answer, SignedIn) for answer in answers)
