"""Idempotency: the same key from the same caller has one effect and one answer.

The row is written in the transaction of the change, so a second call with the same key waits for the first, then reads
its answer. The same key with another body is a conflict. Rows are kept for at least a day.
"""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import orjson

from marketplace.core.errors import Conflict, Invalid
from marketplace.core.work import Work

LONGEST_KEY = 200
KEPT_FOR = timedelta(hours=48)
SWEPT_AT_ONCE = 5_000


class KeyReused(Conflict):
    """An idempotency key came back with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


def request_hash(operation: str, arguments: object) -> bytes:
    """A digest of what was asked, independent of the order of fields."""
    return sha256(
        operation.encode() + b"\0" + orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS, default=str)
    ).digest()


async def recall(work: Work, *, principal_id: UUID, key: str, digest: bytes) -> str | None:
    """Takes the key for this Work, or returns the answer that it already has.

    Two calls with one key at the same time: the unique row makes the second wait until the first has committed.
    """
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Invalid(f"idempotencyKey has 1 to {LONGEST_KEY} characters", field="idempotencyKey")
    row_id = record_id(principal_id, key)
    taken = await work.fetch_value(
        "INSERT INTO idempotency (id, principal_id, digest, created_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (id) DO NOTHING RETURNING true",
        row_id,
        principal_id,
        digest,
        work.machine_now,
    )
    if taken:
        return None
    row = await work.fetch_row("SELECT digest, reply FROM idempotency WHERE id = $1", row_id)
    if row is None or row["digest"] != digest:
        raise KeyReused("this idempotencyKey was used for another request; use a new one", field="idempotencyKey")
    reply: str | None = work.replies.get(row_id, row["reply"])
    return reply


async def find_answer(work: Work, *, principal_id: UUID, key: str, digest: bytes) -> str | None:
    """The answer that a key already has, without taking it: for errands, before their slow call."""
    row_id = record_id(principal_id, key)
    row = await work.fetch_row("SELECT digest, reply FROM idempotency WHERE id = $1", row_id)
    if row is None:
        return None
    if row["digest"] != digest:
        raise KeyReused("this idempotencyKey was used for another request; use a new one", field="idempotencyKey")
    reply: str | None = work.replies.get(row_id, row["reply"])
    return reply


async def remember(work: Work, *, principal_id: UUID, key: str, reply: str) -> None:
    """Keeps the answer beside the key, in the same commit as the change."""
    work.keep_reply(record_id(principal_id, key), reply)


def record_id(principal_id: UUID, key: str) -> UUID:
    """The row of one key of one caller."""
    return UUID(bytes=sha256(principal_id.bytes + key.encode()).digest()[:16])


async def forget_old(work: Work) -> int:
    """Drops keys that nobody may rely on any more."""
    return await work.execute(
        "DELETE FROM idempotency WHERE id IN"
        " (SELECT id FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)",
        work.machine_now - KEPT_FOR,
        SWEPT_AT_ONCE,
    )
