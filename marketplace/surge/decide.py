"""Looks at how busy each cell of a market is, and writes what follows for drivers and shippers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import Dials, dials
from marketplace.pricing import SurgeLimit, SurgeRule, SurgeState, SurgeStep, next_step
from marketplace.surge.budget import budget_left
from marketplace.surge.events import SurgeChanged
from marketplace.surge.neighbourhood import CellCounts, Neighbourhoods, cells_to_judge
from marketplace.surge.queries import (
    FORECAST,
    IDLE_DRIVERS,
    INSERT_DECISIONS,
    LATEST,
    LOCK,
    OPEN_STOPS,
    OVERRIDES,
    TRY_LOCK,
)

LOOK_AHEAD = timedelta(minutes=30)
"""What is to be picked up within it counts as wanted now; so does what is forecast for it."""
SLOT = timedelta(hours=1)
"""How long a row of the forecast is for."""
HOLDS_TICKS = 3
"""A decision holds so many ticks; when nobody looks any more, surge ends by itself."""
CELLS_AT_MOST = 2_000
STILL_MILLI = 50
"""A cell at level 0 whose smoothed demand is below this, a twentieth of a stop, is let go."""
STATE = ("demand_milli", "supply_milli", "level_percent", "rising", "falling")
TOLD = ("driver_bonus_minor", "surcharge_basis_points")
NOTHING = (0, 0)
WHOLE = ("open_stops", "forecast_milli", "idle_drivers", "population", "raw_ratio_percent", "ratio_percent")
UNSEEN: Mapping[str, Any] = dict.fromkeys((*WHOLE, *STATE, "target_percent"), 0) | {"is_wide": False, "bound_by": None}
"""A cell where nothing was counted, of which a decision is written because a person has set it."""
COUNTED = ("cell", *UNSEEN)
BY_HAND = {SurgeLimit.OVERRIDE, SurgeLimit.BUDGET, SurgeLimit.FROZEN}
"""Limits that are not the level's own, and are looked at anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person set for a cell, and until when."""

    override_id: UUID
    percent: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What people and the budget allow: levels set by hand, whether all is frozen, and whether money is left."""

    overrides: Mapping[str, Override]
    is_frozen: bool
    is_spent: bool


async def decide_surge(work: Work, *, market_id: UUID, at_once: bool = False) -> int:
    """Writes a decision for every cell of a market that matters, and tells what has changed; returns how many.

    Nothing is done before its time, unless `at_once`; then what was counted at the last tick is decided again, under
    what people have set since. Of several processes that look together one decides.
    """
    settings = await dials(work, market_id=market_id)
    rule = rule_of(settings)
    if not rule.is_on:
        return 0
    if at_once:
        await work.execute(LOCK, str(market_id))
    elif not await work.fetch_value(TRY_LOCK, str(market_id)):
        return 0
    every = timedelta(seconds=rule.every_s)
    latest = {row["cell"]: dict(row) for row in await work.fetch(LATEST, market_id, work.now - HOLDS_TICKS * every)}
    looked_at = max((row["decided_at"] for row in latest.values()), default=None)
    if not at_once and looked_at is not None and work.now < looked_at + every:
        return 0
    hand = await _hand(work, settings)
    rows = _again(latest, hand) if at_once else await _look(work, settings, rule, latest, hand)
    # Each decision about a cell has its own moment, also where a person sets twice within the same one.
    decided_at = max(work.now, looked_at + timedelta(microseconds=1)) if looked_at else work.now
    await _write(work, settings, rule, rows, hand, decided_at)
    _tell(work, settings, latest, rows)
    return len(rows)


def rule_of(settings: Dials) -> SurgeRule:
    """The rule that a market's dials make."""
    return SurgeRule(
        starts_at_percent=settings.surge_starts_at_percent,
        full_after_percent=settings.surge_full_after_percent,
        max_step_percent=settings.surge_max_step_percent,
        every_s=settings.surge_every_s,
        half_life_s=settings.surge_half_life_s,
        minimum_population=settings.surge_minimum_population,
        stops_per_driver=settings.surge_stops_per_driver,
        bonus_cap_minor=settings.surge_bonus_cap_minor,
        surcharge_cap_percent=settings.surge_surcharge_cap_percent,
    )


async def _hand(work: Work, settings: Dials) -> Hand:
    rows = await work.fetch(OVERRIDES, settings.market_id, work.now)
    return Hand(
        overrides={
            row["cell"]: Override(override_id=row["id"], percent=row["percent"], expires_at=row["expires_at"])
            for row in rows
            if row["cell"] is not None
        },
        is_frozen=any(row["cell"] is None for row in rows),
        is_spent=settings.surge_bonus_cap_minor > 0 and await budget_left(work, settings) == 0,
    )


