"""What drivers were paid in a year, quarter by quarter, for whoever reports it to the tax office.

What has to be reported, and from which amount on, is the law of the year and the place: all drivers are here, and no
threshold is.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from marketplace.core.errors import Invalid
from marketplace.core.ids import to_wire

FIRST_YEAR, LAST_YEAR = 2000, 2200
ROWS_AT_MOST = 100_000
COLUMNS = ("driver", "name", "quarter", "currency", "gross_minor", "tips_minor", "fees_minor", "paid_minor", "count")
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for a formula, at the beginning of a cell."""

# Gross is what came onto the wallet for work, without tips; what came back from payouts was counted before. Quarters
# are those of the market's own calendar.
YEAR = """
WITH wallet AS (
    SELECT account.id, account.currency, driver.id AS driver_id, driver.name
    FROM driver JOIN account ON account.code = driver.market_id || ':' || $5 || ':driver:' || driver.id || ':wallet'
    WHERE driver.market_id = $1 AND account.market_id = $1 AND ($6::uuid IS NULL OR driver.id >= $6)
), moved AS (
    SELECT wallet.driver_id, journal.effective_at AS moment, journal.kind, posting.amount_minor, other.code,
           posting.credit_id = wallet.id AS is_earned
    FROM wallet JOIN posting ON wallet.id IN (posting.credit_id, posting.debit_id)
    JOIN journal ON journal.id = posting.journal_id
    JOIN account AS other ON other.id IN (posting.credit_id, posting.debit_id) AND other.id <> wallet.id
    WHERE journal.effective_at >= $2 AND journal.effective_at < $3 AND posting.state IN ('POSTED', 'POST_PENDING')
), counted AS (
    SELECT driver_id, extract(quarter FROM moment AT TIME ZONE $4)::int AS quarter,
           CASE WHEN is_earned AND kind NOT LIKE 'PAYOUT%' AND NOT is_tip THEN amount_minor ELSE 0 END AS gross,
           CASE WHEN is_earned AND is_tip THEN amount_minor ELSE 0 END AS tips,
           CASE WHEN code LIKE '%:instant_fee_revenue' THEN CASE WHEN is_earned THEN -amount_minor ELSE amount_minor END
                ELSE 0 END AS fees, 0 AS paid,
           CASE WHEN is_earned AND kind = 'DRIVER_PAY' AND code NOT LIKE '%:peak_bonus' THEN 1 ELSE 0 END AS activities
    FROM moved CROSS JOIN LATERAL (SELECT code LIKE '%:clearing:tips' OR kind LIKE 'TIP%' AS is_tip) AS tipped
  UNION ALL
    SELECT payout.driver_id, extract(quarter FROM settled_at AT TIME ZONE $4)::int, 0, 0, 0,
           payout.amount_minor - payout.reversed_minor, 0
    FROM payout JOIN wallet ON wallet.driver_id = payout.driver_id
    WHERE payout.market_id = $1 AND payout.state = 'PAID' AND settled_at >= $2 AND settled_at < $3
)
SELECT wallet.driver_id, wallet.name, counted.quarter, wallet.currency, sum(gross)::bigint AS gross_minor,
       sum(tips)::bigint AS tips_minor, sum(fees)::bigint AS fees_minor, sum(paid)::bigint AS paid_minor,
       sum(activities)::bigint AS count
FROM counted JOIN wallet ON wallet.driver_id = counted.driver_id
WHERE $6::uuid IS NULL OR (wallet.driver_id, counted.quarter) > ($6, $7::int)
GROUP BY wallet.driver_id, wallet.name, counted.quarter, wallet.currency
HAVING sum(gross) <> 0 OR sum(tips) <> 0 OR sum(fees) <> 0 OR sum(paid) <> 0
ORDER BY wallet.driver_id, counted.quarter LIMIT $8
"""
MARKET = "SELECT time_zone, currency FROM market WHERE id = $1"


class BadYear(Invalid):
    """A year that cannot be."""

    code = "BAD_YEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfPay:
    """What one driver was paid in one quarter. `count` is how many routes; `paid_minor` is what reached the bank."""

    driver_id: UUID
    name: str
    quarter: int
    currency: str
    gross_minor: int
    tips_minor: int
    fees_minor: int
    paid_minor: int
    count: int


async def pay_of_year(
    connection: asyncpg.Connection,
    *,
    market_id: UUID,
    year: int,
    after: tuple[UUID, int] | None = None,
    limit: int = ROWS_AT_MOST,
) -> list[YearOfPay]:
    """The quarters of a market's drivers in its own calendar, by driver and quarter, from after one of them on."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadYear(f"a year is {FIRST_YEAR} to {LAST_YEAR}", field="year")
    market = await connection.fetchrow(MARKET, market_id)
    if market is None:
        return []
    here = ZoneInfo(market["time_zone"])
    begin, end = datetime(year, 1, 1, tzinfo=here), datetime(year + 1, 1, 1, tzinfo=here)
    rows = await connection.fetch(
        YEAR, market_id, begin, end, market["time_zone"], market["currency"], *(after or (None, 0)), limit
    )
    return [YearOfPay(**dict(row)) for row in rows]


def as_csv(rows: Iterable[YearOfPay]) -> str:
    """The rows as a table for spreadsheets; no cell of it is taken for a formula."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        numbers = (row.gross_minor, row.tips_minor, row.fees_minor, row.paid_minor, row.count)
        table.writerow((to_wire("driver", row.driver_id), safe_cell(row.name), row.quarter, row.currency, *numbers))
    return text.getvalue()


def safe_cell(cell: str) -> str:
    """A cell that begins like a formula is written as the text that it is."""
    return f"'{cell}" if cell.startswith(RISKY) else cell
