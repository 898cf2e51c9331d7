"""Forgetting what signing in leaves behind: codes of yesterday and sessions that are long over."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=1)
SWEPT_AT_ONCE = 5_000


async def forget_old_codes(work: Work) -> int:
    """Drops codes that can no longer be used or counted, a bounded number at a time."""
    return await work.execute(
        "DELETE FROM sign_in_code WHERE id IN"
        " (SELECT id FROM sign_in_code WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        work.machine_now - KEPT_FOR,
        SWEPT_AT_ONCE,
    )


async def forget_old_sessions(work: Work) -> int:
    """Drops sessions that ended or expired a day ago, a bounded number at a time."""
    return await work.execute(
        "DELETE FROM session WHERE id IN"
        " (SELECT id FROM session WHERE coalesce(ended_at, expires_at) < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        work.machine_now - KEPT_FOR,
        SWEPT_AT_ONCE,
    )
