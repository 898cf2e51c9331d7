"""Refreshing a session: the refresh token changes at each use, and using an old one ends the session."""

from datetime import datetime, timedelta

import asyncpg

from marketplace.accounts.principals import PrincipalKind
from marketplace.accounts.queries import find_by_id
from marketplace.accounts.refusals import SessionEnded
from marketplace.accounts.sessions import SignedIn, hand_out
from marketplace.accounts.tokens import REFRESH_LASTS, RefreshToken, Tokens
from marketplace.core.work import Work

GRACE = timedelta(seconds=30)
"""How long the token before the present one still works: an app that lost our answer asks again at once."""

LOCK_SESSION = """
SELECT id, kind, principal_id, digest, previous_digest, expires_at FROM session
 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2 FOR UPDATE
"""


async def refresh_session(work: Work, *, refresh_token: str, tokens: Tokens) -> SignedIn | SessionEnded:
    """Hands out new tokens for an open session.

    The next token follows from the presented one, so the same token presented twice within the grace gives the same
    answer. Any older token of ours means that a copy is about: the session ends, which is why that refusal is returned
    and not raised.
    """
    presented = tokens.read_refresh(refresh_token)
    # Two refreshes at once: the second waits here, so that it sees what the first wrote and never writes over it.
    row = await work.fetch_row(LOCK_SESSION, presented.session_id, work.machine_now)
    if row is None:
        raise _ended()
    owner = await find_by_id(work.connection, PrincipalKind(row["kind"]), row["principal_id"])
    following = tokens.next_refresh(presented)
    if owner is None or not _is_usable(work, row, presented, following):
        await work.execute("UPDATE session SET ended_at = $2 WHERE id = $1", row["id"], work.machine_now)
        return _ended()

    expires_at = row["expires_at"]
    if presented.digest == row["digest"]:
        expires_at = work.machine_now + REFRESH_LASTS
        await work.execute(
            "UPDATE session SET digest = $2, previous_digest = $3, expires_at = $4 WHERE id = $1",
            row["id"],
            following.digest,
            presented.digest,
            expires_at,
        )
    return hand_out(work, owner, following, refresh_expires_at=expires_at, tokens=tokens)


def _is_usable(work: Work, row: asyncpg.Record, presented: RefreshToken, following: RefreshToken) -> bool:
    """Whether it is the present token, or the one just before it whose answer may have been lost."""
    if presented.digest == row["digest"]:
        return True
    # Each change of the token moves the end of the session, so the end tells when the last change was.
    changed_at: datetime = row["expires_at"] - REFRESH_LASTS
    is_previous: bool = presented.digest == row["previous_digest"] and following.digest == row["digest"]
    return is_previous and work.machine_now - changed_at <= GRACE


def _ended() -> SessionEnded:
    return SessionEnded("this session has ended; sign in again", field="refreshToken")
