"""What ledger tests begin with: a market, and money on a driver's wallet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import DRIVER_PAY, GATEWAY_AVAILABLE, Entry, LedgerAccount, driver_wallet, post_journal
from marketplace.markets.models import Market


def pesos(minor: int) -> Money:
    """An amount in the currency of the test market."""
    return Money(minor, "CLP")


def earn(driver_id: UUID, minor: int) -> Entry:
    """A driver's pay."""
    return Entry(debit=DRIVER_PAY, credit=driver_wallet(driver_id), amount=pesos(minor))


def pay_out(driver_id: UUID, minor: int, to: LedgerAccount = GATEWAY_AVAILABLE) -> Entry:
    """Money that leaves a driver's wallet."""
    return Entry(debit=driver_wallet(driver_id), credit=to, amount=pesos(minor))


async def post(work: Work, market: Market, key: str, *entries: Entry, **changes: Any) -> UUID:
    """Posts entries under a key; kind and subject are the same in all tests."""
    values: dict[str, Any] = {"kind": "TEST", "subject_id": market.id}
    return await post_journal(work, market_id=market.id, key=key, entries=entries, **values | changes)


async def count_rows(work: Work) -> dict[str, int]:
    """How many accounts, journals and postings there are, to see that a refusal changed nothing."""
    return {
        table: await work.fetch_value(f"SELECT count(*) FROM {table}") for table in ("account", "journal", "posting")
    }


@asynccontextmanager
async def refused_by_database(
    work: Work, *errors: type[asyncpg.PostgresError], match: str | None = None
) -> AsyncIterator[None]:
    """Expects the database to refuse what the block does, and undoes it so that the Work lives on."""
    with pytest.raises(errors, match=match):
        async with work.connection.transaction():
            yield
