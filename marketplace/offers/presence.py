"""Drivers' presence while they are asked. Rows are locked in id order, after offers and waves."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core.work import Work

LOCK = "SELECT driver_id FROM presence WHERE driver_id = ANY($1) ORDER BY driver_id FOR UPDATE"
# A wave holds a route, so it does not wait for a driver who is answering (see `accept.py`) but passes by. That is asked
# last and only until there are enough, so that no more drivers than are wanted have to wait with an answer.
ASKABLE = """
WITH askable AS MATERIALIZED (
    SELECT p.driver_id FROM presence p
    WHERE p.driver_id = ANY($1) AND p.state IN ('AVAILABLE', 'OFFERED')
      AND NOT EXISTS (SELECT 1 FROM route r WHERE r.driver_id = p.driver_id AND r.state IN ('ASSIGNED', 'STARTED'))
      AND (SELECT count(*) FROM offer o WHERE o.driver_id = p.driver_id AND o.state IN ('SENT', 'VIEWED')) < $2
    ORDER BY array_position($1, p.driver_id)
)
SELECT driver_id FROM askable WHERE pg_try_advisory_xact_lock_shared(answers_of(driver_id)) LIMIT $3
"""
# A statement of its own after the lock, so that it sees what whoever held the lock before has committed.
SETTLE = """
UPDATE presence p SET state = 'AVAILABLE', changed_at = $2
WHERE p.driver_id = ANY($1) AND p.state = 'OFFERED'
  AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.driver_id = p.driver_id AND o.state IN ('SENT', 'VIEWED'))
"""
ENGAGE = """
UPDATE presence p SET state = CASE p.driver_id WHEN $1 THEN 'ENGAGED' ELSE 'AVAILABLE' END, changed_at = $3
WHERE p.driver_id = ANY($2) AND (p.driver_id = $1 OR p.state = 'OFFERED'
  AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.driver_id = p.driver_id AND o.state IN ('SENT', 'VIEWED')))
"""


async def lock_askable(work: Work, driver_ids: Sequence[UUID], *, open_offers: int, wanted: int) -> set[UUID]:
    """Of these drivers the first who can take one more offer, as many as are wanted.

    Holding their rows keeps two waves from overfilling them. One who is saying yes to another route is not among them,
    and one who says so next finds the new offer and takes it back.
    """
    await work.execute(LOCK, list(driver_ids))
    rows = await work.fetch(ASKABLE, list(driver_ids), open_offers, wanted)
    return {row["driver_id"] for row in rows}


async def settle_presence(work: Work, driver_ids: Sequence[UUID]) -> None:
    """Drivers whose last open offer has ended are simply available again."""
    if driver_ids:
        await work.execute(LOCK, list(driver_ids))
        await work.execute(SETTLE, list(driver_ids), work.now)


async def engage(work: Work, *, driver_id: UUID, also: Sequence[UUID]) -> None:
    """The driver has a route now; `also` are those who were asked in vain."""
    everybody = [driver_id, *also]
    if also:
        await work.execute(LOCK, everybody)
    await work.execute(ENGAGE, driver_id, everybody, work.now)
