"""Holds a market's ledger against what really moved at the provider, and names every difference with its amount.

The two are compared by subject: all that a charge, a refund or a payout has moved on our account at the gateway must
come to the same sum on both sides, and so must all that a payout has moved on its driver's own account there.
Nothing is corrected here. What is still on its way is no difference yet.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, GATEWAY_PENDING
from marketplace.payments.events import LedgerDiffers
from marketplace.payments.queries import (
    COMPARE,
    COUNT_MOVEMENTS,
    FOREIGN_MOVEMENTS,
    KEEP_RECONCILIATION,
    LAST_READING,
    LAST_RECONCILIATION,
    RECONCILIATIONS,
)
from marketplace.payments.read_movements import PLATFORM

FINDINGS_AT_MOST = 200
GRACE = timedelta(minutes=10)
"""What moved so recently, on either side, may not have reached the other yet."""
DAY = timedelta(days=1)
BOOKED_BY_HAND = "MOVEMENT_BOOKED"
"""The kind of journals that an operator made for a movement that is not of our doing."""


class Difference(StrEnum):
    """What can be wrong between the ledger and the provider."""

    FOREIGN_MOVEMENT = "FOREIGN_MOVEMENT"
    MISSING_MOVEMENT = "MISSING_MOVEMENT"
    MISSING_POSTING = "MISSING_POSTING"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One difference. Amounts are minor units of `currency`, positive where money came in; None where a side is silent.

    `subject` is the id of a charge, refund or payout, or of the provider's movement where it is nobody's.
    """

    code: Difference
    subject: str
    currency: str
    is_connected: bool
    ledger_minor: int | None
    provider_minor: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationReport:
    """What one comparison found; clean when nothing differs."""

    market_id: UUID
    read_until: datetime
    movement_count: int
    subject_count: int
    disagreements: tuple[Disagreement, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the ledger and the provider say the same."""
        return not self.disagreements


async def reconcile(work: Work, *, market_id: MarketId, grace: timedelta = GRACE) -> ReconciliationReport | None:
    """Compares what has been read so far and keeps the report; None where nothing was read yet.

    What moved within `grace` is left out: only who knows that all is at rest may do without.
    """
    reading = await work.fetch_row(LAST_READING, PLATFORM)
    if reading is None:
        return None
    rows = await work.fetch(
        COMPARE,
        market_id,
        GATEWAY_AVAILABLE.name,
        GATEWAY_PENDING.name,
        reading["began_in_market_at"] - grace,
        work.machine_now - grace,
        BOOKED_BY_HAND,
        FINDINGS_AT_MOST,
    )
    foreign = await work.fetch(FOREIGN_MOVEMENTS, market_id, work.machine_now - grace, FINDINGS_AT_MOST)
    counts = await work.fetch_row(COUNT_MOVEMENTS, market_id)
    assert counts is not None, "counts always answer"
    report = ReconciliationReport(
        market_id=market_id,
        read_until=reading["read_until"],
        movement_count=counts["movements"],
        subject_count=counts["subjects"],
        disagreements=tuple([_differing(row) for row in rows] + [_foreign(row) for row in foreign]),
    )
    await _keep(work, report)
    return report


async def reconciliation_is_due(work: Work, *, market_id: MarketId) -> bool:
    """Whether a market's ledger has not been held against the provider for a day of market time."""
    last_at: datetime | None = await work.fetch_value(LAST_RECONCILIATION, market_id)
    return last_at is None or last_at <= work.now - DAY


async def page_reconciliations(
    connection: asyncpg.Connection, *, market_id: MarketId, before: UUID, limit: int
) -> list[asyncpg.Record]:
    """The reports of a market, latest first, older than `before`."""
    rows: list[asyncpg.Record] = await connection.fetch(RECONCILIATIONS, market_id, before, min(limit, 101))
    return rows


async def _keep(work: Work, report: ReconciliationReport) -> None:
    report_id = work.new_id()
    findings = orjson.dumps([asdict(one) for one in report.disagreements]).decode()
    counts = (report.movement_count, report.subject_count)
    await work.execute(
        KEEP_RECONCILIATION,
        report_id,
        report.market_id,
        report.read_until,
        *counts,
        findings,
        report.is_clean,
        work.now,
    )
    if not report.is_clean:
        work.emit(
            LedgerDiffers(
                market_id=report.market_id, reconciliation_id=report_id, finding_count=len(report.disagreements)
            )
        )


def _differing(row: asyncpg.Record) -> Disagreement:
    ledger, provider = row["ledger_minor"], row["provider_minor"]
    if provider is None:
        code, detail = Difference.MISSING_MOVEMENT, f"the ledger moved {ledger}, the provider has no movement"
    elif ledger is None:
        code, detail = Difference.MISSING_POSTING, f"the provider moved {provider}, the ledger has no posting"
    else:
        code, detail = Difference.AMOUNT_DIFFERS, f"the ledger moved {ledger}, the provider {provider}"
    return Disagreement(
        code=code,
        subject=str(row["subject_id"]),
        currency=row["currency"],
        is_connected=row["is_connected"],
        ledger_minor=ledger,
        provider_minor=provider,
        detail=detail,
    )


def _foreign(row: asyncpg.Record) -> Disagreement:
    return Disagreement(
        code=Difference.FOREIGN_MOVEMENT,
        subject=row["id"],
        currency=row["currency"],
        is_connected=row["is_connected"],
        ledger_minor=None,
        provider_minor=row["net_minor"],
        detail=f"a {row['type']} of {row['net_minor']} that is not of our doing",
    )


def as_findings(text: str) -> Sequence[dict[str, object]]:
    """The kept findings of a report, as they were written."""
    findings: list[dict[str, object]] = orjson.loads(text)
    return findings
