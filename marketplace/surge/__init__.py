"""Surge: where more is wanted than can be carried, drivers are paid more and shippers may pay more, by one record.

Every so often a market's cells are looked at, and for each one that matters a decision is written: what was counted,
what the ratio was and was smoothed to, and which limit bound it. Quotes and offers name the decision that they were
made with and keep what it said. Operators set a cell by hand for a while, or freeze the whole market.
"""

from marketplace.surge.at import NO_SURGE, Surge, surge_at, surge_of_cells
from marketplace.surge.clear import clear_surge
from marketplace.surge.decide import decide_surge
from marketplace.surge.drop_old import drop_old_decisions
from marketplace.surge.events import SurgeChanged
from marketplace.surge.freeze import freeze_surge
from marketplace.surge.promise import BonusOffered, bonus_for_route, keep_bonus
from marketplace.surge.queries import CellSurge, DecisionRecord, OverrideRecord, hand_set, surge_decisions, surge_map
from marketplace.surge.set import BadOverride, set_surge

__all__ = [
    "NO_SURGE",
    "BadOverride",
    "BonusOffered",
    "CellSurge",
    "DecisionRecord",
    "OverrideRecord",
    "Surge",
    "SurgeChanged",
    "bonus_for_route",
    "clear_surge",
    "decide_surge",
    "drop_old_decisions",
    "freeze_surge",
    "hand_set",
    "keep_bonus",
    "set_surge",
    "surge_at",
    "surge_decisions",
    "surge_map",
    "surge_of_cells",
]
