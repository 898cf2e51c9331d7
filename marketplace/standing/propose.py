"""Suspensions are proposed: by the published rules, or by an operator who sees an enumerated danger.

A proposal takes nothing away: its driver goes online, is asked and drives as before, and reads it at once.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.standing.correct import checked_text
from marketplace.standing.events import SuspensionProposed
from marketplace.standing.rules import RULES, StandingRules
from marketplace.standing.states import SafetyReason, SuspensionRule

EVIDENCE_AT_MOST = 200
LONGEST_REASON = 500

# What was looked at by a person once is not held against the driver again: only evidence since the last proposal is.
FAILING = """
WITH counted AS (
    SELECT e.driver_id, count(*)::int AS counted, count(*) FILTER (WHERE e.is_good)::int AS good,
           (array_agg(e.id ORDER BY e.occurred_at DESC, e.id) FILTER (WHERE NOT e.is_good))[1:$7] AS bad
    FROM standing_evidence e
    LEFT JOIN LATERAL (SELECT max(proposed_at) AS at FROM suspension WHERE driver_id = e.driver_id) last ON true
    WHERE e.market_id = $1 AND e.kind = $4 AND e.occurred_at > greatest($2, last.at) AND e.occurred_at <= $3
      AND e.excluded IS NULL
      AND NOT EXISTS (SELECT FROM standing_correction c WHERE c.evidence_id = e.id AND c.state <> 'REFUSED')
    GROUP BY e.driver_id
)
SELECT c.* FROM counted c JOIN driver d ON d.id = c.driver_id
WHERE d.account_state = 'ACTIVE' AND c.counted >= $5 AND c.good * 100 < $6 * c.counted ORDER BY c.driver_id
"""
# Two proposals at once wait for each other here, and the second finds the account no longer ACTIVE.
MARK = """
UPDATE driver SET account_state = 'SUSPENSION_PROPOSED' WHERE id = $1 AND market_id = $2 AND account_state = 'ACTIVE'
RETURNING id
"""
PROPOSE = """
INSERT INTO suspension (id, market_id, driver_id, state, rule, rules_version, reason, evidence, safety_reason,
    proposed_by, proposed_at)
VALUES ($1, $2, $3, 'PROPOSED', $4, $5, $6, $7::jsonb, $8, $9, $10)
"""
WORDS = {
    SuspensionRule.LATE_BY_OWN_PART: "late by the driver's own part",
    SuspensionRule.BAD_HAND_OVERS: "hand-overs whose reports were not in order",
    SuspensionRule.BAD_RATINGS: "low ratings for reasons that are the driver's",
}


class NotActive(Conflict):
    """The account is not active, or a proposal is open already."""

    code = "NOT_ACTIVE"


async def propose_suspensions(work: Work, *, market_id: UUID, rules: StandingRules = RULES) -> list[UUID]:
    """Proposes by the published rules wherever a market's evidence says so; people decide."""
    proposed = []
    for rule in rules.proposals:
        since = work.now - timedelta(days=rules.window_days)
        bounds = (rule.kind.value, rule.evidence, rule.below_percent, EVIDENCE_AT_MOST)
        for row in await work.fetch(FAILING, market_id, since, work.now, *bounds):
            reason = (
                f"{row['counted'] - row['good']} of {row['counted']}: {WORDS[rule.rule]}; the rule proposes where fewer"
                f" than {rule.below_percent} of a hundred are good, from {rule.evidence} on"
            )
            evidence = [{"evidence_id": str(one)} for one in row["bad"]]
            made = await _propose(work, market_id, row["driver_id"], rule.rule, reason, evidence)
            proposed += [made] if made is not None else []
    return proposed


async def propose_for_safety(
    work: Work,
    *,
    driver_id: UUID,
    market_id: UUID,
    operator_id: UUID,
    safety_reason: SafetyReason,
    reason: str,
    evidence: Sequence[str],
) -> UUID:
    """An operator proposes to suspend because of an enumerated danger, with what there is to show for it."""
    words = checked_text(reason, "reason", LONGEST_REASON)
    shown = [{"text": checked_text(text, "evidence", LONGEST_REASON)} for text in evidence[:EVIDENCE_AT_MOST]]
    checked_text("x" * len(shown), "evidence", EVIDENCE_AT_MOST)
    if not await work.fetch_value("SELECT true FROM driver WHERE id = $1 AND market_id = $2", driver_id, market_id):
        raise NotFound("there is no such driver", field="driverId")
    made = await _propose(work, market_id, driver_id, SuspensionRule.SAFETY, words, shown, safety_reason, operator_id)
    if made is None:
        raise NotActive("this account is not active, or a proposal is open already", field="driverId")
    return made


async def _propose(
    work: Work,
    market_id: UUID,
    driver_id: UUID,
    rule: SuspensionRule,
    reason: str,
    evidence: list[dict[str, Any]],
    safety_reason: SafetyReason | None = None,
    operator_id: UUID | None = None,
) -> UUID | None:
    if await work.fetch_value(MARK, driver_id, market_id) is None:
        return None
    suspension_id = work.new_id()
    danger = safety_reason.value if safety_reason else None
    shown = orjson.dumps(evidence).decode()
    row = (rule.value, RULES.version, reason, shown, danger, operator_id, work.now)
    await work.execute(PROPOSE, suspension_id, market_id, driver_id, *row)
    work.emit(
        SuspensionProposed(market_id=market_id, driver_id=driver_id, suspension_id=suspension_id, rule=rule.value)
    )
    return suspension_id
