"""A payout's row as a value, locked while it takes a step."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.core.ids import CompanyId, DriverId, MarketId, PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payouts.states import PayoutMethod, PayoutState

LOCK = """
SELECT id, market_id, driver_id, company_id, method, state, amount_minor, carried_minor, fee_minor, currency, account,
       hold_id, fee_hold_id, debt_hold_id, sends, booked_sends, failures, returned_send, reason, retry_at,
       is_given_back, transferred_at, arrives_at, settled_at, reversed_minor, owed_minor
FROM payout WHERE id = $1 FOR NO KEY UPDATE
"""
CHANGE = """
UPDATE payout SET method = $2, state = $3, carried_minor = $4, fee_minor = $5, sends = $6, booked_sends = $7,
       failures = $8, returned_send = $9, reason = $10, retry_at = $11, is_given_back = $12, transferred_at = $13,
       arrives_at = $14, settled_at = $15, fee_hold_id = $16, reversed_minor = $17, owed_minor = $18
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRow:
    """A payout as it stands."""

    id: PayoutId
    market_id: MarketId
    driver_id: DriverId | None
    company_id: CompanyId | None
    method: PayoutMethod
    state: PayoutState
    amount_minor: int
    carried_minor: int
    fee_minor: int
    currency: str
    account: str
    hold_id: UUID
    fee_hold_id: UUID | None
    debt_hold_id: UUID | None
    sends: int
    booked_sends: int
    failures: int
    returned_send: int
    reason: str | None
    retry_at: datetime | None
    is_given_back: bool
    transferred_at: datetime | None
    arrives_at: datetime | None
    settled_at: datetime | None
    reversed_minor: int
    owed_minor: int

    @property
    def payee(self) -> Payee:
        """Who gets it."""
        return Payee(driver_id=self.driver_id, company_id=self.company_id)

    @property
    def amount(self) -> Money:
        """What shall arrive."""
        return Money(self.amount_minor, self.currency)

    @property
    def left_minor(self) -> int:
        """What of it was not taken back at the provider."""
        return self.amount_minor - self.reversed_minor

    @property
    def about(self) -> dict[str, Any]:
        """What every event of a payout names."""
        return {
            "market_id": self.market_id,
            "payout_id": self.id,
            "driver_id": self.driver_id,
            "company_id": self.company_id,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
        }


async def lock_payout(work: Work, payout_id: PayoutId) -> PayoutRow | None:
    """The payout, which nobody else moves before this Work ends."""
    row = await work.fetch_row(LOCK, payout_id)
    if row is None:
        return None
    values = dict(row) | {"method": PayoutMethod(row["method"]), "state": PayoutState(row["state"])}
    return PayoutRow(**values)


async def change_payout(work: Work, payout: PayoutRow, **changes: Any) -> PayoutRow:
    """Writes what has changed of a locked payout."""
    after = replace(payout, **changes)
    if after != payout:
        await work.execute(
            CHANGE,
            after.id,
            after.method.value,
            after.state.value,
            after.carried_minor,
            after.fee_minor,
            after.sends,
            after.booked_sends,
            after.failures,
            after.returned_send,
            after.reason,
            after.retry_at,
            after.is_given_back,
            after.transferred_at,
            after.arrives_at,
            after.settled_at,
            after.fee_hold_id,
            after.reversed_minor,
            after.owed_minor,
        )
    return after
