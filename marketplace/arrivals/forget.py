"""Predictions are dropped after some days: what they taught is in the law and in the figures."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=14)
DROPPED_AT_ONCE = 10_000


async def drop_old_predictions(work: Work) -> int:
    """Removes predictions that are older than anybody looks at; returns how many of a bounded number there were."""
    return await work.execute(
        "DELETE FROM arrival_prediction WHERE id IN"
        " (SELECT id FROM arrival_prediction WHERE predicted_at < $1 ORDER BY predicted_at LIMIT $2)",
        work.now - KEPT_FOR,
        DROPPED_AT_ONCE,
    )
