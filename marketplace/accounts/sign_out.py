"""Signing out: ends the session of the caller on every device that shares it."""

from marketplace.accounts.principals import Principal
from marketplace.core.work import Work


async def sign_out(work: Work, *, principal: Principal) -> None:
    """Ends the caller's session; a caller by API key has none, and ending it again changes nothing."""
    await work.execute(
        "UPDATE session SET ended_at = $3 WHERE id = $1 AND principal_id = $2 AND ended_at IS NULL",
        principal.session_id,
        principal.id,
        work.machine_now,
    )
