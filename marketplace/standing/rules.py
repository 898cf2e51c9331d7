"""The published rules of standing as values: what counts, for how long, what it opens, and what a proposal needs.

They are one file that is shown to drivers as it is. A changed rule is a new version; every standing and every proposal
names the version that it was made by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from marketplace.standing.states import EvidenceKind, SuspensionRule

PUBLISHED: Mapping[str, Any] = orjson.loads((Path(__file__).parent / "published.json").read_bytes())
"""The rules as they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What it takes, and how many minutes before others blocks open."""

    level: int
    early_access_minutes: int
    completed: int
    arrival_percent: int
    hand_over_percent: int
    rating_percent: int

    def needs(self, kind: EvidenceKind) -> int:
        """Parcels for COMPLETED, per cent for the others."""
        return {
            EvidenceKind.COMPLETED: self.completed,
            EvidenceKind.ARRIVAL: self.arrival_percent,
            EvidenceKind.HAND_OVER: self.hand_over_percent,
            EvidenceKind.RATING: self.rating_percent,
        }[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRule:
    """A proposal follows where so much evidence has fewer good rows than this."""

    rule: SuspensionRule
    kind: EvidenceKind
    below_percent: int
    evidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRules:
    """One version of the rules."""

    version: int
    window_days: int
    grace_s: int
    traffic_percentile: int
    traffic_drivers: int
    usual_slack_percent: int
    good_stars: int
    drivers_own_reasons: Sequence[str]
    minimum_evidence: Mapping[EvidenceKind, int]
    levels: Sequence[Level]
    proposals: Sequence[ProposalRule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: how many rows count, how many speak for the driver, and parcels, seconds or stars together."""

    kind: EvidenceKind
    counted: int
    good: int
    total: int

    def meets(self, needed: int, minimum: int) -> bool:
        """Whether a level's threshold is met; with too little evidence nothing is held against anybody."""
        if self.kind is EvidenceKind.COMPLETED:
            return self.total >= needed
        return self.counted < minimum or self.good * 100 >= needed * self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a figure lacks for the next level."""

    kind: EvidenceKind
    needed: int
    now: int


def _read(published: Mapping[str, Any]) -> StandingRules:
    plain = {name: published[name] for name in StandingRules.__slots__ if name in published}
    return StandingRules(
        **plain
        | {
            "minimum_evidence": {EvidenceKind(kind): least for kind, least in published["minimum_evidence"].items()},
            "levels": tuple(Level(**level) for level in published["levels"]),
            "proposals": tuple(
                ProposalRule(
                    rule=SuspensionRule(row["rule"]),
                    kind=EvidenceKind(row["kind"]),
                    below_percent=row["below_percent"],
                    evidence=row["evidence"],
                )
                for row in published["proposals"]
            ),
        }
    )


RULES = _read(PUBLISHED)
"""The version in force."""


def level_of(figures: Mapping[EvidenceKind, Figure], rules: StandingRules = RULES) -> Level:
    """The highest level whose every threshold is met."""
    return max((level for level in rules.levels if not missing_for(level, figures, rules)), key=lambda one: one.level)


def missing_for(level: Level, figures: Mapping[EvidenceKind, Figure], rules: StandingRules = RULES) -> list[Missing]:
    """What is still lacking for a level."""
    return [
        Missing(kind=kind, needed=level.needs(kind), now=_shown(figures[kind]))
        for kind in EvidenceKind
        if not figures[kind].meets(level.needs(kind), rules.minimum_evidence.get(kind, 0))
    ]


def _shown(figure: Figure) -> int:
    if figure.kind is EvidenceKind.COMPLETED:
        return figure.total
    return figure.good * 100 // figure.counted if figure.counted else 0
