"""Standing as its driver sees it: the level, each figure with the rows it is made of, and what the next level takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.standing.compute import compute_standing
from marketplace.standing.rules import RULES, Figure, Level, Missing, missing_for
from marketplace.standing.states import CorrectionState, EvidenceKind, Excluded

ROWS_AT_MOST = 100
"""Rows of evidence shown with each figure, latest first."""

FIND_MARKET = "SELECT market_id FROM driver WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2)"
STANDING = "SELECT * FROM driver_standing WHERE driver_id = $1 AND market_id = $2"
EVIDENCE = """
SELECT e.id, e.kind, e.route_id, e.subject_id, e.is_good, e.value, e.excluded, e.facts::text AS facts, e.occurred_at,
       c.state AS correction_state, c.text AS correction_text, c.reason AS correction_reason,
       o.name AS corrected_by
FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY occurred_at DESC, id DESC) AS place
      FROM standing_evidence WHERE driver_id = $1 AND market_id = $2 AND occurred_at > $3 AND occurred_at <= $4) e
LEFT JOIN standing_correction c ON c.evidence_id = e.id LEFT JOIN operator o ON o.id = c.decided_by
WHERE e.place <= $5 ORDER BY e.occurred_at DESC, e.id DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One row of evidence. `facts` has, for a late arrival, how the seconds divide; for a rating stars and reasons."""

    id: UUID
    kind: EvidenceKind
    route_id: UUID
    subject_id: UUID
    is_good: bool
    value: int
    excluded: Excluded | None
    facts: dict[str, Any]
    occurred_at: datetime
    correction_state: CorrectionState | None
    correction_text: str | None
    correction_reason: str | None
    corrected_by: str | None

    @property
    def counts(self) -> bool:
        """Whether it is part of its figure."""
        return self.excluded is None and self.correction_state is not CorrectionState.UPHELD


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFigure:
    """A figure beside the rows it is made of."""

    figure: Figure
    minimum: int
    rows: list[EvidenceRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a driver stands by the published rules."""

    driver_id: UUID
    level: int
    early_access_minutes: int
    rules_version: int
    computed_at: datetime
    figures: list[ShownFigure]
    next_level: Level | None
    missing: list[Missing]


async def standing_of(work: Work, *, driver_id: UUID, market_id: UUID | None = None) -> Standing:
    """Computes a driver's standing now and shows it; an operator also says of which market."""
    market = await work.fetch_value(FIND_MARKET, driver_id, market_id)
    if market is None:
        raise NotFound("there is no such driver", field="driverId")
    await compute_standing(work, market_id=market, driver_id=driver_id)
    row = await work.fetch_row(STANDING, driver_id, market)
    assert row is not None, "it was computed in this Work"
    since = work.now - timedelta(days=RULES.window_days)
    rows = [_evidence(found) for found in await work.fetch(EVIDENCE, driver_id, market, since, work.now, ROWS_AT_MOST)]
    figures = _figures(orjson.loads(row["figures"]))
    above = next((level for level in RULES.levels if level.level == row["level"] + 1), None)
    return Standing(
        driver_id=driver_id,
        level=row["level"],
        early_access_minutes=row["early_access_minutes"],
        rules_version=row["rules_version"],
        computed_at=row["computed_at"],
        figures=[
            ShownFigure(
                figure=figures[kind],
                minimum=RULES.minimum_evidence.get(kind, 0),
                rows=[one for one in rows if one.kind is kind],
            )
            for kind in EvidenceKind
        ],
        next_level=above,
        missing=missing_for(above, figures) if above else [],
    )


def _figures(kept: dict[str, dict[str, int]]) -> dict[EvidenceKind, Figure]:
    nothing = {"counted": 0, "good": 0, "total": 0}
    return {kind: Figure(kind=kind, **kept.get(kind.value, nothing)) for kind in EvidenceKind}


def _evidence(row: Any) -> EvidenceRow:
    state = row["correction_state"]
    return EvidenceRow(
        **dict(row)
        | {
            "kind": EvidenceKind(row["kind"]),
            "excluded": Excluded(row["excluded"]) if row["excluded"] else None,
            "facts": orjson.loads(row["facts"]),
            "correction_state": CorrectionState(state) if state else None,
        }
    )
