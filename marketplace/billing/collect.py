"""Collects what stands on a shipper's bill: from the card, or from what it has prepaid. Each line is collected once."""

from uuid import UUID

from marketplace.billing.attempt import try_charge
from marketplace.billing.events import ChargeChanged
from marketplace.billing.line import carry_over
from marketplace.billing.profile import Profile
from marketplace.billing.queries import GIVE_TO_CHARGE, LINES_AT_ONCE, OPEN_LINES, WRITE_CHARGE
from marketplace.billing.states import ChargeState, Means, Terms
from marketplace.core.currencies import movable_part
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Entry, Overdrawn, post_journal, shipper_prepaid, shipper_receivable

MOST_CHARGES = 20
"""Most charges of one collection; it takes several where the gateway cannot move so much at a time."""


async def collect_lines(work: Work, profile: Profile) -> UUID | None:
    """Charges all lines that are open; the profile is locked. Returns the first charge; None where nothing is taken.

    Credits count against what is owed; where they are as much or more, all of it waits for the next time.
    """
    first: UUID | None = None
    for _ in range(MOST_CHARGES):
        charge_id = await _collect_once(work, profile)
        if charge_id is None:
            break
        first = first or charge_id
    return first


async def _collect_once(work: Work, profile: Profile) -> UUID | None:
    rows = await work.fetch(OPEN_LINES, profile.shipper_id, profile.market_id, LINES_AT_ONCE)
    total = Money(sum(row["amount_minor"] for row in rows), profile.currency)
    if total.minor <= 0 or profile.terms is Terms.INVOICE:
        return None
    charge_id, line_ids = work.new_id(), [row["id"] for row in rows]
    if profile.terms is Terms.PREPAID:
        return await _draw(work, profile, charge_id, line_ids, total)
    amount = movable_part(total)
    if profile.card_id is None or amount.minor <= 0:
        return None
    if (rest := total - amount).minor:
        market_id, shipper_id = profile.market_id, profile.shipper_id
        line_ids.append(await carry_over(work, market_id=market_id, shipper_id=shipper_id, amount=rest))
    await write_charge(work, profile, charge_id=charge_id, means=Means.CARD, amount=amount)
    await work.execute(GIVE_TO_CHARGE, line_ids, charge_id)
    await try_charge(work, profile, charge_id=charge_id, amount=amount)
    return charge_id


async def write_charge(work: Work, profile: Profile, *, charge_id: UUID, means: Means, amount: Money) -> None:
    """Writes the row of a charge; prepaid money is there at once, a card's is only wanted yet."""
    is_paid = means is Means.PREPAID
    state = ChargeState.PAID if is_paid else ChargeState.OPEN
    await work.execute(
        WRITE_CHARGE,
        charge_id,
        profile.market_id,
        profile.shipper_id,
        means.value,
        amount.minor,
        amount.currency,
        state.value,
        amount.minor if is_paid else 0,
        work.now,
        work.now if is_paid else None,
    )
    work.emit(
        ChargeChanged(
            market_id=profile.market_id,
            shipper_id=profile.shipper_id,
            charge_id=charge_id,
            state=state.value,
            amount_minor=amount.minor,
            currency=amount.currency,
        )
    )


async def _draw(work: Work, profile: Profile, charge_id: UUID, line_ids: list[UUID], total: Money) -> UUID | None:
    """Draws on what is prepaid; what that does not cover stays on the bill until more is paid in."""
    entry = Entry(
        debit=shipper_prepaid(profile.shipper_id), credit=shipper_receivable(profile.shipper_id), amount=total
    )
    try:
        await post_journal(
            work,
            market_id=profile.market_id,
            key=f"charge:{charge_id}:drawn",
            kind="PREPAID_DRAWN",
            subject_id=charge_id,
            entries=[entry],
        )
    except Overdrawn:
        return None
    await write_charge(work, profile, charge_id=charge_id, means=Means.PREPAID, amount=total)
    await work.execute(GIVE_TO_CHARGE, line_ids, charge_id)
    return charge_id
