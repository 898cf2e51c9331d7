"""Every statement that reads or changes recurring batches."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches import RowProblem
from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.hubs import Opening
from marketplace.recurring_batches.refusals import RecurringBatchEnded
from marketplace.recurring_batches.states import RecurringState, RunOutcome
from marketplace.recurring_batches.terms import Terms

DUE_AT_ONCE = 200
RUNS_SHOWN = 10
PROBLEMS_KEPT = 50
LONGEST_MESSAGE = 300

INSERT_BATCH = """
INSERT INTO recurring_batch (id, market_id, shipper_id, name, state, version, next_day, next_at, created_at, changed_at)
VALUES ($1, $2, $3, $4, 'ACTIVE', 1, $5, $6, $7, $7)
"""
INSERT_VERSION = """
INSERT INTO recurring_version (id, market_id, shipper_id, recurring_batch_id, number, starts_at, rule, except_days,
                               lead_s, on_closed_day, may_split, hub_ids, deliveries, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14)
"""
# Of two who settle one day the second writes nothing, and what it has posted goes back with it.
INSERT_RUN = """
INSERT INTO recurring_run (id, market_id, shipper_id, recurring_batch_id, day, moved_to, version, outcome, reason,
                           message, batch_id, posted_count, problems, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb, $14)
ON CONFLICT (recurring_batch_id, day) DO NOTHING RETURNING id
"""
STANDING = """
SELECT b.*, v.starts_at, v.rule, v.except_days, v.lead_s, v.on_closed_day, v.may_split, v.hub_ids, m.time_zone,
       jsonb_array_length(v.deliveries) AS delivery_count
FROM recurring_batch b JOIN market m ON m.id = b.market_id
JOIN recurring_version v ON v.recurring_batch_id = b.id AND v.number = b.version
"""
FIND = f"{STANDING} WHERE b.id = $1 AND ($2::uuid IS NULL OR b.shipper_id = $2)"
LOCK = f"{FIND} FOR NO KEY UPDATE OF b"
PAGE = f"{STANDING} WHERE b.shipper_id = $1 AND ($2::uuid IS NULL OR b.id < $2) ORDER BY b.id DESC LIMIT $3"
ROWS = "SELECT deliveries::text FROM recurring_version WHERE recurring_batch_id = $1 AND number = $2"
COUNT = "SELECT count(*) FROM recurring_batch WHERE shipper_id = $1 AND state <> 'ENDED'"
MOVE = """
UPDATE recurring_batch SET state = $2, next_day = $3, next_at = $4, refusals = $5, changed_at = $6 WHERE id = $1
"""
FOLLOW = "UPDATE recurring_batch SET version = version + 1, name = $2 WHERE id = $1"
WAIT = "UPDATE recurring_batch SET next_at = $3 WHERE id = $1 AND next_day = $2"
DUE = """
SELECT id FROM recurring_batch WHERE market_id = $1 AND state = 'ACTIVE' AND next_at <= $2 ORDER BY next_at LIMIT $3
"""
SETTLED = "SELECT day FROM recurring_run WHERE recurring_batch_id = $1 AND day >= $2"
SETTLED_AHEAD = """
SELECT r.recurring_batch_id, r.day FROM recurring_run r JOIN recurring_batch b ON b.id = r.recurring_batch_id
WHERE b.id = ANY($1) AND r.day >= b.next_day
"""
OPENINGS = "SELECT id, opening FROM hub WHERE id = ANY($1)"
RUNS = f"""
SELECT run.* FROM unnest($1::uuid[]) AS wanted(id) CROSS JOIN LATERAL (
    SELECT * FROM recurring_run WHERE recurring_batch_id = wanted.id
    ORDER BY created_at DESC, day DESC LIMIT {RUNS_SHOWN}) AS run
"""
# Nothing is to be brought any more to whoever is erased. A row is known by its phone, or by what was posted from it:
# its reference with the day behind it.
FORGET_ROWS = """
WITH gone AS (
    SELECT r.recurring_batch_id, left(d.external_id, -11) AS reference
    FROM delivery d JOIN recurring_run r ON r.batch_id = d.batch_id WHERE d.id = ANY($2))
