"""Pictures that no hand-over named are removed, a day after they were announced: nobody may look at them.

So are those that were given up with their recipient, at once.
"""

from datetime import timedelta

from marketplace.core.errand import run_errand
from marketplace.core.work import Works
from marketplace.routes.object_store import ObjectStore
from marketplace.routes.sweep_objects import SWEPT_AT_ONCE, SweepObjects

UNNAMED_FOR = timedelta(hours=24)
# What this commits closes the race with a hand-over: whoever names a proof holds its row, so it is passed by here; and
# once a proof is SWEPT no hand-over can name it. One whose object could not be removed is found again by its key.
CLAIM = """
WITH unnamed AS (
    SELECT id FROM proof WHERE named_at IS NULL AND object_key IS NOT NULL AND (created_at <= $1 OR state = 'SWEPT')
    ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE proof SET state = 'SWEPT' FROM unnamed WHERE proof.id = unnamed.id RETURNING proof.id, proof.object_key
"""
FORGET_KEYS = "UPDATE proof SET object_key = NULL WHERE id = ANY($1) AND state = 'SWEPT'"


async def sweep_proofs(works: Works, *, store: ObjectStore, limit: int = SWEPT_AT_ONCE) -> int:
    """Removes the pictures that nothing names, up to `limit`, and returns how many; their rows stay, without a key."""
    return await run_errand(works, unnamed_proofs(store, limit=limit)) or 0


def unnamed_proofs(store: ObjectStore, *, limit: int) -> SweepObjects:
    """The errand that claims proofs which nothing names, and erases their pictures."""
    return SweepObjects(store=store, old=CLAIM, forget=FORGET_KEYS, kept_for=UNNAMED_FOR, limit=limit)
