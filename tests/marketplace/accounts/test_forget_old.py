"""What signing in leaves behind is swept after a day, and not before."""

from marketplace.accounts import forget_old_codes, forget_old_sessions, sign_out
from marketplace.core.work import Work
from tests.builders import make_driver, make_market
from tests.marketplace.accounts.builders import grow_older, open_session


async def test_codes_are_kept_for_a_day(work: Work) -> None:
    await open_session(work, await make_driver(work, await make_market(work)))

    assert await forget_old_codes(work) == 0
    await grow_older(work, "sign_in_code", seconds=86_401)
    assert await forget_old_codes(work) == 1


async def test_only_sessions_that_are_over_are_swept(work: Work) -> None:
    market = await make_market(work)
    ended = await open_session(work, await make_driver(work, market))
    await open_session(work, await make_driver(work, market))
    await sign_out(work, principal=ended.principal)

    assert await forget_old_sessions(work) == 0
    await grow_older(work, "session", seconds=86_401)
    assert await forget_old_sessions(work) == 1
