"""Lets a recipient's browser be told of its delivery, and ends that."""

from base64 import urlsafe_b64decode
from binascii import Error

from marketplace.alerts.browsers import BROWSERS_EACH
from marketplace.core.errors import Invalid, LimitReached, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work

LONGEST_ENDPOINT = 1_000
KEY_BYTES, UNCOMPRESSED = 65, 4
SECRET_BYTES = 16
FIND_LINK = "SELECT id, market_id FROM tracking_link WHERE delivery_id = $1 AND revoked_at IS NULL FOR UPDATE"
COUNT_OTHERS = "SELECT count(*) FROM browser WHERE link_id = $1 AND endpoint <> $2"
# The same browser again brings its latest keys; those of an earlier link begin anew.
PUT = """
INSERT INTO browser (id, market_id, delivery_id, link_id, endpoint, p256dh, auth, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (delivery_id, endpoint) DO UPDATE SET link_id = $4, p256dh = $6, auth = $7
"""
REMOVE = "DELETE FROM browser WHERE delivery_id = $1 AND endpoint = $2"


class UnsafeEndpoint(Invalid):
    """An address of a push service to which nothing is sent: not https, not public, or not there."""

    code = "PUSH_ENDPOINT_REFUSED"


class BadBrowserKeys(Invalid):
    """Keys that no browser makes."""

    code = "BAD_BROWSER_KEYS"


class TooManyBrowsers(LimitReached):
    """As many browsers hear of the delivery as may."""

    code = "TOO_MANY_BROWSERS"
    retryable = False


async def subscribe_browser(work: Work, *, delivery_id: DeliveryId, endpoint: str, p256dh: str, auth: str) -> None:
    """Has a browser told from now on; doing it twice is doing it once. The endpoint was looked at before."""
    if not 1 <= len(endpoint) <= LONGEST_ENDPOINT:
        raise UnsafeEndpoint(f"an endpoint has 1 to {LONGEST_ENDPOINT} characters", field="endpoint")
    key, secret = _bytes(p256dh, "p256dh"), _bytes(auth, "auth")
    if len(key) != KEY_BYTES or key[0] != UNCOMPRESSED:
        raise BadBrowserKeys("p256dh is a point of the curve P-256, uncompressed: 65 bytes", field="p256dh")
    if len(secret) != SECRET_BYTES:
        raise BadBrowserKeys("auth has 16 bytes", field="auth")
    # Two browsers at once: the lock makes the second count the first.
    link = await work.fetch_row(FIND_LINK, delivery_id)
    if link is None:
        raise NotFound("there is no such delivery")
    if await work.fetch_value(COUNT_OTHERS, link["id"], endpoint) >= BROWSERS_EACH:
        raise TooManyBrowsers(f"{BROWSERS_EACH} browsers hear of this delivery; end it in one of them first")
    values = (endpoint, p256dh.rstrip("="), auth.rstrip("="), work.now)
    await work.execute(PUT, work.new_id(), link["market_id"], delivery_id, link["id"], *values)


async def unsubscribe_browser(work: Work, *, delivery_id: DeliveryId, endpoint: str) -> None:
    """Has a browser told no more; one that was not told is not told either."""
    await work.execute(REMOVE, delivery_id, endpoint)


def _bytes(text: str, field: str) -> bytes:
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (Error, ValueError) as fault:
        raise BadBrowserKeys("keys come as base64url", field=field) from fault
