"""A driver has looked at an offer."""

from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work

# Waits for a yes of the same driver, which takes this offer back: see `accept.py`.
VIEW = """
WITH alone AS MATERIALIZED (SELECT 1 FROM pg_advisory_xact_lock(answers_of($2)))
UPDATE offer SET state = 'VIEWED', viewed_at = $3 FROM alone
WHERE id = $1 AND driver_id = $2 AND state = 'SENT' AND expires_at > $3
"""
OWN = "SELECT 1 FROM offer WHERE id = $1 AND driver_id = $2"


async def view_offer(work: Work, *, offer_id: UUID, driver_id: UUID) -> None:
    """Notes the first look at an open offer; an ended one is left as it is."""
    if not await work.execute(VIEW, offer_id, driver_id, work.now) and not await work.fetch_value(
        OWN, offer_id, driver_id
    ):
        raise NotFound("there is no such offer", field="offerId")
