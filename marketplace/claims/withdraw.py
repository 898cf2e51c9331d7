"""Whoever asked takes a claim back; another one can be opened afterwards, while there is time."""

from uuid import UUID

from marketplace.accounts import PrincipalKind
from marketplace.claims.file import claim_before, tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import MOVE_CLAIM
from marketplace.claims.states import ClaimState, EntryKind
from marketplace.core.errors import NotAllowed
from marketplace.core.work import Work


class NotYourClaim(NotAllowed):
    """A recipient takes back what a recipient has opened; the shipper, who is credited, takes back either."""

    code = "NOT_YOUR_CLAIM"


async def withdraw_claim(work: Work, *, by: Party, claim_id: UUID, text: str = "") -> None:
    """Ends the claim with nothing given, at the wish of its own side."""
    claim = await claim_before(work, by, claim_id, ClaimState.WITHDRAWN)
    if by.kind is PrincipalKind.RECIPIENT and claim["opened_by_kind"] != by.kind:
        raise NotYourClaim("the sender has opened this claim; only they can take it back", field="claimId")
    await work.execute(MOVE_CLAIM, claim_id, ClaimState.WITHDRAWN.value, work.now)
    await write_entry(work, claim, by, EntryKind.WITHDRAWN, text)
    tell(work, claim, ClaimState.WITHDRAWN, 0)
