"""Opens a session for an account that has proved who it is, or that a seed made a moment ago."""

from datetime import timedelta
from uuid import UUID

from marketplace.accounts.models import Session
from marketplace.accounts.principals import PrincipalKind
from marketplace.accounts.queries import find_by_id
from marketplace.accounts.sessions import SignedIn, hand_out
from marketplace.accounts.tokens import ACCESS_LASTS, REFRESH_LASTS, Tokens
from marketplace.core.errors import NotFound
from marketplace.core.work import Work


async def open_session(
    work: Work, *, kind: PrincipalKind, principal_id: UUID, tokens: Tokens, access_lasts: timedelta = ACCESS_LASTS
) -> SignedIn:
    """A new session with its first pair of tokens."""
    owner = await find_by_id(work.connection, kind, principal_id)
    if owner is None:
        raise NotFound(f"there is no such {kind}")
    refresh = tokens.first_refresh(work.new_id())
    expires_at = work.machine_now + REFRESH_LASTS
    await Session.create(
        using_db=work.db,
        id=refresh.session_id,
        kind=kind.value,
        principal_id=owner.id,
        digest=refresh.digest,
        created_at=work.machine_now,
        expires_at=expires_at,
    )
    return hand_out(work, owner, refresh, refresh_expires_at=expires_at, tokens=tokens, access_lasts=access_lasts)
