"""What a session hands out: an access token for 15 minutes and a refresh token for 30 days."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from marketplace.accounts.principals import Principal
from marketplace.accounts.tokens import ACCESS_LASTS, RefreshToken, Tokens
from marketplace.core.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """An open session in the hands of its owner. Times are machine time."""

    principal: Principal
    access_token: str = field(repr=False)
    access_expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


def hand_out(
    work: Work,
    owner: Principal,
    refresh: RefreshToken,
    *,
    refresh_expires_at: datetime,
    tokens: Tokens,
    access_lasts: timedelta = ACCESS_LASTS,
) -> SignedIn:
    """The tokens of a session that was just opened or refreshed."""
    expires_at = (work.machine_now + access_lasts).replace(microsecond=0)
    principal = replace(owner, session_id=refresh.session_id, expires_at=expires_at)
    return SignedIn(
        principal=principal,
        access_token=tokens.make_access(principal),
        access_expires_at=expires_at,
        refresh_token=refresh.text,
        refresh_expires_at=refresh_expires_at,
    )
