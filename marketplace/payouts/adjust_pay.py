"""Operations add to a driver's pay, or write down what a driver owes; the reason and what shows it stay with it."""

from uuid import UUID

from marketplace.accounts import note_action
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import DriverId, OperatorId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GOODWILL, Entry, driver_debt, driver_wallet, post_journal
from marketplace.payouts.events import DriverPayAdjusted
from marketplace.payouts.models import PayAdjustment

LARGEST_MINOR = 10**9
LONGEST_REASON = 200
LONGEST_EVIDENCE = 500

FIND_DRIVER = """
SELECT driver.market_id, market.currency FROM driver JOIN market ON market.id = driver.market_id
WHERE driver.id = $1
  AND EXISTS (SELECT FROM operator WHERE id = $2 AND (market_id IS NULL OR market_id = driver.market_id))
"""


class BadAdjustment(Invalid):
    """An adjustment of nothing, of too much, or without a reason."""

    code = "BAD_ADJUSTMENT"


async def adjust_driver_pay(
    work: Work, *, driver_id: DriverId, operator_id: OperatorId, amount_minor: int, reason: str, evidence: str
) -> UUID:
    """Puts an amount on the driver's wallet; one below nothing becomes a debt that later pay repays in part.

    A wallet is never lowered: what a driver has earned stays theirs, and tips repay nothing.
    """
    driver = await work.fetch_row(FIND_DRIVER, driver_id, operator_id)
    if driver is None:
        raise NotFound("there is no such driver")
    if amount_minor == 0 or abs(amount_minor) > LARGEST_MINOR:
        raise BadAdjustment(f"an adjustment is 1 to {LARGEST_MINOR:,} minor units, or minus that", field="amountMinor")
    if not 0 < len(reason.strip()) <= LONGEST_REASON or not 0 < len(evidence.strip()) <= LONGEST_EVIDENCE:
        raise BadAdjustment("say why, and what shows it: a ticket, a report, a route", field="reason")
    adjustment_id, amount = work.new_id(), Money(abs(amount_minor), driver["currency"])
    is_more = amount_minor > 0
    entry = (
        Entry(debit=GOODWILL, credit=driver_wallet(driver_id), amount=amount)
        if is_more
        else Entry(debit=driver_debt(driver_id), credit=GOODWILL, amount=amount)
    )
    journal_id = await post_journal(
        work,
        market_id=driver["market_id"],
        key=f"adjustment:{adjustment_id}:{'pay' if is_more else 'debt'}",
        kind="PAY_ADJUSTMENT" if is_more else "DRIVER_DEBT",
        subject_id=adjustment_id,
        entries=[entry],
    )
    await PayAdjustment.create(
        using_db=work.db,
        id=adjustment_id,
        market_id=driver["market_id"],
        driver_id=driver_id,
        operator_id=operator_id,
        amount_minor=amount_minor,
        currency=amount.currency,
        reason=reason.strip(),
        evidence=evidence.strip(),
        journal_id=journal_id,
        created_at=work.now,
    )
    await note_action(
        work,
        operator_id=operator_id,
        market_id=driver["market_id"],
        verb="adjustDriverPay",
        subject_id=driver_id,
        details={"amount_minor": amount_minor, "currency": amount.currency, "reason": reason.strip()},
    )
    work.emit(
        DriverPayAdjusted(
            market_id=driver["market_id"],
            adjustment_id=adjustment_id,
            driver_id=driver_id,
            amount_minor=amount_minor,
            currency=amount.currency,
        )
    )
    return adjustment_id
