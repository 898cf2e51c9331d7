"""A shipper puts a card on file: with a secret its browser gives the card to the provider, never to us."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing.profile import find_billing_of, want_customer
from marketplace.core.errors import Unavailable
from marketplace.core.work import Work, Works, outside
from marketplace.payments import PaymentProvider


class CustomerNotReady(Unavailable):
    """The provider is only now told of this shipper; the same call passes in a few seconds."""

    code = "CUSTOMER_NOT_READY"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSetup:
    """What the browser needs; the secret is good for one card and kept nowhere."""

    client_secret: str


async def set_up_card(works: Works, *, provider: PaymentProvider, shipper_id: UUID, billing_id: UUID) -> CardSetup:
    """Asks the provider for a secret; harmless to repeat. Whether the card was stored is learnt from its events."""
    async with works.open() as work:
        customer_id = await _customer(work, shipper_id=shipper_id, billing_id=billing_id)
    if customer_id is None:
        raise CustomerNotReady("your account at the payment provider is being opened; try again in a few seconds")
    outside()
    return CardSetup(client_secret=await provider.card_setup_secret(customer_id))


async def _customer(work: Work, *, shipper_id: UUID, billing_id: UUID) -> str | None:
    profile = await find_billing_of(work, billing_id=billing_id, shipper_id=shipper_id)
    await want_customer(work, profile)
    return profile.customer_id
