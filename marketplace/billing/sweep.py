"""What of a market's billing is due or was left behind: rows are the truth, so that a lost job loses no money."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.billing.queries import (
    CHARGES_LEFT_BEHIND,
    CHARGES_TO_SETTLE,
    DUE_CHARGES,
    DUE_PROFILES,
    INVOICES_LEFT_BEHIND,
    INVOICES_TO_SETTLE,
    OVERDUE_PROFILES,
    REFUNDS_LEFT_BEHIND,
    SWEPT_AT_ONCE,
)
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.reservations import UNSETTLED

LEFT_BEHIND_AFTER = timedelta(minutes=1)
"""By then the job that follows from the end of an operation has long run, unless it is lost."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """A job that somebody should run: its kind, and whom it is about."""

    kind: str
    subject_id: UUID


async def sweep_billing(work: Work, *, market_id: MarketId) -> list[DueWork]:
    """Everything that is due in a market, a bounded number of each kind."""
    before = work.now - LEFT_BEHIND_AFTER
    due: list[DueWork] = []
    for kind, question, moment in (
        ("close_period", DUE_PROFILES, work.now),
        ("retry_charge", DUE_CHARGES, work.now),
        ("settle_charge", CHARGES_TO_SETTLE, work.now),
        ("settle_charge", CHARGES_LEFT_BEHIND, before),
        ("settle_refund", REFUNDS_LEFT_BEHIND, before),
        ("settle_invoice", INVOICES_LEFT_BEHIND, before),
        ("settle_invoice", INVOICES_TO_SETTLE, work.now),
        ("refresh_standing", OVERDUE_PROFILES, work.now),
        ("charge_reservation", UNSETTLED, work.now),
    ):
        due += [DueWork(kind, row["id"]) for row in await work.fetch(question, market_id, moment, SWEPT_AT_ONCE)]
    return list(dict.fromkeys(due))
