"""Reserves what is free on a payee's wallet as one payout, and has it transferred to the payee's own account."""

from uuid import UUID

from marketplace.core.ids import PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    GATEWAY_AVAILABLE,
    INSTANT_FEE_REVENUE,
    Entry,
    HoldId,
    LedgerAccount,
    Payee,
    hold_money,
)
from marketplace.markets import Dials
from marketplace.payouts.events import PayoutScheduled
from marketplace.payouts.models import Payout
from marketplace.payouts.operations import want_transfer
from marketplace.payouts.payable import Payable
from marketplace.payouts.states import PayoutState
from marketplace.payouts.terms import Terms

KEEP_ENTRIES = """
INSERT INTO payout_entry (posting_id, market_id, payout_id, kind, amount_minor)
SELECT posting_id, $1, $2, kind, amount_minor
FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS entry(posting_id, kind, amount_minor)
"""
# A statement of nothing has no journal; it goes along with the first payout after it.
LINK_STATEMENTS = """
UPDATE pay_statement SET payout_id = $2
WHERE (driver_id = $1 AND company_id IS NULL OR company_id = $1) AND state = 'PAYABLE' AND payout_id IS NULL
  AND (journal_id = ANY($3) OR journal_id IS NULL AND total_minor = 0)
"""


async def reserve_payout(
    work: Work, *, dials: Dials, payee: Payee, account: str, payable: Payable, terms: Terms
) -> PayoutId:
    """Holds the money on the wallet, writes the payout with its entries, and wants the transfer.

    The caller holds the wallet's lock, so that two payouts never take the same entry; the key of the entries makes
    sure of it.
    """
    payout_id = PayoutId(work.new_id())
    hold_id = await _hold(work, dials, payee, payout_id, "hold", terms.amount.minor, GATEWAY_AVAILABLE)
    fee_id = await _hold(work, dials, payee, payout_id, "fee", terms.fee_minor, INSTANT_FEE_REVENUE)
    debt_id = await _hold(work, dials, payee, payout_id, "debt", terms.debt_minor, payee.debt)
    await Payout.create(
        using_db=work.db,
        id=payout_id,
        market_id=dials.market_id,
        driver_id=payee.driver_id,
        company_id=payee.company_id,
        method=terms.method.value,
        state=PayoutState.SCHEDULED.value,
        amount_minor=terms.amount.minor,
        entries_minor=terms.entries_minor,
        carried_minor=terms.carried_minor,
        fee_minor=terms.fee_minor,
        debt_minor=terms.debt_minor,
        currency=terms.amount.currency,
        account=account,
        hold_id=hold_id,
        fee_hold_id=fee_id,
        debt_hold_id=debt_id,
        created_at=work.now,
    )
    await _keep_entries(work, dials.market_id, payee, payout_id, payable)
    await want_transfer(
        work, market_id=dials.market_id, payout_id=payout_id, account=account, amount=terms.amount, number=1
    )
    work.emit(
        PayoutScheduled(
            market_id=dials.market_id,
            payout_id=payout_id,
            driver_id=payee.driver_id,
            company_id=payee.company_id,
            amount_minor=terms.amount.minor,
            currency=terms.amount.currency,
        )
    )
    return payout_id


async def _hold(
    work: Work,
    dials: Dials,
    payee: Payee,
    payout_id: PayoutId,
    what_for: str,
    minor: int,
    credit: LedgerAccount,
) -> HoldId | None:
    if minor == 0:
        return None
    return await hold_money(
        work,
        market_id=dials.market_id,
        key=f"payout:{payout_id}:{what_for}",
        kind=f"PAYOUT_{what_for.upper()}",
        subject_id=payout_id,
        entry=Entry(debit=payee.wallet, credit=credit, amount=Money(minor, dials.currency)),
    )


async def _keep_entries(work: Work, market_id: UUID, payee: Payee, payout_id: UUID, payable: Payable) -> None:
    await work.execute(
        KEEP_ENTRIES,
        market_id,
        payout_id,
        [entry.posting_id for entry in payable.entries],
        [entry.kind for entry in payable.entries],
        [entry.amount_minor for entry in payable.entries],
    )
    await work.execute(LINK_STATEMENTS, payee.id, payout_id, [entry.journal_id for entry in payable.entries])
