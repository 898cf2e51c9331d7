"""A session is opened for whoever may sign in, for as long as was asked."""

from datetime import timedelta

import pytest

from marketplace.accounts import PrincipalKind, open_session
from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from tests.builders import make_driver, make_market, suspend_driver
from tests.marketplace.accounts.builders import TOKENS


async def test_a_seed_may_ask_for_a_long_access_token(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))

    opened = await open_session(
        work,
        kind=PrincipalKind.DRIVER,
        principal_id=driver.id,
        tokens=TOKENS,
        access_lasts=timedelta(hours=24),
    )

    assert TOKENS.read_access(opened.access_token) == opened.principal
    assert 86_399 <= (opened.access_expires_at - work.machine_now).total_seconds() <= 86_400


async def test_nobody_else_gets_one(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    await suspend_driver(work, driver, "DEACTIVATED")

    with pytest.raises(NotFound):
        await open_session(work, kind=PrincipalKind.DRIVER, principal_id=driver.id, tokens=TOKENS)

    assert await work.fetch_value("SELECT count(*) FROM session WHERE principal_id = $1", driver.id) == 0
