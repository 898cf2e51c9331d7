"""Whoever asks for something shows more: words and pictures, asked for or not."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.claims.file import check_room, claim_before, tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import MOVE_CLAIM
from marketplace.claims.states import ClaimState, EntryKind
from marketplace.core.work import Work


async def add_claim_evidence(
    work: Work, *, by: Party, claim_id: UUID, text: str, proof_ids: Sequence[UUID] = ()
) -> None:
    """Adds to the file; a claim that waited for it goes on."""
    claim = await claim_before(work, by, claim_id)
    await check_room(work, claim_id)
    await write_entry(work, claim, by, EntryKind.EVIDENCE, text, proof_ids=proof_ids)
    if ClaimState(claim["state"]) is ClaimState.NEEDS_EVIDENCE:
        await work.execute(MOVE_CLAIM, claim_id, ClaimState.OPEN.value, None)
        tell(work, claim, ClaimState.OPEN, claim["asked_minor"])
