"""API keys of shippers: shown once when they are made, kept as a digest, good until revoked."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import asyncpg

from marketplace.accounts.models import ApiKey
from marketplace.accounts.principals import Principal
from marketplace.accounts.queries import find_key_owner
from marketplace.accounts.refusals import Unauthenticated
from marketplace.core.errors import LimitReached, NotFound
from marketplace.core.ids import ShipperId
from marketplace.core.work import Work

KEY_PREFIX = "dsk_"
SHOWN_CHARACTERS = 13
"""How much of a key is kept in the clear: `dsk_live_` and four more, enough for people to tell keys apart."""
KEYS_PER_SHIPPER = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key that was just made: the only time that its `secret` can be read."""

    id: UUID
    prefix: str
    secret: str = field(repr=False)


async def create_api_key(work: Work, *, shipper_id: ShipperId) -> NewApiKey:
    """Makes a key of 256 random bits; a test shipper gets `dsk_test_` keys, any other `dsk_live_` ones."""
    # The shipper is the contested thing: its lock keeps two calls from passing the bound together.
    shipper = await work.fetch_row("SELECT is_test FROM shipper WHERE id = $1 FOR UPDATE", shipper_id)
    if shipper is None:
        raise NotFound("there is no such shipper")
    count = await work.fetch_value(
        "SELECT count(*) FROM api_key WHERE shipper_id = $1 AND revoked_at IS NULL", shipper_id
    )
    if count >= KEYS_PER_SHIPPER:
        raise LimitReached(f"a shipper has at most {KEYS_PER_SHIPPER} keys; revoke one first")

    mode = "test" if shipper["is_test"] else "live"
    secret = f"{KEY_PREFIX}{mode}_{secrets.token_urlsafe(32)}"
    key = NewApiKey(id=work.new_id(), prefix=secret[:SHOWN_CHARACTERS], secret=secret)
    await ApiKey.create(
        using_db=work.db,
        id=key.id,
        shipper_id=shipper_id,
        prefix=key.prefix,
        digest=digest_of(secret),
        mode=mode,
        created_at=work.now,
    )
    return key


async def verify_api_key(connection: asyncpg.Connection, secret: str) -> Principal:
    """The shipper that a key speaks for; raises Unauthenticated for an unknown or revoked key."""
    principal = await find_key_owner(connection, digest_of(secret))
    if principal is None:
        raise Unauthenticated("this API key is not known or was revoked")
    return principal


async def revoke_api_key(work: Work, *, shipper_id: ShipperId, key_id: UUID) -> None:
    """Ends a key of that shipper; ending it again changes nothing."""
    found = await work.execute(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1 AND shipper_id = $2",
        key_id,
        shipper_id,
        work.now,
    )
    if not found:
        raise NotFound("there is no such API key")


def digest_of(secret: str) -> bytes:
    """What is kept of a key. It has 256 random bits, so a plain digest cannot be guessed."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
