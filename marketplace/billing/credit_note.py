"""Gives a shipper credit by hand: goodwill, or a note that takes back what was billed for a delivery.

A credit counts against what is collected next; money that was taken already goes back by a refund.
"""

from uuid import UUID

from marketplace.billing.line import NewLine, write_line
from marketplace.billing.profile import lock_profile
from marketplace.billing.queries import CREDITED_OF_DELIVERY, LOCK_DELIVERY
from marketplace.billing.refund import check_reason
from marketplace.billing.states import LineKind
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work


class CreditTooLarge(Conflict):
    """More than what stands on the bill for the delivery."""

    code = "CREDIT_TOO_LARGE"


async def grant_goodwill(work: Work, *, market_id: UUID, shipper_id: UUID, amount: Money, reason: str) -> UUID:
    """Credits a shipper at our expense, out of kindness; returns the id under which it is booked."""
    check_reason(reason)
    profile = await lock_profile(work, shipper_id=shipper_id, market_id=market_id)
    if profile is None:
        raise NotFound("there is no such shipper in this market", field="shipperId")
    if amount.minor <= 0 or amount.currency != profile.currency:
        raise Invalid(f"goodwill is at least one minor unit of {profile.currency}", field="amountMinor")
    goodwill_id = work.new_id()
    line = NewLine(
        key=f"goodwill:{goodwill_id}:granted",
        kind=LineKind.GOODWILL,
        market_id=market_id,
        shipper_id=shipper_id,
        amount=amount,
        subject_id=goodwill_id,
        line_id=goodwill_id,
        reason=reason.strip(),
    )
    await write_line(work, line)
    return goodwill_id


async def issue_credit_note(work: Work, *, market_id: UUID, delivery_id: UUID, amount: Money, reason: str) -> UUID:
    """Takes back a part or all of what was billed for a delivery, never more than that; returns the note's id."""
    check_reason(reason)
    # Notes about one delivery queue up at it, so that together they never exceed what was billed.
    row = await work.fetch_row(LOCK_DELIVERY, delivery_id)
    if row is None or row["market_id"] != market_id:
        raise NotFound("there is no such delivery", field="deliveryId")
    if amount.minor <= 0 or amount.currency != row["currency"]:
        raise Invalid(f"a credit note is at least one minor unit of {row['currency']}", field="amountMinor")
    left_minor = await work.fetch_value(CREDITED_OF_DELIVERY, delivery_id, row["shipper_id"])
    if amount.minor > left_minor:
        raise CreditTooLarge(f"{max(0, left_minor)} of this delivery can still be credited", field="amountMinor")
    note_id = work.new_id()
    line = NewLine(
        key=f"credit_note:{note_id}:issued",
        kind=LineKind.CREDIT_NOTE,
        market_id=market_id,
        shipper_id=row["shipper_id"],
        amount=amount,
        subject_id=note_id,
        line_id=note_id,
        delivery_id=delivery_id,
        batch_id=row["batch_id"],
        service_level=row["service_level"],
        reason=reason.strip(),
    )
    await write_line(work, line)
    return note_id
