"""Reads of accounts: who stands behind an address, a key or a session, each in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.accounts.principals import Principal, PrincipalKind

SIGNS_IN = ("APPLIED", "APPROVED", "ACTIVE", "SUSPENSION_PROPOSED", "SUSPENDED")
STAYS_SIGNED_IN = SIGNS_IN
"""Who applies hands in papers before they may drive: whether an account drives is asked where it would.

Whoever is suspended finishes the route under way, reads pay, statements and the file, and appeals.
"""

FIND_BY_ADDRESS = {
    PrincipalKind.DRIVER: "SELECT id, market_id FROM driver WHERE phone = $1 AND account_state = ANY($2::text[])",
    PrincipalKind.OPERATOR: "SELECT id, market_id FROM operator WHERE email = $1 AND $2::text[] IS NOT NULL",
    PrincipalKind.DISPATCHER: "SELECT id, market_id FROM dispatcher WHERE email = $1 AND $2::text[] IS NOT NULL",
}

FIND_BY_ID = {
    PrincipalKind.DRIVER: "SELECT id, market_id FROM driver WHERE id = $1 AND account_state = ANY($2::text[])",
    PrincipalKind.OPERATOR: "SELECT id, market_id FROM operator WHERE id = $1 AND $2::text[] IS NOT NULL",
    PrincipalKind.DISPATCHER: "SELECT id, market_id FROM dispatcher WHERE id = $1 AND $2::text[] IS NOT NULL",
}

SESSION_IS_OPEN = """
SELECT true FROM session s
 WHERE s.id = $1 AND s.kind = $2 AND s.principal_id = $3 AND s.ended_at IS NULL AND s.expires_at > $4
   AND (CASE s.kind
        WHEN 'driver' THEN EXISTS (SELECT FROM driver WHERE id = $3 AND account_state = ANY($5::text[]))
        WHEN 'dispatcher' THEN EXISTS (SELECT FROM dispatcher WHERE id = $3)
        ELSE EXISTS (SELECT FROM operator WHERE id = $3) END)
"""

FIND_KEY = "SELECT shipper_id, mode FROM api_key WHERE digest = $1 AND revoked_at IS NULL"

READ_NAME = {
    PrincipalKind.SHIPPER: "SELECT name FROM shipper WHERE id = $1",
    PrincipalKind.DRIVER: "SELECT name FROM driver WHERE id = $1",
    PrincipalKind.OPERATOR: "SELECT name FROM operator WHERE id = $1",
    PrincipalKind.DISPATCHER: "SELECT name FROM dispatcher WHERE id = $1",
    PrincipalKind.KEEPER: "SELECT name FROM hand_over_point WHERE id = $1",
    PrincipalKind.RECIPIENT: "SELECT recipient_name FROM delivery WHERE id = $1",
}


async def find_by_address(connection: asyncpg.Connection, kind: PrincipalKind, address: str) -> Principal | None:
    """The driver, operator or dispatcher who may sign in with that address."""
    return _principal(kind, await connection.fetchrow(FIND_BY_ADDRESS[kind], address, list(SIGNS_IN)))


async def find_by_id(connection: asyncpg.Connection, kind: PrincipalKind, principal_id: UUID) -> Principal | None:
    """The driver, operator or dispatcher of that id, if a session of theirs may go on."""
    return _principal(kind, await connection.fetchrow(FIND_BY_ID[kind], principal_id, list(STAYS_SIGNED_IN)))


async def is_session_open(connection: asyncpg.Connection, principal: Principal, now: datetime) -> bool:
    """Whether the session was not ended and its owner may still use it; `now` is machine time."""
    row = await connection.fetchrow(
        SESSION_IS_OPEN, principal.session_id, principal.kind.value, principal.id, now, list(STAYS_SIGNED_IN)
    )
    return row is not None


async def find_key_owner(connection: asyncpg.Connection, digest: bytes) -> Principal | None:
    """The shipper of an API key that is not revoked."""
    row = await connection.fetchrow(FIND_KEY, digest)
    if row is None:
        return None
    return Principal(kind=PrincipalKind.SHIPPER, id=row["shipper_id"], is_test=row["mode"] == "test")


async def read_own_name(connection: asyncpg.Connection, principal: Principal) -> str | None:
    """The name under which the caller is known; None when the account is gone."""
    name: str | None = await connection.fetchval(READ_NAME[principal.kind], principal.id)
    return name


def _principal(kind: PrincipalKind, row: Any) -> Principal | None:
    return None if row is None else Principal(kind=kind, id=row["id"], market_id=row["market_id"])
