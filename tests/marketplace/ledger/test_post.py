"""A journal moves money between two accounts, for one reason, once."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.core.money import MAX_MINOR, BadMoney, Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DELIVERY_REVENUE,
    DRIVER_PAY,
    GATEWAY_AVAILABLE,
    Entry,
    JournalKeyReused,
    LedgerAccount,
    Overdrawn,
    account_lines,
    balance_of,
    chart,
    check_ledger,
    driver_wallet,
    shipper_receivable,
    wallet_available,
)
from tests.builders import make_market
from tests.marketplace.ledger.world import count_rows, earn, pay_out, pesos, post

ANA = UUID(int=1)
LUZ = UUID(int=2)


async def test_both_sides_of_an_entry_move(work: Work) -> None:
    market = await make_market(work)

    await post(work, market, "route-1", earn(ANA, 1000))

    owed = await balance_of(work, market_id=market.id, account=driver_wallet(ANA), currency="CLP")
    spent = await balance_of(work, market_id=market.id, account=DRIVER_PAY, currency="CLP")
    assert (owed, spent) == (pesos(1000), pesos(1000))
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(1000)


async def test_the_same_key_again_returns_the_first_journal_and_moves_nothing(work: Work) -> None:
    market = await make_market(work)
    first = await post(work, market, "route-1", earn(ANA, 1000))
    before = await count_rows(work)

    again = await post(work, market, "route-1", earn(ANA, 1000))

    assert again == first
    assert await count_rows(work) == before
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(1000)


async def test_a_repeated_key_is_answered_even_when_the_money_has_gone_since(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))
    first = await post(work, market, "out-1", pay_out(ANA, 1000))

    assert await post(work, market, "out-1", pay_out(ANA, 1000)) == first


@pytest.mark.parametrize(
    "changed",
    [
        {"entries": (earn(ANA, 1001),)},
        {"entries": (earn(LUZ, 1000),)},
        {"entries": (earn(ANA, 1000), earn(ANA, 1000))},
        {"kind": "OTHER"},
        {"subject_id": UUID(int=9)},
    ],
)
async def test_a_key_stands_for_one_reason_only(work: Work, changed: dict[str, object]) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))
    entries = changed.pop("entries", (earn(ANA, 1000),))
    assert isinstance(entries, tuple)
    before = (await count_rows(work))["posting"]

    with pytest.raises(JournalKeyReused):
        await post(work, market, "route-1", *entries, **changed)

    assert (await count_rows(work))["posting"] == before
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(1000)


async def test_a_wallet_never_goes_below_nothing(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))

    with pytest.raises(Overdrawn) as refusal:
        await post(work, market, "out-1", pay_out(ANA, 1001))

    assert (refusal.value.code, refusal.value.retryable) == ("NOT_ENOUGH_MONEY", False)
    assert (await count_rows(work))["journal"] == 1
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(1000)
    await post(work, market, "out-1", pay_out(ANA, 1000))
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(0)


async def test_a_journal_is_refused_as_a_whole(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))

    with pytest.raises(Overdrawn):
        await post(work, market, "mixed", earn(LUZ, 500), pay_out(ANA, 600), pay_out(ANA, 600))

    assert (await count_rows(work))["journal"] == 1
    assert await wallet_available(work, market_id=market.id, driver_id=LUZ, currency="CLP") == pesos(0)


async def test_entries_of_one_journal_are_taken_in_their_order(work: Work) -> None:
    market = await make_market(work)

    with pytest.raises(Overdrawn):
        await post(work, market, "out-then-in", pay_out(ANA, 500), earn(ANA, 500))

    await post(work, market, "in-then-out", earn(ANA, 500), pay_out(ANA, 500))
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(0)


async def test_accounts_without_a_floor_may_stand_on_either_side(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000), pay_out(ANA, 400))

    assert await balance_of(work, market_id=market.id, account=GATEWAY_AVAILABLE, currency="CLP") == pesos(-400)


async def test_an_account_is_one_row_for_each_market_and_currency(work: Work) -> None:
    here, there = await make_market(work), await make_market(work)
    dollars = Entry(debit=DRIVER_PAY, credit=driver_wallet(ANA), amount=Money(700, "USD"))

    await post(work, here, "a", earn(ANA, 100), dollars)
    await post(work, there, "b", earn(ANA, 50))

    assert (await count_rows(work))["account"] == 6
    assert await wallet_available(work, market_id=here.id, driver_id=ANA, currency="CLP") == pesos(100)
    assert await wallet_available(work, market_id=here.id, driver_id=ANA, currency="USD") == Money(700, "USD")
    assert await wallet_available(work, market_id=there.id, driver_id=ANA, currency="CLP") == pesos(50)


async def test_an_account_can_be_explained_as_lines_newest_first(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000), kind="DRIVER_PAY", policy_version=1)
    await post(work, market, "out-1", pay_out(ANA, 300))

    lines = await account_lines(work.connection, market_id=market.id, account=driver_wallet(ANA), currency="CLP")

    assert sorted((line["key"], line["amount_minor"], line["is_debit"]) for line in lines) == [
        ("out-1", 300, True),
        ("route-1", 1000, False),
    ]
    assert [line["posting_id"] for line in lines] == sorted((line["posting_id"] for line in lines), reverse=True)


def test_an_entry_moves_at_least_one_minor_unit_between_two_accounts() -> None:
    with pytest.raises(BadMoney):
        earn(ANA, 0)
    with pytest.raises(BadMoney):
        earn(ANA, -5)
    with pytest.raises(BadMoney):
        Entry(debit=DRIVER_PAY, credit=DRIVER_PAY, amount=pesos(1))


async def test_a_journal_has_at_least_one_entry(work: Work) -> None:
    market = await make_market(work)

    with pytest.raises(BadMoney):
        await post(work, market, "empty")


async def test_a_receivable_grows_by_what_is_earned(work: Work) -> None:
    market = await make_market(work)
    shipper = shipper_receivable(UUID(int=7))

    await post(work, market, "charge", Entry(debit=shipper, credit=DELIVERY_REVENUE, amount=pesos(4200)))

    assert await balance_of(work, market_id=market.id, account=shipper, currency="CLP") == pesos(4200)
    assert await balance_of(work, market_id=market.id, account=DELIVERY_REVENUE, currency="CLP") == pesos(4200)


@pytest.mark.parametrize("amount", [12.5, 12, "12", None])
def test_an_entry_takes_money_and_nothing_else(amount: Any) -> None:
    with pytest.raises(BadMoney):
        Entry(debit=DRIVER_PAY, credit=driver_wallet(ANA), amount=amount)


async def test_a_wallet_that_would_hold_more_than_a_number_carries_is_a_typed_refusal(work: Work) -> None:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, MAX_MINOR))
    before = await count_rows(work)

    with pytest.raises(BadMoney):
        await post(work, market, "route-2", earn(ANA, 1))

    assert await count_rows(work) == before
    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(MAX_MINOR)


async def test_what_ever_came_to_a_wallet_is_counted_up_to_the_last_number_and_refused_there(work: Work) -> None:
    market = await make_market(work)
    for number in range(32):
        await post(work, market, f"pass-{number}", *[earn(ANA, MAX_MINOR), pay_out(ANA, MAX_MINOR)] * 32)

    await post(work, market, "in-last", earn(ANA, 1023))
    with pytest.raises(BadMoney):
        await post(work, market, "in-too-much", earn(ANA, 1))

    with pytest.raises(BadMoney):
        await balance_of(work, market_id=market.id, account=DRIVER_PAY, currency="CLP")
    assert (await check_ledger(work, market_id=market.id)).is_sound


def test_only_wallets_and_prepaid_money_have_a_floor() -> None:
    accounts = [account for account in vars(chart).values() if isinstance(account, LedgerAccount)]
    personal = [
        chart.driver_wallet,
        chart.driver_debt,
        chart.driver_connected,
        chart.shipper_receivable,
        chart.shipper_prepaid,
    ]
    accounts += [account(ANA) for account in personal]

    assert len({account.name for account in accounts}) == len(accounts)
    assert {account.name for account in accounts if account.is_floored} == {
        f"driver:{ANA}:wallet",
        f"shipper:{ANA}:prepaid",
    }
