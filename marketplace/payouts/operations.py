"""What a payout asks of the payment provider: a transfer to the driver's own account, and a payout from there."""

from uuid import UUID

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import OperationKind, want_operation
from marketplace.payouts.states import PayoutMethod


async def want_transfer(
    work: Work, *, market_id: UUID, payout_id: UUID, account: str, amount: Money, number: int
) -> None:
    """Wants the money moved from us to the driver's own account."""
    await want_operation(
        work,
        market_id=market_id,
        kind=OperationKind.TRANSFER,
        subject_id=payout_id,
        params={"destination": account},
        amount=amount,
        number=number,
    )


async def want_send(
    work: Work,
    *,
    market_id: UUID,
    payout_id: UUID,
    account: str,
    amount: Money,
    method: PayoutMethod,
    number: int,
) -> None:
    """Wants the money moved from the driver's own account to their bank or card."""
    await want_operation(
        work,
        market_id=market_id,
        kind=OperationKind.PAYOUT,
        subject_id=payout_id,
        params={"method": method.value.lower()},
        account=account,
        amount=amount,
        number=number,
    )
