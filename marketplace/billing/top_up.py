"""A shipper pays ahead: its card is charged, and what was taken is prepaid money."""

from uuid import UUID

from marketplace.billing.attempt import try_charge
from marketplace.billing.collect import write_charge
from marketplace.billing.credit import PaymentRequired
from marketplace.billing.profile import find_billing_of, lock_profile
from marketplace.billing.states import Means
from marketplace.core.currencies import movable_part
from marketplace.core.errors import Invalid
from marketplace.core.money import Money
from marketplace.core.work import Work


async def top_up(work: Work, *, shipper_id: UUID, billing_id: UUID, amount_minor: int) -> UUID:
    """Wants the card charged for what is paid ahead; it can be used when the provider has taken it."""
    found = await find_billing_of(work, billing_id=billing_id, shipper_id=shipper_id)
    profile = await lock_profile(work, shipper_id=shipper_id, market_id=found.market_id)
    if profile is None or profile.card_id is None:
        raise PaymentRequired("you have no card on file; call setUpCard for one and try again")
    amount = Money(amount_minor, profile.currency)
    if amount.minor < 1 or movable_part(amount) != amount:
        raise Invalid(f"no card can be charged just {amount_minor} of {profile.currency}", field="amountMinor")
    charge_id = work.new_id()
    await write_charge(work, profile, charge_id=charge_id, means=Means.TOP_UP, amount=amount)
    await try_charge(work, profile, charge_id=charge_id, amount=amount)
    return charge_id
