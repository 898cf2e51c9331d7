"""An operator asks for more before deciding a claim."""

from uuid import UUID

from marketplace.claims.file import check_room, claim_before, tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import MOVE_CLAIM
from marketplace.claims.states import ClaimState, EntryKind
from marketplace.core.work import Work


async def ask_claim_evidence(work: Work, *, by: Party, claim_id: UUID, text: str) -> None:
    """Has the claim wait until whoever asks has shown what the text says."""
    claim = await claim_before(work, by, claim_id, ClaimState.NEEDS_EVIDENCE)
    await check_room(work, claim_id)
    await work.execute(MOVE_CLAIM, claim_id, ClaimState.NEEDS_EVIDENCE.value, None)
    await write_entry(work, claim, by, EntryKind.ASKED, text)
    tell(work, claim, ClaimState.NEEDS_EVIDENCE, claim["asked_minor"])
