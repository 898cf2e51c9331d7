"""Books a movement at the provider that is not of our doing: an operator says what it was, and answers for it."""

from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from marketplace.accounts import note_action
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    OWNER_FUNDS,
    SUSPENSE,
    Entry,
    JournalId,
    LedgerAccount,
    post_journal,
)
from marketplace.payments.reconcile import BOOKED_BY_HAND

MOVEMENT = """
SELECT movement.net_minor, movement.currency, movement.account, object.id IS NOT NULL AS is_ours,
       booked.market_id AS booked_in
FROM stripe_movement AS movement LEFT JOIN stripe_object AS object ON object.id = movement.object_id
LEFT JOIN journal AS booked ON booked.key = 'movement:' || movement.id || ':book'
WHERE movement.id = $1
"""


class BookedAs(StrEnum):
    """What a movement on our own account was: money of the company's own, a fee, or not known yet."""

    OWNER_FUNDS = "OWNER_FUNDS"
    PROVIDER_FEE = "PROVIDER_FEE"
    UNKNOWN = "UNKNOWN"


OTHER_SIDE: dict[BookedAs, LedgerAccount] = {
    BookedAs.OWNER_FUNDS: OWNER_FUNDS,
    BookedAs.PROVIDER_FEE: GATEWAY_FEE,
    BookedAs.UNKNOWN: SUSPENSE,
}


class MovementIsOurs(Conflict):
    """The movement belongs to a charge, a refund or a payout: the ledger learns of it there and nowhere else."""

    code = "MOVEMENT_IS_OURS"


class MovementBooked(Conflict):
    """The movement stands in another market's ledger; money is booked once."""

    code = "MOVEMENT_BOOKED"


async def book_movement(
    work: Work, *, market_id: MarketId, movement_id: str, booked_as: BookedAs, operator_id: OperatorId
) -> JournalId:
    """Posts a foreign movement on our own account to the ledger of one market, once; who did it is written down.

    What is booked as UNKNOWN stands in suspense, where it stays in sight.
    """
    row = await work.fetch_row(MOVEMENT, movement_id)
    if row is None or row["account"] is not None or row["net_minor"] == 0:
        raise NotFound("there is no such movement on our own account")
    if row["is_ours"]:
        raise MovementIsOurs("this movement is of our own doing; its charge, refund or payout books it")
    if row["booked_in"] not in {None, market_id}:
        raise MovementBooked("this movement is booked in another market")
    other, amount = OTHER_SIDE[booked_as], Money(abs(row["net_minor"]), row["currency"])
    debit, credit = (GATEWAY_AVAILABLE, other) if row["net_minor"] > 0 else (other, GATEWAY_AVAILABLE)
    subject_id = movement_subject(movement_id)
    journal_id = await post_journal(
        work,
        market_id=market_id,
        key=f"movement:{movement_id}:book",
        kind=BOOKED_BY_HAND,
        subject_id=subject_id,
        entries=[Entry(debit=debit, credit=credit, amount=amount)],
    )
    await note_action(
        work,
        operator_id=operator_id,
        market_id=market_id,
        verb="bookMovement",
        subject_id=subject_id,
        details={"movement": movement_id, "booked_as": booked_as.value, "net_minor": row["net_minor"]},
    )
    return journal_id


def movement_subject(movement_id: str) -> UUID:
    """The id under which the ledger knows a movement of the provider: the same for ever."""
    return uuid5(NAMESPACE_URL, f"movement:{movement_id}")
