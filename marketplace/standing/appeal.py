"""A suspended driver asks for another person's decision."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.work import Work
from marketplace.standing.correct import checked_text
from marketplace.standing.decide import APPEAL_WITHIN
from marketplace.standing.events import SuspensionAppealed
from marketplace.standing.states import SuspensionState

LONGEST_APPEAL = 2_000
LONGEST_EVIDENCE = 500
EVIDENCE_AT_MOST = 20

# Asked twice at once: the second waits here and finds the first's appeal.
LOCK = "SELECT * FROM suspension WHERE id = $1 AND driver_id = $2 FOR UPDATE"
APPEAL = "UPDATE suspension SET appealed_at = $2, appeal_text = $3, appeal_evidence = $4::jsonb WHERE id = $1"


class NothingToAppeal(Conflict):
    """There is no decision to appeal, it was appealed before, or the time to do so is over."""

    code = "NOTHING_TO_APPEAL"


async def appeal_suspension(
    work: Work, *, suspension_id: UUID, driver_id: UUID, text: str, evidence: Sequence[str] = ()
) -> None:
    """Keeps the appeal of a driver whose suspension was confirmed, during the notice already."""
    words = checked_text(text, "text", LONGEST_APPEAL)
    if len(evidence) > EVIDENCE_AT_MOST:
        raise Invalid(f"show at most {EVIDENCE_AT_MOST} things", field="evidence")
    shown = [checked_text(one, "evidence", LONGEST_EVIDENCE) for one in evidence]
    row = await work.fetch_row(LOCK, suspension_id, driver_id)
    if row is None:
        raise NotFound("there is no such suspension", field="suspensionId")
    if row["state"] != SuspensionState.CONFIRMED.value:
        raise NothingToAppeal("there is no decision against you here")
    if row["appealed_at"] is not None:
        raise NothingToAppeal("you have appealed before; the answer will stand in the file")
    if work.now >= row["effective_at"] + APPEAL_WITHIN:
        raise NothingToAppeal("the time to appeal is over")
    await work.execute(APPEAL, suspension_id, work.now, words, orjson.dumps(shown).decode())
    work.emit(SuspensionAppealed(market_id=row["market_id"], driver_id=driver_id, suspension_id=suspension_id))
