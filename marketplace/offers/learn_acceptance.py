"""A market learns from the answers to its own offers which offers are taken."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.matching.acceptance import OfferFacts
from marketplace.matching.fitting import fit
from marketplace.offers.states import OfferState

ANSWERS_AT_MOST = 5_000
"""So many of the latest answers are learnt from."""
NEW_ANSWERS = 20
"""With fewer new answers than this a market goes by what it has."""

LATEST = "SELECT version, answered_until FROM acceptance_model WHERE market_id = $1 ORDER BY version DESC LIMIT 1"
# A yes, a no, and silence are answers. An offer that was taken back because somebody was faster says nothing.
ANSWERS = """
SELECT state, facts, ended_at FROM offer
WHERE market_id = $1 AND state IN ('ACCEPTED', 'DECLINED', 'EXPIRED') AND facts IS NOT NULL
ORDER BY ended_at DESC LIMIT $2
"""
KEEP = """
INSERT INTO acceptance_model (id, market_id, version, weights, accepted, declined, expired, answered_until, fitted_at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The latest answers of a market, and the version of the law that was made before them."""

    version: int
    answers: Sequence[tuple[OfferFacts, OfferState]]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnAcceptance:
    """The errand of learning: reads the answers, fits the law with no Work open, keeps it as a new version."""

    market_id: UUID

    async def read(self, work: Work) -> Answers | None:
        """The latest answers; None where too few have come since the last time."""
        last = await work.fetch_row(LATEST, self.market_id)
        rows = await work.fetch(ANSWERS, self.market_id, ANSWERS_AT_MOST)
        fresh = [row for row in rows if last is None or row["ended_at"] > last["answered_until"]]
        if len(fresh) < NEW_ANSWERS:
            return None
        return Answers(
            version=last["version"] if last else 0,
            answers=[(OfferFacts.from_json(orjson.loads(row["facts"])), OfferState(row["state"])) for row in rows],
            until=rows[0]["ended_at"],
        )

    async def call(self, found: Answers) -> dict[str, float]:
        """Fits the law, beside the event loop."""
        answers = [(facts, state is OfferState.ACCEPTED) for facts, state in found.answers]
        return await asyncio.to_thread(fit, answers)

    async def record(self, work: Work, found: Answers, answer: dict[str, float]) -> int:
        """Keeps the new version and returns its number; of two who learn at once the first one counts."""
        states = [state for _, state in found.answers]
        await work.execute(
            KEEP,
            work.new_id(),
            self.market_id,
            found.version + 1,
            orjson.dumps(answer).decode(),
            states.count(OfferState.ACCEPTED),
            states.count(OfferState.DECLINED),
            states.count(OfferState.EXPIRED),
            found.until,
            work.now,
        )
        return found.version + 1
