"""What was decided is in force from its time on, by the clock; here the account says so and its driver is told."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.standing.events import SuspensionBegan

BEGUN_AT_MOST = 200

# The search for drivers and the acceptance ask the time itself; nobody drives longer because this runs late.
DUE = """
UPDATE driver SET account_state = 'SUSPENDED' WHERE id IN (
    SELECT d.id FROM driver d JOIN suspension s ON s.id = d.suspension_id
    WHERE d.account_state = 'SUSPENSION_PROPOSED' AND d.suspended_from <= $1 ORDER BY d.id LIMIT $2
    FOR UPDATE OF d SKIP LOCKED)
RETURNING id, market_id, suspension_id
"""


async def begin_suspensions(work: Work) -> int:
    """Marks those suspended whose notice is over; returns how many."""
    rows = await work.fetch(DUE, work.now, BEGUN_AT_MOST)
    for row in rows:
        about: dict[str, UUID] = {"driver_id": row["id"], "suspension_id": row["suspension_id"]}
        work.emit(SuspensionBegan(market_id=row["market_id"], **about))
    return len(rows)
