"""Pictures that no hand-over named are removed, a day after they were announced: nobody may look at them.

So are those that were given up with their recipient, at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.routes.object_store import ObjectKey, ObjectStore

UNNAMED_FOR = timedelta(hours=24)
SWEPT_AT_ONCE = 100
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
    return await run_errand(works, SweepProofs(store=store, limit=limit)) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProofs:
    """The errand: claim proofs, remove their objects with no Work open, then forget where those were."""

    store: ObjectStore
    limit: int

    async def read(self, work: Work) -> dict[UUID, ObjectKey] | None:
        """Claims the oldest proofs that nothing names, and returns their keys."""
        rows = await work.fetch(CLAIM, work.now - UNNAMED_FOR, self.limit)
        return {row["id"]: ObjectKey(row["object_key"]) for row in rows} or None

    async def call(self, found: dict[UUID, ObjectKey]) -> None:
        """Removes the objects; one that is gone already is no trouble."""
        for key in found.values():
            await self.store.delete(key)

    async def record(self, work: Work, found: dict[UUID, ObjectKey], _answer: None) -> int:
        """Notes that there is nothing left to remove."""
        return await work.execute(FORGET_KEYS, list(found))
