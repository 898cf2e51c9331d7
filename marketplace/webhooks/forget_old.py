"""Forgets messages that ended long ago, with the log of their attempts."""

from datetime import timedelta

from marketplace.core.work import Work

KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 500


async def forget_old_messages(work: Work) -> int:
    """Removes a bounded number of messages and their attempts; returns how many messages."""
    rows = await work.fetch(
        "SELECT id FROM webhook_message WHERE state <> 'READY' AND ended_at < $1 ORDER BY ended_at LIMIT $2"
        " FOR UPDATE SKIP LOCKED",
        work.machine_now - KEPT_FOR,
        FORGOTTEN_AT_ONCE,
    )
    old = [row["id"] for row in rows]
    await work.execute("DELETE FROM webhook_attempt WHERE message_id = ANY($1)", old)
    return await work.execute("DELETE FROM webhook_message WHERE id = ANY($1)", old)
