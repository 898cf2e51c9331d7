"""A shipper whose bank asks it answers for that very charge: with a secret its browser goes on where we stopped.

What comes of it is learnt from the provider's events, as of every payment: the charge is PAID then, or is tried again
on its planned day, when this payment is called off first.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing.queries import CHARGE_OF_SHIPPER
from marketplace.billing.states import ChargeState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work, Works, outside
from marketplace.payments import ObjectKind, PaymentProvider, known_objects

WAITS_FOR_ITS_OWNER = frozenset({"requires_action", "requires_payment_method", "requires_confirmation"})
"""The provider's states of a payment that its payer can still complete."""


class NothingToAuthenticate(Conflict):
    """The charge does not wait for its owner, or its payment was called off and is tried again."""

    code = "NOTHING_TO_AUTHENTICATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAuthentication:
    """What the browser needs; the secret is good for this payment only, and kept nowhere."""

    client_secret: str
    card_id: str | None


async def authenticate_charge(
    works: Works, *, provider: PaymentProvider, shipper_id: UUID, charge_id: UUID
) -> ChargeAuthentication:
    """Asks the provider for the secret of the payment that waits; harmless to repeat."""
    async with works.open() as work:
        intent_id = await _waiting_payment(work, shipper_id=shipper_id, charge_id=charge_id)
    outside()
    secret = await provider.payment_secret(intent_id)
    if secret is None:
        raise NothingToAuthenticate("this payment is over; see what became of the charge", field="chargeId")
    return ChargeAuthentication(client_secret=secret.client_secret, card_id=secret.card_id)


async def _waiting_payment(work: Work, *, shipper_id: UUID, charge_id: UUID) -> str:
    charge = await work.fetch_row(CHARGE_OF_SHIPPER, charge_id, shipper_id)
    if charge is None:
        raise NotFound("there is no such charge of yours", field="chargeId")
    if charge["state"] != ChargeState.ACTION_REQUIRED:
        raise NothingToAuthenticate("this charge does not wait for you; see its state", field="chargeId")
    intents = await known_objects(work, kind=ObjectKind.PAYMENT_INTENT, subject_id=charge_id)
    waiting = [intent.id for intent in intents if intent.state in WAITS_FOR_ITS_OWNER]
    if not waiting:
        raise NothingToAuthenticate("this payment is not known yet, or was called off; try again in a few seconds")
    return waiting[-1]
