"""Pictures of papers are erased when nothing needs them any more: nobody keeps a copy of a licence that was replaced.

That is some days after a later paper of the kind was accepted, after one was refused, taken back or ran out, and after
the driver's account was closed. What was decided about the paper, by whom and why, stays.
"""

from datetime import timedelta

from marketplace.core.errand import run_errand
from marketplace.core.work import Works
from marketplace.routes.object_store import ObjectStore
from marketplace.routes.sweep_objects import SWEPT_AT_ONCE, SweepObjects

KEPT_FOR = timedelta(days=30)
"""For whoever appeals against what was decided."""

# What makes a paper old never changes back, so nothing has to be claimed: two sweeps at once remove the same object.
OLD = """
SELECT d.id, d.object_key FROM driver_document d
WHERE d.object_key IS NOT NULL AND (
    d.state IN ('REFUSED', 'REVOKED') AND d.checked_at <= $1
    OR d.expires_at <= $1
    OR EXISTS (SELECT FROM driver_document n WHERE n.driver_id = d.driver_id AND n.kind = d.kind
                 AND n.state = 'ACCEPTED' AND n.created_at > d.created_at AND n.checked_at <= $1)
    OR EXISTS (SELECT FROM driver v JOIN suspension s ON s.id = v.suspension_id
               WHERE v.id = d.driver_id AND v.account_state = 'DEACTIVATED' AND s.ended_at <= $1))
ORDER BY d.id LIMIT $2
"""
FORGET_KEYS = "UPDATE driver_document SET object_key = NULL WHERE id = ANY($1)"


async def sweep_papers(works: Works, *, store: ObjectStore, limit: int = SWEPT_AT_ONCE) -> int:
    """Erases pictures of papers that nothing needs any more, up to `limit`, and returns how many."""
    errand = SweepObjects(store=store, old=OLD, forget=FORGET_KEYS, kept_for=KEPT_FOR, limit=limit)
    return await run_errand(works, errand) or 0
