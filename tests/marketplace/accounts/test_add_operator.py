"""An operator has one mailbox, whatever the case it is written in."""

import pytest

from marketplace.accounts import OperatorExists, add_operator
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from tests.builders import make_market


async def test_an_operator_is_limited_to_the_market_that_was_named(work: Work) -> None:
    market = await make_market(work)

    operator_id = await add_operator(work, name="Marta", email="Marta@Example.com", market_id=MarketId(market.id))

    row = await work.fetch_row("SELECT email, market_id FROM operator WHERE id = $1", operator_id)
    assert row is not None
    assert (row["email"], row["market_id"]) == ("marta@example.com", market.id)


async def test_a_mailbox_belongs_to_one_operator(work: Work) -> None:
    await add_operator(work, name="Marta", email="marta@example.com")

    with pytest.raises(OperatorExists):
        await add_operator(work, name="Other", email="MARTA@example.com")
