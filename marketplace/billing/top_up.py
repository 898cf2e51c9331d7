"""A shipper pays ahead: its card is charged, and what was taken is prepaid money."""

from uuid import UUID

from marketplace.billing.attempt import try_charge
from marketplace.billing.collect import write_charge
from marketplace.billing.credit import PaymentRequired
from marketplace.billing.profile import lock_profile
from marketplace.billing.states import Means
from marketplace.core.errors import Invalid
from marketplace.core.money import Money
from marketplace.core.work import Work

LARGEST_TOP_UP_MINOR = 10**12


async def top_up(work: Work, *, shipper_id: UUID, market_id: UUID, amount: Money) -> UUID:
    """Wants the card charged for what is paid ahead; it can be used when the provider has taken it."""
    profile = await lock_profile(work, shipper_id=shipper_id, market_id=market_id)
    if profile is None or profile.card_id is None:
        raise PaymentRequired("you have no card on file; set one up with setUpCard and try again")
    if not 1 <= amount.minor <= LARGEST_TOP_UP_MINOR or amount.currency != profile.currency:
        raise Invalid(f"a top-up is 1 to {LARGEST_TOP_UP_MINOR} minor units of {profile.currency}", field="amountMinor")
    charge_id = work.new_id()
    await write_charge(work, profile, charge_id=charge_id, means=Means.TOP_UP, amount=amount)
    await try_charge(work, profile, charge_id=charge_id, amount=amount)
    return charge_id