async def _look(
    work: Work, settings: Dials, rule: SurgeRule, latest: Mapping[str, Mapping[str, Any]], hand: Hand
) -> list[dict[str, Any]]:
    """A tick: counts what is wanted and what is there, and moves every cell one step."""
    counts = await _count(work, settings.market_id)
    around = Neighbourhoods(rule, counts)
    cells = cells_to_judge(counts, [*latest, *hand.overrides])[:CELLS_AT_MOST]
    rows = []
    for cell in cells:
        before = SurgeState(**{name: latest[cell][name] for name in STATE}) if cell in latest else None
        seen, count = around.around(cell), counts.get(cell, CellCounts())
        step = next_step(rule, before, seen)
        # The last decision of a cell says that it is over, or the one before would hold on.
        is_over = cell in latest and not (latest[cell]["percent"] or latest[cell]["level_percent"])
        is_still = step.state.demand_milli < STILL_MILLI and step.state.level_percent == 0
        if not (is_still and (is_over or cell not in latest)) or cell in hand.overrides:
            counted = asdict(count) | {"population": seen.population, "is_wide": seen.is_wide}
            rows.append({"cell": cell} | counted | _as_row(step))
    return rows


async def _count(work: Work, market_id: UUID) -> dict[str, CellCounts]:
    """What is wanted and what is there, by cell: one statement for each of the three."""
    counts: defaultdict[str, CellCounts] = defaultdict(CellCounts)
    soon = work.now + LOOK_AHEAD
    for row in await work.fetch(OPEN_STOPS, market_id, soon):
        counts[Point(lat=row["pickup_lat"], lon=row["pickup_lon"]).cell] += CellCounts(open_stops=row["stops"])
    for row in await work.fetch(IDLE_DRIVERS, market_id, work.now):
        counts[row["cell"]] += CellCounts(idle_drivers=row["drivers"])
    for row in await work.fetch(FORECAST, market_id, work.now, soon, SLOT):
        counts[row["cell"]] += CellCounts(forecast_milli=row["stops_milli"])
    return counts


def _again(latest: Mapping[str, Mapping[str, Any]], hand: Hand) -> list[dict[str, Any]]:
    """What the last tick counted, for cells that it knew or that a person has set since."""
    rows = [
        {name: latest[cell][name] for name in COUNTED} if cell in latest else {**UNSEEN, "cell": cell}
        for cell in sorted({*latest, *hand.overrides})[:CELLS_AT_MOST]
    ]
    for row in rows:
        row["bound_by"] = None if row["bound_by"] in BY_HAND else row["bound_by"]
    return rows


def _as_row(step: SurgeStep) -> dict[str, Any]:
    return asdict(step.state) | {
        "raw_ratio_percent": step.raw_ratio_percent,
        "ratio_percent": step.ratio_percent,
        "target_percent": step.target_percent,
        "bound_by": step.bound_by,
    }


def _comes_to(rule: SurgeRule, row: Mapping[str, Any], hand: Hand) -> dict[str, Any]:
    """What a level comes to: under what a person has set, a freeze of the market, and a budget that is spent."""
    percent, bound_by, override = row["level_percent"], row["bound_by"], hand.overrides.get(row["cell"])
    if override is not None:
        percent, bound_by = override.percent, SurgeLimit.OVERRIDE
    if hand.is_spent and percent:
        percent, bound_by = 0, SurgeLimit.BUDGET
    if hand.is_frozen and percent:
        percent, bound_by = 0, SurgeLimit.FROZEN
    return {
        "percent": percent,
        "driver_bonus_minor": rule.bonus_minor(percent),
        "surcharge_basis_points": rule.surcharge_basis_points(percent),
        "bound_by": bound_by,
        "override_id": override.override_id if override else None,
    }


async def _write(
    work: Work, settings: Dials, rule: SurgeRule, rows: Sequence[dict[str, Any]], hand: Hand, decided_at: datetime
) -> None:
    """Makes decisions of the rows, each with an id, and stores them in one statement."""
    holds_until = decided_at + HOLDS_TICKS * timedelta(seconds=rule.every_s)
    for row in rows:
        override = hand.overrides.get(row["cell"])
        row.update(
            _comes_to(rule, row, hand),
            id=work.new_id(),
            market_id=settings.market_id,
            decided_at=decided_at,
            holds_until=max(min(holds_until, override.expires_at), decided_at) if override else holds_until,
        )
    await work.execute(INSERT_DECISIONS, orjson.dumps(rows, default=str).decode())


def _tell(
    work: Work, settings: Dials, latest: Mapping[str, Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> None:
    """One event for all cells whose bonus or surcharge is another than before, those that were let go among them."""
    now = {row["cell"]: tuple(row[name] for name in TOLD) for row in rows}
    before = {cell: tuple(row[name] for name in TOLD) for cell, row in latest.items()}
    changed = [cell for cell in sorted({*now, *before}) if now.get(cell, NOTHING) != before.get(cell, NOTHING)]
    if changed:
        work.emit(
            SurgeChanged(
                market_id=settings.market_id,
                cells=tuple(changed),
                driver_bonus_minor=tuple(now.get(cell, NOTHING)[0] for cell in changed),
                surcharge_basis_points=tuple(now.get(cell, NOTHING)[1] for cell in changed),
                currency=settings.currency,
            )
        )
