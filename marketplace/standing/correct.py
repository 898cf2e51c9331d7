"""A driver says that a row of evidence is wrong, and a person answers."""

from typing import Any
from uuid import UUID

from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.work import Work
from marketplace.standing.compute import compute_standing
from marketplace.standing.events import EvidenceCorrected
from marketplace.standing.states import CorrectionState

LONGEST_TEXT = 500
LISTED_AT_MOST = 200

FIND = "SELECT market_id FROM standing_evidence WHERE id = $1 AND driver_id = $2"
# Asked twice for one row, the unique evidence keeps the first.
ASK = """
INSERT INTO standing_correction (id, market_id, driver_id, evidence_id, text, asked_at, state)
VALUES ($1, $2, $3, $4, $5, $6, 'OPEN') ON CONFLICT (evidence_id) DO NOTHING RETURNING id
"""
# Two operators at once: the second waits for the first's row and finds it decided.
ANSWER = """
UPDATE standing_correction SET state = $3, decided_by = $4, decided_at = $5, reason = $6
WHERE id = $1 AND market_id = $2 AND state = 'OPEN' RETURNING driver_id, evidence_id
"""
KNOWN = "SELECT true FROM standing_correction WHERE id = $1 AND market_id = $2"
OPEN = """
SELECT c.id, c.driver_id, c.evidence_id, c.text, c.asked_at, e.kind, e.is_good, e.value, e.occurred_at
FROM standing_correction c JOIN standing_evidence e ON e.id = c.evidence_id
WHERE c.market_id = $1 AND c.state = 'OPEN' ORDER BY c.asked_at, c.id LIMIT $2
"""


class CorrectionAsked(Conflict):
    """A correction of this row was asked for before."""

    code = "CORRECTION_ASKED"


class CorrectionDecided(Conflict):
    """Somebody has answered it meanwhile."""

    code = "CORRECTION_DECIDED"


async def ask_correction(work: Work, *, evidence_id: UUID, driver_id: UUID, text: str) -> UUID:
    """Keeps what a driver says against a row of their own evidence."""
    words = checked_text(text, "text", LONGEST_TEXT)
    market_id = await work.fetch_value(FIND, evidence_id, driver_id)
    if market_id is None:
        raise NotFound("there is no such evidence", field="evidenceId")
    correction_id: UUID | None = await work.fetch_value(
        ASK, work.new_id(), market_id, driver_id, evidence_id, words, work.now
    )
    if correction_id is None:
        raise CorrectionAsked("you have asked about this row before; the answer stands beside it")
    return correction_id


async def answer_correction(
    work: Work, *, correction_id: UUID, market_id: UUID, operator_id: UUID, is_upheld: bool, reason: str
) -> UUID:
    """A person decides; evidence whose correction is upheld counts no more. Returns the driver."""
    words = checked_text(reason, "reason", LONGEST_TEXT)
    state = CorrectionState.UPHELD if is_upheld else CorrectionState.REFUSED
    row = await work.fetch_row(ANSWER, correction_id, market_id, state.value, operator_id, work.now, words)
    if row is None:
        if await work.fetch_value(KNOWN, correction_id, market_id):
            raise CorrectionDecided("somebody has answered this already")
        raise NotFound("there is no such correction", field="correctionId")
    driver_id: UUID = row["driver_id"]
    await compute_standing(work, market_id=market_id, driver_id=driver_id)
    work.emit(
        EvidenceCorrected(market_id=market_id, driver_id=driver_id, evidence_id=row["evidence_id"], is_upheld=is_upheld)
    )
    return driver_id


async def open_corrections(work: Work, *, market_id: UUID) -> list[dict[str, Any]]:
    """What drivers have said and nobody has answered, longest waiting first."""
    return [dict(row) for row in await work.fetch(OPEN, market_id, LISTED_AT_MOST)]


def checked_text(text: str, field: str, longest: int) -> str:
    """A text that says something and is not too long."""
    if not 1 <= len(text.strip()) <= longest:
        raise Invalid(f"say it in 1 to {longest} characters", field=field)
    return text.strip()
