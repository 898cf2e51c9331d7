"""Tracking links: whoever holds the token of one follows one delivery, without an account.

A token has 192 bits and is worked out from the id of its link with a key of this deployment: nobody who reads the
database alone can make one, only digests are kept, and still the shipper and our own messages can be told the same link
again. After the deployment's secret has changed, links that were handed out stay good, and can no longer be told again.
A link ends a while after its delivery has, as the market's dial says, or at once when it is revoked; not before a
parcel is collected that waits at a hand-over point. A wrong token, one
that is over and one that was revoked are refused in the same words.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.accounts.principals import Principal, PrincipalKind
from marketplace.accounts.refusals import LinkEnded
from marketplace.accounts.tokens import TRACKING_PREFIX, Tokens, digest_of_tracking
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.work import Work

MAKE = """
INSERT INTO tracking_link (id, market_id, delivery_id, digest, created_at)
SELECT link_id, $1, delivery_id, digest, $2 FROM unnest($3::uuid[], $4::uuid[], $5::bytea[])
    AS t(link_id, delivery_id, digest)
ON CONFLICT (delivery_id) WHERE revoked_at IS NULL DO NOTHING
"""
STILL_GOOD = """
l.revoked_at IS NULL
  AND (d.state NOT IN ('DELIVERED', 'RETURNED', 'CANCELLED', 'EXPIRED', 'FAILED')
       OR d.changed_at + m.tracking_link_s * interval '1 second' > $2
       OR EXISTS (SELECT FROM collection c WHERE c.delivery_id = d.id AND c.state = 'WAITING'))
"""
LINKS = "tracking_link l JOIN delivery d ON d.id = l.delivery_id JOIN market m ON m.id = l.market_id"
FIND = f"SELECT l.delivery_id, l.market_id, l.digest FROM {LINKS} WHERE l.digest = $1 AND {STILL_GOOD}"  # noqa: S608
GOOD = f"SELECT l.id, l.delivery_id, l.digest FROM {LINKS} WHERE l.delivery_id = ANY($1) AND {STILL_GOOD}"  # noqa: S608
OF_DELIVERY = "SELECT id, digest FROM tracking_link WHERE delivery_id = $1 AND revoked_at IS NULL"
REVOKE = "UPDATE tracking_link SET revoked_at = $2 WHERE delivery_id = ANY($1) AND revoked_at IS NULL"


async def make_tracking_links(
    work: Work, *, market_id: UUID, delivery_ids: Iterable[UUID], tokens: Tokens
) -> dict[UUID, UUID]:
    """Makes the link of each delivery that has none; returns the ids of links by delivery, for `tracking_token`."""
    links = {delivery_id: work.new_id() for delivery_id in delivery_ids}
    digests = [digest_of_tracking(tokens.tracking_token(link_id)) for link_id in links.values()]
    await work.execute(MAKE, market_id, work.now, list(links.values()), list(links), digests)
    return links


async def create_tracking_link(work: Work, *, delivery_id: DeliveryId, tokens: Tokens) -> str:
    """The token of a delivery's link, which is made where there is none: for messages to its recipient."""
    # Two at once: the lock on the delivery makes the second find the link of the first.
    market_id: MarketId | None = await work.fetch_value(
        "SELECT market_id FROM delivery WHERE id = $1 FOR NO KEY UPDATE", delivery_id
    )
    if market_id is None:
        raise NotFound("there is no such delivery")
    row = await work.fetch_row(OF_DELIVERY, delivery_id)
    if row is not None and (token := known_token(tokens, row["id"], row["digest"])):
        return token
    await revoke_tracking_links(work, delivery_ids=[delivery_id])
    links = await make_tracking_links(work, market_id=market_id, delivery_ids=[delivery_id], tokens=tokens)
    return tokens.tracking_token(links[delivery_id])


async def tell_tracking_tokens(work: Work, *, delivery_ids: Iterable[UUID], tokens: Tokens) -> dict[UUID, str]:
    """The tokens of links that are good now, by delivery; makes none and locks nothing."""
    rows = await work.fetch(GOOD, list(delivery_ids), work.now)
    found = {row["delivery_id"]: known_token(tokens, row["id"], row["digest"]) for row in rows}
    return {delivery_id: token for delivery_id, token in found.items() if token is not None}


def known_token(tokens: Tokens, link_id: UUID, digest: bytes) -> str | None:
    """The token of a link, told again; None where it was made before the deployment's secret changed."""
    token = tokens.tracking_token(link_id)
    return token if hmac.compare_digest(digest_of_tracking(token), digest) else None


async def verify_tracking_link(connection: asyncpg.Connection, token: str, *, now: datetime) -> Principal:
    """The recipient that a token speaks for, at `now` of market time; raises LinkEnded for any that is no good."""
    digest = digest_of_tracking(token)
    row = await connection.fetchrow(FIND, digest, now)
    # The index finds a digest, of which a caller can choose no part; the token itself is compared in constant time.
    if row is None or not hmac.compare_digest(row["digest"], digest) or not token.startswith(TRACKING_PREFIX):
        raise LinkEnded("this link is not good, or not any more; ask the sender for a new one")
    return Principal(kind=PrincipalKind.RECIPIENT, id=row["delivery_id"], market_id=row["market_id"])


async def revoke_tracking_links(work: Work, *, delivery_ids: Iterable[UUID]) -> int:
    """Ends the links of these deliveries; returns how many there were."""
    return await work.execute(REVOKE, list(delivery_ids), work.now)
