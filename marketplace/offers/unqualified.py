"""Takes back open offers from drivers who may not drive them any more: a paper ended, a certificate was taken back.

Nobody could accept such an offer; to take it back lets the next driver be asked at once, and tells this one why.
"""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.offers.exhaust import exhaust_waves
from marketplace.offers.presence import settle_presence
from marketplace.offers.states import WithdrawReason
from marketplace.offers.withdraw import tell_withdrawn

OFFERS_AT_ONCE = 200

# Only what a driver lacks for: an offer that asks for no certificate stays when one ends. An offer whose route somebody
# else is deciding at this moment is skipped, as everywhere: whoever decides it ends it, or the next sweep does.
TAKE_BACK = """
UPDATE offer SET state = 'WITHDRAWN', ended_at = $1, end_reason = $2
WHERE id IN (
    SELECT o.id FROM offer o JOIN driver d ON d.id = o.driver_id
    WHERE o.state IN ('SENT', 'VIEWED') AND o.expires_at > $1 AND ($3::uuid IS NULL OR o.driver_id = $3)
      AND NOT (may_be_asked(d, $1) AND skills_at(d.skills, d.skills_until, $1) @> coalesce(o.skills, '{}'))
    ORDER BY o.id LIMIT $4 FOR UPDATE OF o SKIP LOCKED)
RETURNING id, market_id, route_id, driver_id, wave_id
"""


async def take_back_unqualified(work: Work, *, driver_id: UUID | None = None, limit: int = OFFERS_AT_ONCE) -> int:
    """Ends the open offers, of one driver or of all, that their driver may not drive any more; returns how many."""
    rows = await work.fetch_sorted(TAKE_BACK, work.now, WithdrawReason.UNQUALIFIED.value, driver_id, limit)
    tell_withdrawn(work, rows, WithdrawReason.UNQUALIFIED)
    await exhaust_waves(work, [row["wave_id"] for row in rows])
    await settle_presence(work, sorted({row["driver_id"] for row in rows}))
    return len(rows)
