"""What surge a place has at a moment: the last decision about its cell, while it holds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.ids import to_wire
from marketplace.core.work import Work

CELLS_AT_MOST = 2_000
# The last decision of each cell, if it still holds. A freeze is looked at here, so that it holds from its own moment.
SURGE_AT = """
SELECT cell, id, driver_bonus_minor, surcharge_basis_points FROM (
    SELECT DISTINCT ON (cell) cell, id, driver_bonus_minor, surcharge_basis_points, percent, holds_until
    FROM surge_decision WHERE market_id = $1 AND cell = ANY($2) ORDER BY cell, decided_at DESC
) latest
WHERE holds_until > $3 AND percent > 0 AND NOT EXISTS (
    SELECT 1 FROM surge_override o
    WHERE o.market_id = $1 AND o.cell IS NULL AND o.set_at <= $3 AND o.expires_at > $3
      AND (o.cleared_at IS NULL OR o.cleared_at > $3))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """What one decision says: more pay for each drop-off, and a surcharge on a delivery's plain price."""

    decision_id: UUID | None
    driver_bonus_minor: int = 0
    surcharge_basis_points: int = 0

    @property
    def rule(self) -> str:
        """The name under which lines of prices and of pay cite the decision."""
        assert self.decision_id is not None, "no surge has no rule"
        return f"surge:{to_wire('surge', self.decision_id)}"


NO_SURGE = Surge(decision_id=None)


async def surge_at(work: Work, *, market_id: UUID, cell: str, at: datetime) -> Surge:
    """The surge of a cell at a moment; none where nothing was decided, or where it no longer holds."""
    return (await surge_of_cells(work, market_id=market_id, cells=[cell], at=at)).get(cell, NO_SURGE)


async def surge_of_cells(work: Work, *, market_id: UUID, cells: Collection[str], at: datetime) -> dict[str, Surge]:
    """The cells of a market among these, at most 2,000, that have surge at a moment."""
    wanted = sorted(set(cells))[:CELLS_AT_MOST]
    return {
        row["cell"]: Surge(
            decision_id=row["id"],
            driver_bonus_minor=row["driver_bonus_minor"],
            surcharge_basis_points=row["surcharge_basis_points"],
        )
        for row in await work.fetch(SURGE_AT, market_id, wanted, at)
    }
