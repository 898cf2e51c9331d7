"""What the command line asks of the ledger: whether it is sound, and what an account is made of."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

from marketplace.app import open_servers
from marketplace.billing import PROOFS_OF_BILLS
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.migrate import check_version
from marketplace.core.settings import Settings
from marketplace.core.work import Work, Works
from marketplace.ledger import LedgerReport, check_ledger, explain_account
from marketplace.markets import market_by_slug, market_ids
from marketplace.payouts import PROOFS_OF_PAY

PROOFS = {**PROOFS_OF_BILLS, **PROOFS_OF_PAY}
PATIENCE_S = 3600
"""Longest that one question about a whole ledger may take."""
Told = Mapping[str, Any]


async def check_books(settings: Settings, market: str | None, *, at_rest: bool) -> dict[str, Any]:
    """Checks the ledger of one market, or of all of them; `is_sound` only where every rule holds everywhere."""
    reports = []
    async with _open_works(settings) as works:
        async with works.open() as work:
            wanted = await market_ids(work) if market is None else [await find_market(work, market)]
        for market_id in wanted:
            async with works.open() as work:
                reports.append(await check_ledger(work, market_id=market_id, at_rest=at_rest, further=PROOFS))
    return {"is_sound": all(report.is_sound for report in reports), "markets": [_report(each) for each in reports]}


async def explain_book(
    settings: Settings, account: str, *, market: str | None, currency: str | None, first: int
) -> dict[str, Any]:
    """Explains one account as lines."""
    async with _open_works(settings) as works, works.open() as work:
        market_id = None if market is None else await find_market(work, market)
        told = await explain_account(work, name=account, market_id=market_id, currency=currency, first=first)
    return asdict(told) | {"market_id": to_wire("market", told.market_id)}


def check_lines(told: Told) -> Iterator[str]:
    """A check as text for a terminal."""
    for report in told["markets"]:
        sums = ", ".join(f"{sum_minor} {currency}" for currency, sum_minor in report["sums_minor"].items()) or "nothing"
        yield (
            f"{report['market_id']}: {report['journals']:,} journals, {report['postings']:,} postings,"
            f" {report['open_holds']:,} open holds; all postings together: {sums}"
        )
        for finding in report["findings"]:
            yield f"  {finding['code']:20} {finding['detail']} ({finding['subject_id']})"
    yield "The ledger is sound." if told["is_sound"] else "The ledger is NOT sound."


def account_lines(told: Told) -> Iterator[str]:
    """An explained account as text for a terminal."""
    yield f"{told['account']} of {told['market_id']}, {told['kind'].lower()}, minor units of {told['currency']}"
    if told["opening_minor"] or not told["lines"]:
        yield f"{'':16}  {'before':60} {'':>12} {told['opening_minor']:>14,}"
    for line in told["lines"]:
        what = f"{line['kind']} {line['subject']} {line['other']}"
        held = f"  held {line['held_minor']:+,}" if line["held_minor"] else ""
        moved = f"{line['amount_minor']:+,}" if line["amount_minor"] else ""
        yield f"{line['at']:%Y-%m-%d %H:%M}  {what:60} {moved:>12} {line['balance_minor']:>14,}{held}"
    held = f", {told['on_hold_minor']:,} of it on hold" if told["on_hold_minor"] else ""
    yield f"It stands at {told['balance_minor']:,} {told['currency']}{held}."


@asynccontextmanager
async def _open_works(settings: Settings) -> AsyncIterator[Works]:
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1, patience_s=PATIENCE_S) as database,
    ):
        works = Works(database, DatabaseClock())
        async with works.read() as connection:
            await check_version(connection)
        yield works


async def find_market(work: Work, market: str) -> UUID:
    """The market of a short name, or of an id mkt_…; refused in a sentence where there is none."""
    found = from_wire("market", market) if market.startswith("mkt_") else await market_by_slug(work, slug=market)
    if found is None:
        raise CannotStart(f"there is no market {market}")
    return found


def _report(report: LedgerReport) -> dict[str, Any]:
    findings = [asdict(finding) | {"subject_id": str(finding.subject_id)} for finding in report.findings]
    return {
        "market_id": to_wire("market", report.market_id),
        "is_sound": report.is_sound,
        "sums_minor": report.sums_minor,
        "journals": report.journals,
        "postings": report.postings,
        "open_holds": report.open_holds,
        "findings": findings,
    }
