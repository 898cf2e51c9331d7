"""Forgetting the quotes of payouts that nobody can ask for any more."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=30)
"""After its end, for whoever asks what a driver was shown; every payout has its own figures."""
SWEPT_AT_ONCE = 5_000


async def forget_old_quotes(work: Work) -> int:
    """Drops quotes that expired a month ago, a bounded number at a time."""
    return await work.execute(
        "DELETE FROM payout_quote WHERE id IN"
        " (SELECT id FROM payout_quote WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        work.now - KEPT_FOR,
        SWEPT_AT_ONCE,
    )
