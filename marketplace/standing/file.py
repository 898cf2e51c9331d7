"""The file of a suspension: one reading for both sides, so that a driver sees all that operations see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.standing.decide import APPEAL_WITHIN
from marketplace.standing.states import SafetyReason, SuspensionRule, SuspensionState

FILES_AT_MOST = 50
WAITING_AT_MOST = 200

COLUMNS = """
SELECT s.*, s.evidence::text AS shown, s.appeal_evidence::text AS appeal_shown, p.name AS proposed_by_name,
       o.name AS decided_by_name, a.name AS appeal_decided_by_name, e.name AS ended_by_name
FROM suspension s LEFT JOIN operator p ON p.id = s.proposed_by LEFT JOIN operator o ON o.id = s.decided_by
LEFT JOIN operator a ON a.id = s.appeal_decided_by LEFT JOIN operator e ON e.id = s.ended_by
"""
OF_DRIVER = f"""
{COLUMNS} WHERE s.driver_id = $1 AND ($2::uuid IS NULL OR s.market_id = $2) ORDER BY s.proposed_at DESC, s.id LIMIT $3
"""
ROWS = """
SELECT id, kind, route_id, is_good, value, facts::text AS facts, occurred_at FROM standing_evidence
WHERE id = ANY($1) AND driver_id = $2 ORDER BY occurred_at DESC, id
"""
WAITING = f"""
{COLUMNS} WHERE s.market_id = $1 AND (s.state = 'PROPOSED' OR s.state = 'CONFIRMED' AND s.appealed_at IS NOT NULL
    AND s.appeal_decided_at IS NULL) ORDER BY coalesce(s.appealed_at, s.proposed_at), s.id LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionStep:
    """One thing that happened in the file: what, when, who and why. A rule has no name; a person always has one."""

    happened_at: datetime
    what: str
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionFile:
    """All that there is about one suspension."""

    id: UUID
    driver_id: UUID
    state: SuspensionState
    rule: SuspensionRule
    rules_version: int
    safety_reason: SafetyReason | None
    reason: str
    evidence: list[str]
    proposed_at: datetime
    decided_by: str | None
    effective_at: datetime | None
    notice_law: str | None
    can_appeal_until: datetime | None
    appeal_text: str | None
    appeal_evidence: list[str]
    appeal_upheld: bool | None
    steps: list[SuspensionStep]


async def suspension_files(work: Work, *, driver_id: UUID, market_id: UUID | None = None) -> list[SuspensionFile]:
    """The suspensions of a driver, latest first; an operator also says of which market."""
    rows = await work.fetch(OF_DRIVER, driver_id, market_id, FILES_AT_MOST)
    return [await _file(work, row) for row in rows]


async def waiting_suspensions(work: Work, *, market_id: UUID) -> list[SuspensionFile]:
    """The proposals and appeals of a market that wait for a person, longest waiting first."""
    return [await _file(work, row) for row in await work.fetch(WAITING, market_id, WAITING_AT_MOST)]


async def _file(work: Work, row: Any) -> SuspensionFile:
    appealable = row["state"] == SuspensionState.CONFIRMED.value and row["appealed_at"] is None
    return SuspensionFile(
        id=row["id"],
        driver_id=row["driver_id"],
        state=SuspensionState(row["state"]),
        rule=SuspensionRule(row["rule"]),
        rules_version=row["rules_version"],
        safety_reason=SafetyReason(row["safety_reason"]) if row["safety_reason"] else None,
        reason=row["reason"],
        evidence=await _evidence(work, row["driver_id"], orjson.loads(row["shown"])),
        proposed_at=row["proposed_at"],
        decided_by=row["decided_by_name"],
        effective_at=row["effective_at"],
        notice_law=row["notice_law"],
        can_appeal_until=row["effective_at"] + APPEAL_WITHIN if appealable else None,
        appeal_text=row["appeal_text"],
        appeal_evidence=orjson.loads(row["appeal_shown"]) if row["appeal_shown"] else [],
        appeal_upheld=row["appeal_upheld"],
        steps=_steps(row, work.now),
    )


LATE_PARTS = ("late_s", "hub_wait_s", "traffic_s", "door_wait_s", "planned_late_s")


async def _evidence(work: Work, driver_id: UUID, kept: list[dict[str, str]]) -> list[str]:
    """Rows in words: what rules go by is read again from the evidence itself, which never changes."""
    ids = [UUID(one["evidence_id"]) for one in kept if "evidence_id" in one]
    rows = await work.fetch(ROWS, ids, driver_id) if ids else []
    found = [
        f"{row['occurred_at']:%Y-%m-%d %H:%M} UTC {row['kind']} on {to_wire('route', row['route_id'])}:"
        f" {words_of(row['kind'], row['is_good'], row['value'], orjson.loads(row['facts']))}"
        for row in rows
    ]
    return [one["text"] for one in kept if "text" in one] + found


def words_of(kind: str, is_good: bool, value: int, facts: dict[str, Any]) -> str:
    """One row of evidence in words."""
    match kind:
        case "COMPLETED":
            return f"{value} parcels handed over"
        case "ARRIVAL" if not facts:
            return "in time"
        case "ARRIVAL":
            late, waited, traffic, doors, planned = (round(facts[name] / 60) for name in LATE_PARTS)
            return (
                f"{late} minutes after the window; of these waiting at pickups {waited}, traffic {traffic},"
                f" doors {doors}, planned late {planned}; own part {round(value / 60)}"
            )
        case "HAND_OVER":
            return "in order" if is_good else f"report flagged {facts.get('flag')}"
        case _:
            reasons = ", ".join(facts.get("reasons", [])) or "no reason"
            return f"{value} stars ({reasons})"


def _steps(row: Any, now: datetime) -> list[SuspensionStep]:
    proposer = row["proposed_by_name"] or f"rule {row['rule']}, version {row['rules_version']}"
    steps = [SuspensionStep(happened_at=row["proposed_at"], what="PROPOSED", who=proposer, why=row["reason"])]
    if row["decided_at"] is not None:
        what = "CONFIRMED" if row["effective_at"] is not None else "DISMISSED"
        steps.append(_step(row, "decided_at", what, "decided_by_name", "decision_reason"))
    ended = row["ended_at"]
    if row["effective_at"] is not None and row["effective_at"] <= (ended or now):
        why = f"notice of {row['notice_s'] // 3_600} hours by {row['notice_law']} is over"
        steps.append(
            SuspensionStep(happened_at=row["effective_at"], what="IN_FORCE", who=row["decided_by_name"], why=why)
        )
    if row["appealed_at"] is not None:
        steps.append(
            SuspensionStep(happened_at=row["appealed_at"], what="APPEALED", who="the driver", why=row["appeal_text"])
        )
    if row["appeal_decided_at"] is not None:
        what = "APPEAL_UPHELD" if row["appeal_upheld"] else "APPEAL_REFUSED"
        steps.append(_step(row, "appeal_decided_at", what, "appeal_decided_by_name", "appeal_reason"))
    if ended is not None:
        steps.append(_step(row, "ended_at", row["state"], "ended_by_name", "end_reason"))
    return sorted(steps, key=lambda step: step.happened_at)


def _step(row: Any, moment: str, what: str, who: str, why: str) -> SuspensionStep:
    return SuspensionStep(happened_at=row[moment], what=what, who=row[who], why=row[why])
