"""Reserves a driver's payable statements as one payout: the money is on hold before anybody talks to a gateway."""

from uuid import UUID

from marketplace.core.ids import DriverId, MarketId, PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, Entry, driver_wallet, hold_money
from marketplace.payouts.events import PayoutScheduled
from marketplace.payouts.models import Payout
from marketplace.payouts.queries import LINK_STATEMENTS, STATEMENTS_OF_A_PAYOUT, STATEMENTS_TO_PAY
from marketplace.payouts.states import PayoutState


async def statements_to_pay(work: Work, *, market_id: UUID, driver_id: UUID, currency: str) -> tuple[list[UUID], Money]:
    """A driver's statements that no payout has taken yet, oldest first, and their sum; the wallet is locked already."""
    rows = await work.fetch(STATEMENTS_TO_PAY, market_id, driver_id, currency, STATEMENTS_OF_A_PAYOUT)
    return [row["id"] for row in rows], Money(sum(row["total_minor"] for row in rows), currency)


async def reserve_payout(
    work: Work, *, market_id: MarketId, driver_id: DriverId, statement_ids: list[UUID], amount: Money
) -> PayoutId:
    """Holds the amount on the wallet, writes the payout and ties the statements to it: a payout equals its statements.

    The caller holds the wallet's lock, so that two payouts never take the same statement.
    """
    payout_id = PayoutId(work.new_id())
    hold_id = await hold_money(
        work,
        market_id=market_id,
        key=f"payout:{payout_id}:hold",
        kind="PAYOUT_HOLD",
        subject_id=payout_id,
        entry=Entry(debit=driver_wallet(driver_id), credit=GATEWAY_AVAILABLE, amount=amount),
    )
    await Payout.create(
        using_db=work.db,
        id=payout_id,
        market_id=market_id,
        driver_id=driver_id,
        state=PayoutState.SCHEDULED.value,
        amount_minor=amount.minor,
        currency=amount.currency,
        hold_id=hold_id,
        created_at=work.now,
    )
    linked = await work.execute(LINK_STATEMENTS, statement_ids, payout_id)
    assert linked == len(statement_ids), "a statement was taken while its wallet was locked"
    work.emit(
        PayoutScheduled(
            market_id=market_id,
            payout_id=payout_id,
            driver_id=driver_id,
            amount_minor=amount.minor,
            currency=amount.currency,
        )
    )
    return payout_id
