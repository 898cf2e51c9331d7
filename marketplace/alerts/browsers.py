"""Browsers that recipients let us tell: which there are for a delivery, and the end of those whose link is over.

A recipient allows it through a tracking link, and what was allowed ends with that link. The address that a browser
names belongs to its maker's push service; it is held to the same rules as a webhook's, for anybody can name one.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import asyncpg

from marketplace.core.work import Work

BROWSERS_EACH = 5
"""Browsers that hear of one delivery at most."""
FORGOTTEN_AT_ONCE = 500
OF_DELIVERY = """
SELECT b.id, b.endpoint, b.p256dh, b.auth, s.name AS shipper_name
FROM browser b JOIN tracking_link l ON l.id = b.link_id AND l.revoked_at IS NULL
JOIN delivery d ON d.id = b.delivery_id JOIN shipper s ON s.id = d.shipper_id
WHERE b.delivery_id = $1 ORDER BY b.id LIMIT $2
"""
END = "DELETE FROM browser WHERE id = ANY($1)"
# The link of a delivery that has ended is good for a while; then nothing is said any more.
FORGET = """
DELETE FROM browser WHERE id IN (
    SELECT b.id FROM browser b JOIN tracking_link l ON l.id = b.link_id
    JOIN delivery d ON d.id = b.delivery_id JOIN market m ON m.id = b.market_id
    WHERE l.revoked_at IS NOT NULL OR (d.state IN ('DELIVERED', 'RETURNED', 'CANCELLED', 'EXPIRED', 'FAILED')
        AND d.changed_at + m.tracking_link_s * interval '1 second' <= $1)
    LIMIT $2)
"""


class PushDoor(Protocol):
    """What a browser is told before it allows anything, and what looks at the address that it names."""

    @property
    def public_key(self) -> str:
        """By which a push service knows our messages, as browsers want it: base64url without padding."""
        ...

    async def check(self, endpoint: str) -> None:
        """Raises UnsafeEndpoint for an address to which nothing would be sent."""
        ...


async def browsers_of(work: Work, *, delivery_id: UUID) -> list[asyncpg.Record]:
    """The browsers that hear of a delivery."""
    return await work.fetch(OF_DELIVERY, delivery_id, BROWSERS_EACH)


async def end_browsers(work: Work, *, browser_ids: Sequence[UUID]) -> int:
    """Forgets browsers that let nobody tell them any more."""
    return await work.execute(END, list(browser_ids))


async def forget_browsers(work: Work) -> int:
    """Forgets the browsers whose link is over, at most 500; returns how many there were."""
    return await work.execute(FORGET, work.now, FORGOTTEN_AT_ONCE)
