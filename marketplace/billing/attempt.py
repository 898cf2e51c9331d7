"""One try at a shipper's card, and the plan of tries after a refusal."""

from datetime import timedelta
from uuid import UUID

from marketplace.billing.profile import Profile
from marketplace.billing.queries import TRY_CHARGE
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import OperationKind, want_operation

TRY_AGAIN_AFTER = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""After the first, second and third refusal; after the fourth nobody tries again until there is another card."""


async def try_charge(work: Work, profile: Profile, *, charge_id: UUID, amount: Money) -> None:
    """Has the card charged while its owner is away. Every try is an operation of its own, under the next number."""
    assert profile.card_id is not None, "without a card nothing is tried"
    number = await work.fetch_value(TRY_CHARGE, charge_id)
    await want_operation(
        work,
        market_id=profile.market_id,
        kind=OperationKind.CHARGE,
        subject_id=charge_id,
        number=number,
        amount=amount,
        params={
            "customer": profile.customer_id,
            "payment_method": profile.card_id,
            "off_session": True,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "transfer_group": str(charge_id),
        },
    )
