"""A person accepts a claim, in whole or in part: the shipper is credited, once, and the driver pays nothing by it."""

from uuid import UUID

import asyncpg

from marketplace.billing import credit_claim
from marketplace.claims.file import claim_before, tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import ACCEPT_CLAIM
from marketplace.claims.states import ClaimState, EntryKind
from marketplace.core.errors import Conflict, Invalid
from marketplace.core.money import Money
from marketplace.core.work import Work


class HearingOpen(Conflict):
    """The driver has not answered and still has time for it."""

    code = "HEARING_OPEN"


class OverLimit(Invalid):
    """More than was asked for, or than is given back for one delivery."""

    code = "OVER_CLAIM_LIMIT"


async def accept_claim(work: Work, *, by: Party, claim_id: UUID, accepted_minor: int, reason: str) -> UUID:
    """Accepts up to what was asked and the limit of the claim; returns the id of the credit on the shipper's bill."""
    # The lock closes the race of two decisions at once: the second one finds the claim decided.
    claim = await claim_before(work, by, claim_id, ClaimState.ACCEPTED)
    _check_heard(work, claim)
    most_minor = min(claim["asked_minor"], claim["limit_minor"])
    if not 1 <= accepted_minor <= most_minor:
        raise OverLimit(f"accept 1 to {most_minor} {claim['currency']} (minor units), or reject", field="acceptedMinor")
    credit_id = await credit_claim(
        work,
        market_id=claim["market_id"],
        shipper_id=claim["shipper_id"],
        claim_id=claim_id,
        amount=Money(accepted_minor, claim["currency"]),
    )
    await work.execute(ACCEPT_CLAIM, claim_id, accepted_minor, credit_id, by.id, work.now)
    await write_entry(work, claim, by, EntryKind.ACCEPTED, reason, amount_minor=accepted_minor)
    tell(work, claim, ClaimState.ACCEPTED, accepted_minor)
    return credit_id


def _check_heard(work: Work, claim: asyncpg.Record) -> None:
    if claim["heard_by"] is not None and claim["heard_at"] is None and work.now < claim["heard_by"]:
        raise HearingOpen(f"the driver can answer until {claim['heard_by']:%Y-%m-%d %H:%M} UTC", field="claimId")
