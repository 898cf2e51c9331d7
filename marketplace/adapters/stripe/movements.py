"""Movements of money on an account at Stripe, each with the object of ours that moved it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stripe import StripeClient

from marketplace.adapters.stripe.connection import READ_RETRIES
from marketplace.core.currencies import from_gateway
from marketplace.payments import OutcomeUnknown, ProviderMovement

PAGE = 100
MOST_PAGES = 500
"""More than this is refused rather than read in part: the newest come first, and the rest would be forgotten."""


async def list_movements(client: StripeClient, *, account: str | None, since: datetime) -> list[ProviderMovement]:
    """Every movement since a second of Stripe's time, newest first."""
    params: dict[str, Any] = {
        "limit": PAGE,
        "created": {"gte": int(since.timestamp())},
        "expand": ["data.source"],
    }
    options: Any = {"max_network_retries": READ_RETRIES} | ({"stripe_account": account} if account else {})
    movements: list[ProviderMovement] = []
    for _ in range(MOST_PAGES):
        page = await client.v1.balance_transactions.list_async(params, options)  # type: ignore[arg-type]  # plain values
        movements += [_movement(shown.to_dict(for_json=True), account) for shown in page.data]
        if not page.has_more:
            return movements
        params["starting_after"] = page.data[-1].id
    raise OutcomeUnknown("there are too many movements to read at once")


def _movement(fields: Mapping[str, Any], account: str | None) -> ProviderMovement:
    return ProviderMovement(
        id=fields["id"],
        account=account,
        type=fields["type"],
        object_id=_moved_by(fields.get("source")),
        gross=from_gateway(fields["amount"], fields["currency"]),
        fee=from_gateway(fields["fee"], fields["currency"]),
        net=from_gateway(fields["net"], fields["currency"]),
        created_at=datetime.fromtimestamp(fields["created"], tz=UTC),
        available_at=datetime.fromtimestamp(fields["available_on"], tz=UTC),
    )


def _moved_by(source: Any) -> str | None:
    """The object as we know objects: a charge is known by its payment intent, what arrives by the transfer it is of."""
    if not isinstance(source, Mapping):
        return None if source is None else str(source)
    for name in ("payment_intent", "source_transfer", "source_transfer_reversal"):
        if source["object"] in KNOWN_BY[name] and source.get(name):
            other = source[name]
            return str(other["id"] if isinstance(other, Mapping) else other)
    return str(source["id"])


KNOWN_BY = {
    "payment_intent": frozenset({"charge"}),
    "source_transfer": frozenset({"charge"}),
    "source_transfer_reversal": frozenset({"refund"}),
}
"""Which objects are known by which other: refunds and disputes name a payment intent too, and are known themselves."""
