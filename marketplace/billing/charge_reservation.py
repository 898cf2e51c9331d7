"""Settles the days of a reservation that are over: places that stayed unused are charged, each day once."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg

from marketplace.billing.collect import collect_lines
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.profile import lock_profile
from marketplace.billing.states import Collects, LineKind, Terms
from marketplace.core.money import Money
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.ledger import JournalId
from marketplace.reservations import Reserved, used_on

DAYS_AT_ONCE = 31

LOCK = """
SELECT r.id, r.market_id, r.shipper_id, r.settled_through, m.currency, coalesce(h.time_zone, m.time_zone) AS time_zone
FROM capacity_reservation r JOIN market m ON m.id = r.market_id LEFT JOIN hub h ON h.id = r.hub_id
WHERE r.id = $1 AND NOT r.is_over FOR UPDATE OF r
"""
FEE_ON = """
SELECT fee_minor FROM reservation_terms WHERE reservation_id = $1 AND first_day <= $2
ORDER BY first_day DESC, version DESC LIMIT 1
"""
INSERT = """
INSERT INTO reservation_day (id, market_id, shipper_id, reservation_id, day, places, used, amount_minor, currency,
    journal_id, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
# Over is what no version that has begun or is to begin gives places any more.
MOVE_ON = """
UPDATE capacity_reservation r SET settled_through = $2, is_over = NOT EXISTS (
    SELECT FROM reservation_terms t WHERE t.reservation_id = r.id AND t.places > 0
      AND coalesce(t.last_day, 'infinity') > $2
      AND NOT EXISTS (SELECT FROM reservation_terms n WHERE n.reservation_id = r.id AND n.first_day <= $2 + 1
          AND (n.first_day, n.version) > (t.first_day, t.version)))
WHERE id = $1
"""


async def charge_reservation(work: Work, *, reservation_id: UUID) -> int:
    """Settles all days that are over and not settled, and collects what they cost; returns how many there were."""
    # Closes the race of two jobs: the second finds the days settled. The unique index on them is the referee.
    row = await work.fetch_row(LOCK, reservation_id)
    if row is None:
        return 0
    yesterday = work.now.astimezone(zone(row["time_zone"])).date() - timedelta(days=1)
    first = row["settled_through"] + timedelta(days=1)
    days = [first + timedelta(days=more) for more in range(min(DAYS_AT_ONCE, (yesterday - first).days + 1))]
    if not days:
        return 0
    is_charged = False
    for day in days:
        is_charged = await _settle(work, row, day) or is_charged
    await work.execute(MOVE_ON, reservation_id, days[-1])
    if is_charged:
        await _collect(work, row)
    return len(days)


async def _settle(work: Work, row: asyncpg.Record, day: date) -> bool:
    """Writes what became of a day, and its fee on the bill; False where nothing is owed."""
    every = await used_on(work, market_id=row["market_id"], shipper_id=row["shipper_id"], day=day)
    one = next((kept for kept in every if kept.reservation_id == row["id"]), None)
    if one is None:
        return False
    fee_minor: int = await work.fetch_value(FEE_ON, row["id"], day)
    amount = Money(one.unused * fee_minor, row["currency"])
    journal_id = await _bill(work, row, one, amount) if amount.minor else None
    about = (row["market_id"], row["shipper_id"], row["id"], day)
    result = (one.places, one.used, amount.minor, amount.currency, journal_id, work.now)
    await work.execute(INSERT, work.new_id(), *about, *result)
    return journal_id is not None


async def _bill(work: Work, row: asyncpg.Record, one: Reserved, amount: Money) -> JournalId:
    line = NewLine(
        key=f"reservation:{row['id']}:{one.day.isoformat()}",
        kind=LineKind.RESERVATION,
        market_id=row["market_id"],
        shipper_id=row["shipper_id"],
        amount=amount,
        subject_id=row["id"],
        reason=f"{one.unused} of {one.places} reserved places not used on {one.day.isoformat()}",
    )
    return await write_line(work, line)


async def _collect(work: Work, row: asyncpg.Record) -> None:
    """Takes what is owed now where the shipper pays before the end of its day or month."""
    profile = await lock_profile(work, shipper_id=row["shipper_id"], market_id=row["market_id"])
    if profile is None or profile.terms is Terms.INVOICE:
        return
    is_moment_of_card = profile.collects is Collects.BATCH
    if profile.terms is Terms.PREPAID or is_moment_of_card:
        await collect_lines(work, profile, tries_card=is_moment_of_card)