UPDATE recurring_version v SET deliveries = kept.wishes
FROM (SELECT o.id, coalesce(jsonb_agg(wish ORDER BY place) FILTER (WHERE NOT is_gone), '[]') AS wishes
      FROM recurring_version o, jsonb_array_elements(o.deliveries) WITH ORDINALITY AS rows(wish, place),
           LATERAL (SELECT coalesce(wish -> 'dropoff' ->> 'phone' = ANY($3), false) OR EXISTS (
               SELECT FROM gone WHERE gone.recurring_batch_id = o.recurring_batch_id
                 AND gone.reference = wish ->> 'external_id') AS is_gone) AS looked
      WHERE o.shipper_id = $1 GROUP BY o.id HAVING bool_or(is_gone)) AS kept
WHERE v.id = kept.id
"""


async def lock_recurring(work: Work, *, recurring_batch_id: UUID, shipper_id: UUID) -> asyncpg.Record:
    """A shipper's recurring batch that has not ended, locked: whoever settles one of its days waits and looks anew."""
    row = await work.fetch_row(LOCK, recurring_batch_id, shipper_id)
    if row is None:
        raise NotFound("there is no such recurring batch", field="recurringBatchId")
    if row["state"] == RecurringState.ENDED:
        raise RecurringBatchEnded("this recurring batch has ended; make a new one", field="recurringBatchId")
    return row


async def next_day_of(
    work: Work, *, recurring_batch_id: UUID, terms: Terms, time_zone: str, first: date
) -> tuple[date, datetime] | tuple[None, None]:
    """The first day from `first` on that is not settled yet, and when it is posted; none where the rule has ended."""
    settled = await settled_from(work, recurring_batch_id=recurring_batch_id, first=first)
    days = terms.recurrence(time_zone).days_from(first, at_most=1, without=settled)
    return (days[0], terms.posts_at(days[0], time_zone)) if days else (None, None)


async def settled_from(work: Work, *, recurring_batch_id: UUID, first: date) -> set[date]:
    """The days from one on of which it is decided what becomes of them."""
    return {row["day"] for row in await work.fetch(SETTLED, recurring_batch_id, first)}


async def openings_of(work: Work, hub_ids: Sequence[UUID]) -> dict[UUID, Opening]:
    """When hubs serve."""
    rows = await work.fetch(OPENINGS, list(hub_ids)) if hub_ids else []
    return {row["id"]: Opening.of(orjson.loads(row["opening"]) if row["opening"] else None) for row in rows}


async def write_run(
    work: Work,
    row: asyncpg.Record,
    day: date,
    outcome: RunOutcome,
    *,
    moved_to: date | None = None,
    reason: str | None = None,
    message: str | None = None,
    batch_id: UUID | None = None,
    posted_count: int = 0,
    problems: Sequence[RowProblem] = (),
) -> bool:
    """Settles a day for good; False where it was settled before."""
    run_id = await work.fetch_value(
        INSERT_RUN,
        work.new_id(),
        row["market_id"],
        row["shipper_id"],
        row["id"],
        day,
        moved_to if moved_to != day else None,
        row["version"],
        outcome.value,
        reason,
        message[:LONGEST_MESSAGE] if message else None,
        batch_id,
        posted_count,
        orjson.dumps(list(problems[:PROBLEMS_KEPT])).decode(),
        work.now,
    )
    return run_id is not None


async def due_recurring(work: Work, *, market_id: UUID) -> list[UUID]:
    """The recurring batches of a market that have a day to post."""
    return [row["id"] for row in await work.fetch(DUE, market_id, work.now, DUE_AT_ONCE)]


async def forget_recipient_rows(
    work: Work, *, shipper_id: UUID, delivery_ids: Sequence[UUID], phones: Sequence[str]
) -> None:
    """Removes recipients who are erased from what a shipper has posted again and again."""
    await work.execute(FORGET_ROWS, shipper_id, list(delivery_ids), list(phones))
