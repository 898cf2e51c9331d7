"""History cannot be edited through any door, and the database itself keeps floors, currencies and markets apart."""

from uuid import UUID

import asyncpg
import pytest

from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, AccountKind, Entry, LedgerAccount, check_ledger, wallet_available
from marketplace.markets.models import Market
from tests.builders import make_market
from tests.marketplace.ledger.world import count_rows, earn, pesos, post, refused_by_database

ANA = UUID(int=1)
INSERT = """
INSERT INTO posting (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state, created_at)
VALUES ($1, $2, (SELECT id FROM journal LIMIT 1), (SELECT id FROM account WHERE code = $3),
        (SELECT id FROM account WHERE code = $4), $5, $6, 'POSTED', now())
"""


async def make_history(work: Work) -> Market:
    market = await make_market(work)
    await post(work, market, "route-1", earn(ANA, 1000))
    return market


def wallet(market: Market) -> str:
    return f"{market.id}:CLP:driver:{ANA}:wallet"


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE posting SET amount_minor = 1",
        "UPDATE posting SET state = 'VOID_PENDING'",
        "DELETE FROM posting",
        "TRUNCATE posting CASCADE",
        "UPDATE journal SET key = 'another'",
        "DELETE FROM journal",
        "TRUNCATE journal CASCADE",
        "TRUNCATE account CASCADE",
        "TRUNCATE market CASCADE",
        "DELETE FROM account",
        "UPDATE account SET credits_posted = credits_posted + 1",
        "UPDATE account SET is_floored = false, credits_posted = 0",
        "UPDATE account SET kind = 'ASSET'",
        "UPDATE account SET code = 'another'",
    ],
)
async def test_history_stays(work: Work, edit: str) -> None:
    await make_history(work)
    before = await count_rows(work)

    async with refused_by_database(work, asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError):
        await work.execute(edit)

    assert await count_rows(work) == before
    assert await work.fetch_value("SELECT sum(amount_minor) FROM posting") == 1000


async def test_the_database_refuses_to_overdraw_a_wallet(work: Work) -> None:
    market = await make_history(work)
    values = (UUID(int=5), market.id, wallet(market), f"{market.id}:CLP:driver_pay", 1001, "CLP")

    async with refused_by_database(work, asyncpg.CheckViolationError, match="account_floor"):
        await work.execute(INSERT, *values)


async def test_the_database_refuses_to_hold_money_where_no_floor_protects_it(work: Work) -> None:
    market = await make_history(work)
    values = (UUID(int=5), market.id, f"{market.id}:CLP:driver_pay", wallet(market), 10, "CLP")

    async with refused_by_database(work, asyncpg.CheckViolationError, match="an account that has a floor"):
        await work.execute(INSERT.replace("'POSTED'", "'PENDING'"), *values)


@pytest.mark.parametrize(
    "account",
    [
        LedgerAccount(f"driver:{ANA}:wallet", AccountKind.LIABILITY),
        LedgerAccount(f"shipper:{ANA}:prepaid", AccountKind.LIABILITY),
        LedgerAccount("gateway:available", AccountKind.ASSET, is_floored=True),
        LedgerAccount(f"driver:{ANA}:debt", AccountKind.LIABILITY, is_floored=True),
    ],
    ids=lambda account: account.name.rpartition(":")[2],
)
async def test_the_database_wants_a_floor_on_wallets_and_prepaid_money_and_nowhere_else(
    work: Work, account: LedgerAccount
) -> None:
    market = await make_market(work)

    async with refused_by_database(work, asyncpg.CheckViolationError, match="account_floored"):
        await post(work, market, "odd", Entry(debit=DELIVERY_REVENUE, credit=account, amount=pesos(1)))


async def test_the_database_refuses_to_cross_currencies(work: Work) -> None:
    market = await make_history(work)
    values = (UUID(int=5), market.id, f"{market.id}:CLP:driver_pay", wallet(market), 10, "USD")

    async with refused_by_database(work, asyncpg.ForeignKeyViolationError, match="posting_.*_within"):
        await work.execute(INSERT, *values)


async def test_the_database_refuses_to_cross_markets(work: Work) -> None:
    market = await make_history(work)
    other = await make_market(work)
    await post(work, other, "route-2", earn(ANA, 10))
    values = (UUID(int=5), market.id, f"{other.id}:CLP:driver_pay", wallet(market), 10, "CLP")

    async with refused_by_database(work, asyncpg.ForeignKeyViolationError, match="posting_.*_within"):
        await work.execute(INSERT, *values)


@pytest.mark.parametrize("amount_minor", [0, -10])
async def test_the_database_refuses_to_move_nothing_or_less(work: Work, amount_minor: int) -> None:
    market = await make_history(work)
    values = (UUID(int=5), market.id, f"{market.id}:CLP:driver_pay", wallet(market), amount_minor, "CLP")

    async with refused_by_database(work, asyncpg.CheckViolationError, match="posting_amount"):
        await work.execute(INSERT, *values)


async def test_a_posting_that_is_left_out_as_a_duplicate_moves_no_balance(work: Work) -> None:
    market = await make_history(work)
    values = (UUID(int=5), market.id, f"{market.id}:CLP:driver_pay", wallet(market), 10, "CLP")
    await work.execute(INSERT + "ON CONFLICT DO NOTHING", *values)

    await work.execute(INSERT + "ON CONFLICT DO NOTHING", *values)

    assert await wallet_available(work, market_id=market.id, driver_id=ANA, currency="CLP") == pesos(1010)
    assert (await check_ledger(work, market_id=market.id)).findings == ()
