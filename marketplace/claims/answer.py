"""A driver is heard about a claim. Nothing is owed for an answer, and nothing for none."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.claims.file import claim_before, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import HEAR_DRIVER
from marketplace.claims.states import EntryKind
from marketplace.core.errors import Conflict
from marketplace.core.work import Work


class AnsweredAlready(Conflict):
    """The driver has answered this claim."""

    code = "ANSWERED_ALREADY"


async def answer_claim(work: Work, *, by: Party, claim_id: UUID, text: str, proof_ids: Sequence[UUID] = ()) -> None:
    """Puts the driver's statement into the file, once; after the time for it too, as long as nothing is decided."""
    claim = await claim_before(work, by, claim_id)
    if claim["heard_at"] is not None:
        raise AnsweredAlready("you have answered this claim; your words are in its file", field="claimId")
    await work.execute(HEAR_DRIVER, claim_id, work.now)
    await write_entry(work, claim, by, EntryKind.ANSWER, text, proof_ids=proof_ids)
