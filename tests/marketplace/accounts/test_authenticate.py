"""One credential, one caller: keys and tokens are looked up, so ended sessions and suspended drivers stop at once."""

import pytest

from marketplace.accounts import Unauthenticated, authenticate, create_api_key, sign_out
from marketplace.core.ids import ShipperId
from marketplace.core.work import Work
from tests.builders import make_driver, make_market, make_shipper, suspend_driver
from tests.marketplace.accounts.builders import TOKENS, open_session


async def test_an_access_token_speaks_for_its_driver(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))

    principal = await authenticate(work.connection, credential=opened.access_token, tokens=TOKENS)

    assert principal == opened.principal


async def test_an_api_key_speaks_for_its_shipper(work: Work) -> None:
    shipper = await make_shipper(work, await make_market(work))
    key = await create_api_key(work, shipper_id=ShipperId(shipper.id))

    principal = await authenticate(work.connection, credential=key.secret, tokens=TOKENS)

    assert principal.shipper_id == shipper.id


async def test_a_token_ends_with_its_session(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))
    await sign_out(work, principal=opened.principal)

    with pytest.raises(Unauthenticated, match="has ended"):
        await authenticate(work.connection, credential=opened.access_token, tokens=TOKENS)


async def test_a_driver_whose_account_is_closed_is_no_longer_known(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    opened = await open_session(work, driver)
    await suspend_driver(work, driver, "DEACTIVATED")

    with pytest.raises(Unauthenticated):
        await authenticate(work.connection, credential=opened.access_token, tokens=TOKENS)


async def test_a_refresh_token_is_no_access_token(work: Work) -> None:
    opened = await open_session(work, await make_driver(work, await make_market(work)))

    with pytest.raises(Unauthenticated):
        await authenticate(work.connection, credential=opened.refresh_token, tokens=TOKENS)
