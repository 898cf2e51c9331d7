"""A movement that is not of our doing is booked by a person, once, and never by itself."""

from typing import Any

import pytest

from marketplace.accounts import add_operator
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, OWNER_FUNDS, SUSPENSE, LedgerAccount, balance_of, check_ledger
from marketplace.payments import BookedAs, MovementBooked, MovementIsOurs, book_movement, reconcile
from tests.builders import make_market
from tests.marketplace.payments.test_reconcile import make_movement, make_object, make_reading, said


@pytest.mark.parametrize(
    ("booked_as", "net_minor", "account", "balance"),
    [
        (BookedAs.OWNER_FUNDS, 5000, OWNER_FUNDS, 5000),
        (BookedAs.OWNER_FUNDS, -5000, OWNER_FUNDS, -5000),
        (BookedAs.UNKNOWN, 77, SUSPENSE, -77),
    ],
)
async def test_a_foreign_movement_is_booked_once_and_then_is_no_difference(
    work: Work, booked_as: BookedAs, net_minor: int, account: LedgerAccount, balance: int
) -> None:
    market = await make_market(work)
    market_id = MarketId(market.id)
    operator_id = await add_operator(work, name="Olga", email="olga@example.com", market_id=MarketId(market.id))
    await make_movement(work, "txn_1", net_minor, object_id=None)
    await make_reading(work)
    asked: dict[str, Any] = {
        "market_id": MarketId(market.id),
        "movement_id": "txn_1",
        "booked_as": booked_as,
        "operator_id": operator_id,
    }

    first = await book_movement(work, **asked)
    again = await book_movement(work, **asked)

    assert first == again
    assert await balance_of(work, market_id=market_id, account=account, currency="CLP") == Money(balance, "CLP")
    gateway = await balance_of(work, market_id=market_id, account=GATEWAY_AVAILABLE, currency="CLP")
    assert gateway == Money(net_minor, "CLP")
    assert said(await reconcile(work, market_id=market_id)) == []
    report = await check_ledger(work, market_id=market_id)
    assert report.is_sound == (booked_as is not BookedAs.UNKNOWN)


async def test_what_is_of_our_doing_and_what_is_not_there_is_not_booked_by_hand(work: Work) -> None:
    market, other = await make_market(work), await make_market(work, slug="other")
    operator_id = await add_operator(work, name="Olga", email="olga@example.com", market_id=None)
    await make_object(work, market, "pi_1", work.new_id())
    await make_movement(work, "txn_ours", 10, object_id="pi_1")
    await make_movement(work, "txn_drivers", 10, object_id=None, account="acct_1")
    await make_movement(work, "txn_1", 10, object_id=None)
    asked: dict[str, Any] = {"booked_as": BookedAs.PROVIDER_FEE, "operator_id": operator_id}

    with pytest.raises(MovementIsOurs):
        await book_movement(work, market_id=MarketId(market.id), movement_id="txn_ours", **asked)
    for movement_id in ("txn_drivers", "txn_0"):
        with pytest.raises(NotFound):
            await book_movement(work, market_id=MarketId(market.id), movement_id=movement_id, **asked)
    await book_movement(work, market_id=MarketId(market.id), movement_id="txn_1", **asked)
    with pytest.raises(MovementBooked):
        await book_movement(work, market_id=MarketId(other.id), movement_id="txn_1", **asked)
