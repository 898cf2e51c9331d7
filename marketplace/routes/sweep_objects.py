"""Pictures that nothing needs any more are erased, and then their rows forget where they were."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.routes.object_store import ObjectKey, ObjectStore

SWEPT_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepObjects:
    """The errand: find what is old, erase the objects with no Work open, then forget their keys.

    `old` is SQL that gives id and object_key of at most $2 rows that nothing has needed since $1, and keeps others from
    needing them again; `forget` takes the keys of the rows $1 away. An object that could not be erased is found again.
    """

    store: ObjectStore
    old: str
    forget: str
    kept_for: timedelta
    limit: int = SWEPT_AT_ONCE

    async def read(self, work: Work) -> dict[UUID, ObjectKey] | None:
        """The keys of what nothing needs."""
        rows = await work.fetch(self.old, work.now - self.kept_for, self.limit)
        return {row["id"]: ObjectKey(row["object_key"]) for row in rows} or None

    async def call(self, found: dict[UUID, ObjectKey]) -> None:
        """Erases the objects; one that is gone already is no trouble."""
        for key in found.values():
            await self.store.delete(key)

    async def record(self, work: Work, found: dict[UUID, ObjectKey], _answer: None) -> int:
        """Notes that there is nothing left to erase."""
        return await work.execute(self.forget, list(found))
