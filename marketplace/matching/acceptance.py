"""How likely an offer is to be taken: a logistic law of the offer and the market, never of one driver.

What is known without data is a prior; a market's own answers move it (`fitting`). Scoring is plain arithmetic, so that
every process can do it, and each offer keeps what was asked here, what was answered and by which version.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from marketplace.fleet.states import ContractKind
from marketplace.markets import PayPolicy
from marketplace.pricing import RouteFacts, offer_pay

USUAL_ROUTE = RouteFacts(distance_m=6_000, duration_s=1_800, stop_count=3)
"""The drive whose pay a minute is the measure of all others: half an hour with three hand-overs."""
USUAL_APPROACH_S = 300
USUAL_STOPS = 4
LEAST, MOST = 0.02, 0.98
"""No offer is certain to be refused or taken, whatever was learnt."""

PRIOR_WEIGHTS: Mapping[str, float] = {
    "crowd": math.log(0.6 / 0.4),
    "contracted": math.log(0.8 / 0.2) - math.log(0.6 / 0.4),
    "pay": 2.0,
    "approach": -0.6,
    "stops": -0.25,
    "morning": 0.0,
    "night": 0.0,
}
"""Without data: at usual pay, approach and stops 0.6 of the crowd and 0.8 of those with a contract say yes. Ten minutes
more to the first stop multiply the odds by 0.55, five stops more by 0.78, and ten per cent more pay by 1.21."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """What the law looks at. `pay_ratio` is pay a minute as a part of what the policy pays on a usual route."""

    kind: ContractKind
    pay_ratio: float
    approach_s: int
    stop_count: int
    local_hour: float

    def as_json(self) -> dict[str, object]:
        """The facts as an offer keeps them."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "OfferFacts":
        """The facts of a kept offer."""
        return cls(
            kind=ContractKind(str(kept["kind"])),
            pay_ratio=float(str(kept["pay_ratio"])),
            approach_s=int(str(kept["approach_s"])),
            stop_count=int(str(kept["stop_count"])),
            local_hour=float(str(kept["local_hour"])),
        )


@dataclass(frozen=True, slots=True)
class AcceptanceModel:
    """One version of a market's law; version 0 is the prior."""

    version: int
    weights: Mapping[str, float]

    def probability(self, facts: OfferFacts) -> float:
        """The chance that somebody takes such an offer; a dedicated driver is assigned and not asked."""
        if facts.kind is ContractKind.DEDICATED:
            return 1.0
        odds = sum(self.weights[name] * value for name, value in features(facts).items())
        return min(MOST, max(LEAST, 1.0 / (1.0 + math.exp(-odds))))

    def usual(self, kind: ContractKind, local_hour: float) -> float:
        """The chance for a usual offer at that hour: what a plan reckons with before anything is priced."""
        return self.probability(
            OfferFacts(
                kind=kind,
                pay_ratio=1.0,
                approach_s=USUAL_APPROACH_S,
                stop_count=USUAL_STOPS,
                local_hour=local_hour,
            )
        )


PRIOR = AcceptanceModel(0, PRIOR_WEIGHTS)


def features(facts: OfferFacts) -> dict[str, float]:
    """The numbers that the weights multiply, each near 0 for a usual offer and bounded, so that none rules alone."""
    angle = 2.0 * math.pi * facts.local_hour / 24.0
    return {
        "crowd": 1.0,
        "contracted": 1.0 if facts.kind is ContractKind.CONTRACTED else 0.0,
        "pay": _bounded(math.log(max(facts.pay_ratio, 1e-6)), 1.5),
        "approach": _bounded((facts.approach_s - USUAL_APPROACH_S) / 600.0, 3.0),
        "stops": _bounded((facts.stop_count - USUAL_STOPS) / 5.0, 4.0),
        "morning": math.sin(angle),
        "night": math.cos(angle),
    }


def usual_pay_per_minute(policy: PayPolicy) -> float:
    """What the market pays for a minute of a usual route: the measure of every offer's pay."""
    return offer_pay(policy, USUAL_ROUTE, 0).total_minor / (USUAL_ROUTE.duration_s / 60.0)


def pay_ratio(pay_minor: int, duration_s: int, usual_per_minute: float) -> float:
    """An offer's pay a minute as a part of the usual; 1 where a market pays nothing by any rule."""
    if usual_per_minute <= 0.0:
        return 1.0
    return pay_minor / max(1.0, duration_s / 60.0) / usual_per_minute


def _bounded(value: float, most: float) -> float:
    return min(most, max(-most, value))
