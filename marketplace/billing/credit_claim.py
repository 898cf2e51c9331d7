"""Credits a shipper for goods that came damaged, or not, or were others: once for each claim that was accepted."""

from uuid import UUID

from marketplace.billing.line import NewLine, write_line
from marketplace.billing.profile import lock_profile
from marketplace.billing.states import LineKind
from marketplace.core.errors import NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work


async def credit_claim(work: Work, *, market_id: UUID, shipper_id: UUID, claim_id: UUID, amount: Money) -> UUID:
    """Books what was accepted and puts it on the shipper's bill; returns the id of the credit.

    The goods are worth more than their delivery cost, so the line is of no delivery: credit notes and refunds of the
    price stay what they are. The caller holds the lock of the claim.
    """
    if await lock_profile(work, shipper_id=shipper_id, market_id=market_id) is None:
        raise NotFound("this shipper has no billing terms in this market; give it some first")
    credit_id = work.new_id()
    line = NewLine(
        key=f"claim:{claim_id}:accepted",
        kind=LineKind.CLAIM,
        market_id=market_id,
        shipper_id=shipper_id,
        amount=amount,
        subject_id=claim_id,
        line_id=credit_id,
        reason=f"claim {claim_id.hex}",
    )
    await write_line(work, line)
    return credit_id
