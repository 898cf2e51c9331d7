"""Keeps beside each waiting delivery how many drivers failed which rule at the last look, for whoever asks why."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.matching.reply import Unassigned
from marketplace.matching.snapshot import Snapshot

# Only what has changed: most deliveries that wait, wait for the same reason as at the look before.
KEEP = """
UPDATE delivery d SET unassigned_counts = why.counts::jsonb
FROM unnest($1::uuid[], $2::int[], $3::text[]) AS why(id, sequence, counts)
WHERE d.id = why.id AND d.state = 'SCHEDULED' AND d.sequence = why.sequence
  AND d.unassigned_counts IS DISTINCT FROM why.counts::jsonb
"""


async def keep_counts(work: Work, snapshot: Snapshot, unassigned: Sequence[Unassigned]) -> int:
    """Writes the counts of deliveries that are as they were at the look; the caller holds their rows."""
    sequences = {delivery.id: delivery.sequence for delivery in snapshot.deliveries}
    waiting = [one for one in unassigned if UUID(one.delivery_id) in sequences]
    return await work.execute(
        KEEP,
        [UUID(one.delivery_id) for one in waiting],
        [sequences[UUID(one.delivery_id)] for one in waiting],
        [orjson.dumps(_counts(one)).decode() for one in waiting],
    )


def _counts(one: Unassigned) -> dict[str, int]:
    return {reason.name: count for reason, count in one.failed.items()} | {"ABLE": one.able}
