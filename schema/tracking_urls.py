"""The address of a recipient's tracking page, as the shipper and our own messages tell it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from marketplace.accounts import known_token
from schema.context import Info

TRACKING_PATH = "/t/"


def tracking_url(info: Info, link_id: UUID, digest: bytes | None = None) -> str | None:
    """The page of one link; None where its token cannot be told again."""
    tokens = info.context.tokens
    token = tokens.tracking_token(link_id) if digest is None else known_token(tokens, link_id, digest)
    return None if token is None else f"{info.context.marketplace.settings.public_url}{TRACKING_PATH}{token}"


def with_tracking_urls(info: Info, deliveries: Iterable[dict[str, Any]]) -> None:
    """Fills in the tracking link of each delivery, for its shipper."""
    for delivery in deliveries:
        if link := delivery["tracking_link"]:
            delivery["tracking_url"] = tracking_url(info, UUID(link["id"]), bytes.fromhex(link["digest"]))
