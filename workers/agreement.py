"""What the command line and the demo ask: do the ledger and the payment provider say the same, to the cent?"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.app import open_provider, open_servers
from marketplace.core.clock import DatabaseClock, pace
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.ids import MarketId, OperatorId, to_wire
from marketplace.core.migrate import check_version
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.markets import market_ids
from marketplace.payments import (
    GRACE,
    BookedAs,
    Difference,
    OutcomeUnknown,
    PaymentProvider,
    ProviderBusy,
    ReconciliationReport,
    book_movement,
    page_reconciliations,
    read_all_movements,
    reconcile,
)
from workers.books import find_market

PATIENCE_S = 600
LAST_RUNS = 5
ROUNDS_AT_MOST = 100
LATEST = UUID(int=2**128 - 1)
WORDS: Mapping[str, str] = {
    Difference.FOREIGN_MOVEMENT: "not of our doing",
    Difference.MISSING_MOVEMENT: "only in the ledger",
    Difference.MISSING_POSTING: "only at the provider",
    Difference.AMOUNT_DIFFERS: "amounts differ",
}
Told = Mapping[str, Any]


async def reconcile_markets(settings: Settings, market: str | None, *, at_rest: bool) -> dict[str, Any]:
    """Reads what moved at the provider and compares one market with it, or each; `is_clean` where nothing differs."""
    told = []
    async with _open(settings) as (works, provider):
        async with works.open() as work:
            wanted = await market_ids(work) if market is None else [await find_market(work, market)]
        for market_id in map(MarketId, wanted):
            try:
                report = await compare_now(works, provider, market_id, at_rest=at_rest)
            except (ProviderBusy, OutcomeUnknown) as failure:
                raise CannotStart(f"the payment provider was not read to the end: {failure.message}") from failure
            told.append(_told(report) | {"last_runs": await _last_runs(works, market_id)})
    return {"is_clean": all(each["is_clean"] for each in told), "markets": told}


async def compare_now(
    works: Works, provider: PaymentProvider, market_id: MarketId, *, at_rest: bool
) -> ReconciliationReport:
    """Reads to the end and compares; at rest, nothing is too fresh to count."""
    await read_all_movements(works, provider=provider, market_id=market_id)
    async with works.open() as work:
        report = await reconcile(work, market_id=market_id, grace=timedelta(0) if at_rest else GRACE)
    assert report is not None, "our own account has just been read"
    return report


async def book_what_lay_there(
    works: Works, provider: PaymentProvider, market_id: MarketId, *, operator_id: OperatorId
) -> int:
    """Books whatever stood on our own account before a market's first day as the owner's money; counts movements."""
    booked = 0
    for _ in range(ROUNDS_AT_MOST):
        report = await compare_now(works, provider, market_id, at_rest=True)
        foreign = [
            each.subject
            for each in report.disagreements
            if each.code is Difference.FOREIGN_MOVEMENT and not each.is_connected
        ]
        for movement_id in foreign:
            async with works.open() as work:
                await book_movement(
                    work,
                    market_id=market_id,
                    movement_id=movement_id,
                    booked_as=BookedAs.OWNER_FUNDS,
                    operator_id=operator_id,
                )
        booked += len(foreign)
        if not foreign:
            break
    return booked


def agreement_lines(told: Told) -> Iterator[str]:
    """A comparison as text for a terminal: the findings with their amounts, then how it went the last times."""
    for market in told["markets"]:
        yield (
            f"{market['market_id']}: {market['movement_count']:,} movements of {market['subject_count']:,} charges,"
            f" refunds and payouts, read until {market['read_until']:%Y-%m-%d %H:%M:%S} UTC"
        )
        if market["findings"]:
            yield f"  {'what':20} {'ledger':>14} {'provider':>14}     {'whose account':13}  about"
        for finding in market["findings"]:
            sides = f"{_amount(finding['ledger_minor'])} {_amount(finding['provider_minor'])} {finding['currency']}"
            whose = "a driver" if finding["is_connected"] else "our own"
            yield f"  {WORDS[finding['code']]:20} {sides} {whose:13}  {finding['subject']}"
        yield "  the last comparisons:"
        for run in market["last_runs"]:
            outcome = "clean" if run["is_clean"] else f"{run['findings']} differ"
            yield f"  {run['created_at']:%Y-%m-%d %H:%M:%S}  {run['movements']:>9,} movements  {outcome}"
    yield "Ledger and provider agree." if told["is_clean"] else "Ledger and provider do NOT agree."


def _amount(minor: int | None) -> str:
    return f"{'nothing':>14}" if minor is None else f"{minor:>+14,}"


def _told(report: ReconciliationReport) -> dict[str, Any]:
    return {
        "market_id": to_wire("market", report.market_id),
        "is_clean": report.is_clean,
        "read_until": report.read_until,
        "movement_count": report.movement_count,
        "subject_count": report.subject_count,
        "findings": [asdict(each) for each in report.disagreements],
    }


async def _last_runs(works: Works, market_id: MarketId) -> list[dict[str, Any]]:
    async with works.read() as connection:
        rows = await page_reconciliations(connection, market_id=market_id, before=LATEST, limit=LAST_RUNS)
    return [
        {
            "id": to_wire("reconciliation", row["id"]),
            "created_at": row["created_at"],
            "movements": row["movement_count"],
            "findings": row["finding_count"],
            "is_clean": row["is_clean"],
        }
        for row in rows
    ]


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[Works, PaymentProvider]]:
    """The database, and the provider of the settings; the whole marketplace is not needed to compare."""
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1, patience_s=PATIENCE_S) as database,
    ):
        works = Works(database, DatabaseClock())
        async with works.read() as connection:
            await check_version(connection)
            factor = await pace(connection)
        provider = open_provider(settings, factor=factor)
        try:
            yield works, provider
        finally:
            await provider.aclose()
