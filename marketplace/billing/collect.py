"""Collects what stands on a shipper's bill: from the card, or from what it has prepaid. Each line is collected once."""

from uuid import UUID

from marketplace.billing.attempt import try_charge
from marketplace.billing.events import ChargeChanged
from marketplace.billing.line import carry_over
from marketplace.billing.profile import Profile
from marketplace.billing.queries import GIVE_TO_CHARGE, LINES_AT_ONCE, OPEN_LINES, PREPAID, WRITE_CHARGE
from marketplace.billing.states import ChargeState, Means, Shortfall, Terms
from marketplace.core.currencies import movable_part
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Entry, Overdrawn, post_journal, shipper_prepaid, shipper_receivable

MOST_CHARGES = 20
"""Most charges of one collection; it takes several where the gateway cannot move so much at a time."""


async def collect_lines(work: Work, profile: Profile, *, tries_card: bool = True) -> UUID | None:
    """Charges all lines that are open; the profile is locked. Returns the first charge; None where nothing is taken.

    Prepaid money is drawn as far as it goes; what it does not cover waits, or is charged to the card where the profile
    says so and the moment for that has come (`tries_card`). Credits count against what is owed; where they are as much
    or more, all of it waits for the next time.
    """
    first: UUID | None = None
    for _ in range(MOST_CHARGES):
        charge_id = await _collect_once(work, profile, tries_card=tries_card)
        if charge_id is None:
            break
        first = first or charge_id
    return first


async def _collect_once(work: Work, profile: Profile, *, tries_card: bool) -> UUID | None:
    rows = await work.fetch(OPEN_LINES, profile.shipper_id, profile.market_id, LINES_AT_ONCE)
    total = Money(sum(row["amount_minor"] for row in rows), profile.currency)
    if total.minor <= 0 or profile.terms is Terms.INVOICE:
        return None
    line_ids = [row["id"] for row in rows]
    if profile.terms is Terms.PREPAID:
        drawn = await _draw(work, profile, line_ids, total)
        if drawn is not None or profile.shortfall is not Shortfall.CARD:
            return drawn
    return await _charge_card(work, profile, line_ids, total) if tries_card else None


async def _charge_card(work: Work, profile: Profile, line_ids: list[UUID], total: Money) -> UUID | None:
    amount = movable_part(total)
    if profile.card_id is None or amount.minor <= 0:
        return None
    charge_id = work.new_id()
    line_ids = await _without_rest(work, profile, line_ids, total - amount)
    await write_charge(work, profile, charge_id=charge_id, means=Means.CARD, amount=amount)
    await work.execute(GIVE_TO_CHARGE, line_ids, charge_id)
    await try_charge(work, profile, charge_id=charge_id, amount=amount)
    return charge_id


async def _without_rest(work: Work, profile: Profile, line_ids: list[UUID], rest: Money) -> list[UUID]:
    """The lines of one charge, and where it cannot take all of them, the line that leaves the rest open."""
    if not rest.minor:
        return line_ids
    market_id, shipper_id = profile.market_id, profile.shipper_id
    return [*line_ids, await carry_over(work, market_id=market_id, shipper_id=shipper_id, amount=rest)]


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


async def _draw(work: Work, profile: Profile, line_ids: list[UUID], total: Money) -> UUID | None:
    """Draws what is prepaid, as far as it goes and never below nothing; the rest stays open on the bill."""
    prepaid, charge_id = shipper_prepaid(profile.shipper_id), work.new_id()
    code = prepaid.code(profile.market_id, profile.currency)
    held_minor: int = await work.fetch_value(PREPAID, profile.market_id, code) or 0
    amount = Money(min(total.minor, held_minor), profile.currency)
    if amount.minor <= 0:
        return None
    entry = Entry(debit=prepaid, credit=shipper_receivable(profile.shipper_id), amount=amount)
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
        return None  # a refund was faster; all of it waits for the next time
    line_ids = await _without_rest(work, profile, line_ids, total - amount)
    await write_charge(work, profile, charge_id=charge_id, means=Means.PREPAID, amount=amount)
    await work.execute(GIVE_TO_CHARGE, line_ids, charge_id)
    return charge_id
