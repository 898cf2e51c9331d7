"""Keeps beside each waiting delivery how many drivers failed which rule at the last look, for whoever asks why."""

from collections.abc import Mapping, Sequence
from typing import Any
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

RULE_WORDS = {
    "NO_SKILL": "without a skill that it asks for",
    "NO_CAPACITY": "without room for it",
    "OUT_OF_REACH": "without a way to it",
    "WINDOW": "who cannot be in time for it",
}


async def keep_counts(work: Work, snapshot: Snapshot, unassigned: Sequence[Unassigned]) -> int:
    """Writes the counts of deliveries that are as they were at the look; the caller holds their rows."""
    sequences = {delivery.id: delivery.sequence for delivery in snapshot.deliveries}
    waiting = [one for one in unassigned if UUID(one.delivery_id) in sequences]
    return await work.execute(
        KEEP,
        [UUID(one.delivery_id) for one in waiting],
        [sequences[UUID(one.delivery_id)] for one in waiting],
        [orjson.dumps(counts_of(one)).decode() for one in waiting],
    )


def counts_of(one: Unassigned) -> dict[str, int]:
    """How many drivers failed which rule first, and under ABLE how many none."""
    return {reason.name: count for reason, count in one.failed.items()} | {"ABLE": one.able}


def failed_rules(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The counts as the API tells them, in the order in which the rules are asked."""
    return [
        {"code": code, "drivers": counts[code], "words": f"{_drivers(counts[code])} {words}."}
        for code, words in RULE_WORDS.items()
        if counts.get(code)
    ]


def _drivers(count: int) -> str:
    return "1 driver" if count == 1 else f"{count} drivers"
