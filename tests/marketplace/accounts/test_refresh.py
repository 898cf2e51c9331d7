"""A refresh token changes at each use; an old one that turns up ends the session."""

import pytest

from marketplace.accounts import SessionEnded, SignedIn, refresh_session, sign_out
from marketplace.core.work import Work
from tests.builders import make_driver, make_market, suspend_driver
from tests.marketplace.accounts.builders import TOKENS, grow_older, open_session


async def refresh(work: Work, token: str) -> SignedIn | SessionEnded:
    return await refresh_session(work, refresh_token=token, tokens=TOKENS)


async def refreshed(work: Work, token: str) -> SignedIn:
    answer = await refresh(work, token)
    assert isinstance(answer, SignedIn)
    return answer


async def is_over(work: Work, opened: SignedIn) -> bool:
    over: bool = await work.fetch_value(
        "SELECT ended_at IS NOT NULL FROM session WHERE id = $1", opened.principal.session_id
    )
    return over


async def test_a_refresh_hands_out_new_tokens_of_the_same_session(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))

    following = await refreshed(work, opened.refresh_token)

    assert following.refresh_token != opened.refresh_token
    assert TOKENS.read_access(following.access_token) == following.principal
    assert following.principal.session_id == opened.principal.session_id
    assert following.principal.market_id == opened.principal.market_id


async def test_a_lost_answer_is_given_again_within_half_a_minute(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    first = await refreshed(work, opened.refresh_token)
    await grow_older(work, "session", seconds=30)

    again = await refreshed(work, opened.refresh_token)

    assert again.refresh_token == first.refresh_token
    assert isinstance(await refresh(work, first.refresh_token), SignedIn)


async def test_the_grace_does_not_start_anew_with_each_repetition(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    await refreshed(work, opened.refresh_token)
    await grow_older(work, "session", seconds=20)
    await refreshed(work, opened.refresh_token)
    await grow_older(work, "session", seconds=20)

    assert isinstance(await refresh(work, opened.refresh_token), SessionEnded)


async def test_the_token_before_ends_the_session_once_the_grace_is_over(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    following = await refreshed(work, opened.refresh_token)
    await grow_older(work, "session", seconds=31)

    assert isinstance(await refresh(work, opened.refresh_token), SessionEnded)

    assert await is_over(work, opened)
    with pytest.raises(SessionEnded):
        await refresh(work, following.refresh_token)


async def test_a_much_older_token_ends_the_session_at_once(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    second = await refreshed(work, opened.refresh_token)
    await refreshed(work, second.refresh_token)

    assert isinstance(await refresh(work, opened.refresh_token), SessionEnded)

    assert await is_over(work, opened)


async def test_an_invented_token_ends_nothing(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    altered = opened.refresh_token[:-6] + ("AAAA==" if not opened.refresh_token.endswith("AAAA==") else "BBBB==")

    for token in (altered, "drt_", "drt_!!", "", "x" * 5000, opened.access_token):
        with pytest.raises(SessionEnded):
            await refresh(work, token)

    assert not await is_over(work, opened)


async def test_a_session_ends_after_thirty_days_without_use(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    await grow_older(work, "session", seconds=30 * 86_400)

    with pytest.raises(SessionEnded):
        await refresh(work, opened.refresh_token)


async def test_a_driver_whose_account_is_closed_gets_no_new_tokens(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    opened = await open_session(work, driver)
    await suspend_driver(work, driver, "DEACTIVATED")

    assert isinstance(await refresh(work, opened.refresh_token), SessionEnded)
    assert await is_over(work, opened)


async def test_a_proposed_suspension_does_not_sign_out_yet(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    opened = await open_session(work, driver)
    await work.execute("UPDATE driver SET account_state = 'SUSPENSION_PROPOSED' WHERE id = $1", driver.id)

    assert isinstance(await refresh(work, opened.refresh_token), SignedIn)


async def test_a_suspended_driver_stays_signed_in_to_finish_to_be_paid_and_to_appeal(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    opened = await open_session(work, driver)
    await suspend_driver(work, driver)

    assert isinstance(await refresh(work, opened.refresh_token), SignedIn)


async def test_signing_out_ends_the_session_and_may_be_repeated(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))

    await sign_out(work, principal=opened.principal)
    await sign_out(work, principal=opened.principal)

    assert await is_over(work, opened)
    with pytest.raises(SessionEnded):
        await refresh(work, opened.refresh_token)
