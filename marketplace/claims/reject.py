"""A person rejects a claim and says why."""

from uuid import UUID

from marketplace.claims.file import claim_before, tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import REJECT_CLAIM
from marketplace.claims.states import ClaimState, EntryKind
from marketplace.core.work import Work


async def reject_claim(work: Work, *, by: Party, claim_id: UUID, reason: str) -> None:
    """Ends the claim with nothing given. It harms no driver, so it need not wait for one to be heard."""
    claim = await claim_before(work, by, claim_id, ClaimState.REJECTED)
    await work.execute(REJECT_CLAIM, claim_id, by.id, work.now)
    await write_entry(work, claim, by, EntryKind.REJECTED, reason)
    tell(work, claim, ClaimState.REJECTED, 0)
