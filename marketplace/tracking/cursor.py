"""Cursors: where in a market's stream a reader stands, as a text that only we read."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from uuid import UUID

from marketplace.core.ids import MarketId
from marketplace.tracking.refusals import CursorExpired

LONGEST_POSITION = 2**63 - 1


def write_cursor(market_id: UUID, position: int) -> str:
    """The text that stands for everything up to and with `position`."""
    return urlsafe_b64encode(market_id.bytes + position.to_bytes(8, "big")).decode()


def read_cursor(text: str, market_id: MarketId) -> int:
    """The position in this market's stream; a text that is none of its cursors counts as expired."""
    try:
        raw = urlsafe_b64decode(text.encode())
    except (BadBase64, ValueError):
        raw = b""
    position = int.from_bytes(raw[16:], "big")
    if len(raw) != 24 or raw[:16] != market_id.bytes or position > LONGEST_POSITION:
        raise CursorExpired(
            "this cursor is of another stream; read the present state and subscribe anew", field="after"
        )
    return position
