"""Gives a shipper money of a charge back: all of it or a part, never more than was taken and not yet given back."""

from uuid import UUID

import asyncpg

from marketplace.billing.events import RefundChanged
from marketplace.billing.queries import (
    CHARGE_OF_DELIVERY,
    DELIVERY_IN_CHARGE,
    LOCK_CHARGE,
    RESERVE_REFUND,
    WRITE_REFUND,
)
from marketplace.billing.states import ChargeState, Means, RefundState
from marketplace.core.currencies import movable_part
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, Entry, Overdrawn, post_journal, shipper_prepaid, shipper_receivable
from marketplace.payments import OperationKind, want_operation

LONGEST_REASON = 200


class NotRefundable(Conflict):
    """The charge was not paid, is disputed, or was not what this delivery was paid by."""

    code = "NOT_REFUNDABLE"


class RefundTooLarge(Conflict):
    """More than what was taken and is not yet given back."""

    code = "REFUND_TOO_LARGE"


async def refund_charge(
    work: Work, *, market_id: UUID, charge_id: UUID, amount: Money, reason: str, delivery_id: UUID | None = None
) -> UUID:
    """Wants a refund and books the credit; the money follows when the provider has sent it. Returns the refund's id."""
    check_reason(reason)
    # Refunds of one charge queue up here; the table's own constraint would refuse what slipped through.
    charge = await work.fetch_row(LOCK_CHARGE, charge_id)
    if charge is None or charge["market_id"] != market_id:
        raise NotFound("there is no such charge", field="chargeId")
    if charge["state"] != ChargeState.PAID or charge["disputed_minor"]:
        raise NotRefundable("only a charge that is paid and not disputed can be refunded", field="chargeId")
    if amount.minor <= 0 or amount.currency != charge["currency"]:
        raise Invalid(f"a refund is at least one minor unit of {charge['currency']}", field="amountMinor")
    if charge["means"] != Means.PREPAID and movable_part(amount) != amount:
        raise Invalid(f"no card can be given back just {amount.minor} of {amount.currency}", field="amountMinor")
    if delivery_id is not None:
        left_minor = await work.fetch_value(DELIVERY_IN_CHARGE, charge_id, delivery_id)
        if amount.minor > left_minor:
            raise RefundTooLarge(f"{left_minor} of this delivery can still be refunded", field="amountMinor")
    if await work.fetch_value(RESERVE_REFUND, charge_id, amount.minor) is None:
        left_minor = charge["captured_minor"] - charge["refunded_minor"]
        raise RefundTooLarge(f"{left_minor} of this charge can still be refunded", field="amountMinor")
    return await _write(work, charge, amount, reason, delivery_id)


async def refund_delivery(work: Work, *, market_id: UUID, delivery_id: UUID, amount: Money | None, reason: str) -> UUID:
    """Refunds what a delivery was charged, or a part of it; None is all that is left of it."""
    row = await work.fetch_row(CHARGE_OF_DELIVERY, delivery_id)
    if row is None or row["market_id"] != market_id:
        raise NotFound("there is no such delivery on a bill", field="deliveryId")
    if row["charge_id"] is None:
        raise NotRefundable("this delivery is not charged yet or stands on an invoice; use a credit note")
    charge = await work.fetch_row(LOCK_CHARGE, row["charge_id"])
    assert charge is not None, "charges are never removed"
    left_minor = await work.fetch_value(DELIVERY_IN_CHARGE, charge["id"], delivery_id)
    left = Money(min(left_minor, charge["captured_minor"] - charge["refunded_minor"]), charge["currency"])
    wanted = amount or (left if charge["means"] == Means.PREPAID else movable_part(left))
    return await refund_charge(
        work, market_id=market_id, charge_id=charge["id"], amount=wanted, reason=reason, delivery_id=delivery_id
    )


def check_reason(reason: str) -> None:
    """Whoever gives money back says why."""
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(f"a reason has 1 to {LONGEST_REASON} characters", field="reason")


async def _write(work: Work, charge: asyncpg.Record, amount: Money, reason: str, delivery_id: UUID | None) -> UUID:
    refund_id, is_prepaid = work.new_id(), charge["means"] == Means.PREPAID
    state = RefundState.PAID if is_prepaid else RefundState.SENDING
    await work.execute(
        WRITE_REFUND,
        refund_id,
        charge["market_id"],
        charge["shipper_id"],
        charge["id"],
        delivery_id,
        amount.minor,
        amount.currency,
        reason.strip(),
        state.value,
        work.now,
        work.now if is_prepaid else None,
    )
    await _book(work, charge, refund_id, amount)
    if not is_prepaid:
        await want_operation(
            work,
            market_id=charge["market_id"],
            kind=OperationKind.REFUND,
            subject_id=refund_id,
            amount=amount,
            params={"payment_intent": charge["intent_id"]},
        )
    work.emit(
        RefundChanged(
            market_id=charge["market_id"],
            shipper_id=charge["shipper_id"],
            refund_id=refund_id,
            charge_id=charge["id"],
            state=state.value,
            amount_minor=amount.minor,
            currency=amount.currency,
        )
    )
    return refund_id


async def _book(work: Work, charge: asyncpg.Record, refund_id: UUID, amount: Money) -> None:
    prepaid, receivable = shipper_prepaid(charge["shipper_id"]), shipper_receivable(charge["shipper_id"])
    entry = {
        Means.CARD: Entry(debit=DELIVERY_REVENUE, credit=receivable, amount=amount),
        Means.PREPAID: Entry(debit=DELIVERY_REVENUE, credit=prepaid, amount=amount),
        Means.TOP_UP: Entry(debit=prepaid, credit=receivable, amount=amount),
    }[Means(charge["means"])]
    try:
        await post_journal(
            work,
            market_id=charge["market_id"],
            key=f"refund:{refund_id}:credit",
            kind="REFUND_CREDIT",
            subject_id=refund_id,
            entries=[entry],
        )
    except Overdrawn:
        raise RefundTooLarge("so much of what was prepaid is not there any more", field="amountMinor") from None
