"""A seeded world of routes and drivers who say yes, no or nothing by a law that nobody is told, for comparing waves.

Each route has drivers of its own around it and so many seconds until it must have one. Three ways to ask are played in
the same worlds: the product's own choice, the nearest one after the other, and the ten nearest at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import fmean
from uuid import UUID

from marketplace.fleet import ContractKind
from marketplace.markets import PayPolicy
from marketplace.matching.acceptance import PRIOR, PRIOR_WEIGHTS, AcceptanceModel, OfferFacts, usual_pay_per_minute
from marketplace.matching.fitting import fit
from marketplace.offers.choosing import Reachable, Terms, decide, facts_of
from marketplace.pricing import RouteFacts, offer_pay
from tests.builders import PAY_RATES

POLICY = PayPolicy.of(1, PAY_RATES)
TTL_S = 60
RAISES = range(0, 1_001, 200)
TRUTH = AcceptanceModel(0, dict(PRIOR_WEIGHTS) | {"crowd": -0.2, "pay": 2.6, "approach": -0.9, "stops": -0.15})
"""The law of this world: of the offers to the nearest driver 60 of 100 are taken, of usual ones to the crowd 45."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A route that must have its driver within `deadline_s`, with everybody who could drive it, nearest first."""

    terms: Terms
    drivers: Sequence[Reachable]
    deadline_s: int


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the routes of a world."""

    trips: int = 0
    filled: int = 0
    sent: int = 0
    redundant: int = 0
    pays: list[int] = field(default_factory=list)
    answers: list[tuple[OfferFacts, bool]] = field(default_factory=list)

    @property
    def fill(self) -> float:
        """Routes with a driver in time, of 100."""
        return 100 * self.filled / self.trips

    @property
    def payout(self) -> float:
        """What a filled route pays on average."""
        return fmean(self.pays)


Ask = Callable[[Trip, Sequence[Reachable], int, int], tuple[list[Reachable], int]]
"""Whom to ask next and for which raise: of a trip, those left, the raise before, and the wave's number."""


def draw_trips(count: int, seed: int) -> list[Trip]:
    """Routes of a day: 15 to 60 minutes, 2 to 8 stops, 12 drivers up to 20 minutes away, 1 to 15 minutes of slack."""
    source = Random(seed)
    return [_draw_trip(source) for _ in range(count)]


def play(trips: Sequence[Trip], ask: Ask, seed: int) -> Tally:
    """Asks for every route until somebody takes it, time is over, or nobody is left."""
    tally = Tally()
    for number, trip in enumerate(trips):
        _play_trip(trip, ask, Random(f"{seed} {number}"), tally)
    return tally


def by_choice(model: AcceptanceModel) -> Ask:
    """The product's own way, with a law of acceptance."""

    def ask(trip: Trip, left: Sequence[Reachable], paid: int, wave: int) -> tuple[list[Reachable], int]:
        raises = [one for one in RAISES if one >= paid] if wave else [0]
        decision = decide(replace(trip.terms, model=model), left, raises)
        if decision is None:
            return [], paid
        return [one.driver for one in decision.ranked[: decision.asked]], decision.raise_minor

    return ask


def nearest(count: int) -> Ask:
    """So many of the nearest at once, who have not been asked; no raises."""

    def ask(_trip: Trip, left: Sequence[Reachable], paid: int, _wave: int) -> tuple[list[Reachable], int]:
        return [one for one in left if one.passed_minor is None][:count], paid

    return ask


def learn(tally: Tally) -> AcceptanceModel:
    """What a market learns from the answers of a world."""
    return AcceptanceModel(1, fit(tally.answers))


def _draw_trip(source: Random) -> Trip:
    duration_s, stops = source.randrange(900, 3_601), source.randint(2, 8)
    distance_m, deadline_s = round(duration_s * 5), source.randrange(60, 901)
    terms = Terms(
        model=PRIOR,
        usual_per_minute=usual_pay_per_minute(POLICY),
        local_hour=12.0,
        ttl_s=TTL_S,
        together_at_most=10,
        broadcast_below_ttls=2,
        broadcast_fill=0.95,
        waiting_minor_per_s=(stops - 1) * 1500 / 3600,
        rest_s=120,
        at_risk_minor=3_000 * (stops - 1),
        duration_s=duration_s,
        stop_count=stops,
        planned_driver_id=None,
    )
    drivers = []
    for number in range(12):
        approach_s = min(1_200, round(source.expovariate(1 / 330)))
        facts = RouteFacts(
            distance_m=distance_m + 6 * approach_s, duration_s=duration_s + approach_s, stop_count=stops - 1
        )
        drivers.append(
            Reachable(
                driver_id=UUID(int=number),
                kind=ContractKind.CONTRACTED if source.random() < 0.25 else ContractKind.CROWDSOURCED,
                approach_m=6 * approach_s,
                approach_s=approach_s,
                pay_minor=offer_pay(POLICY, facts, 0).total_minor,
                slack_s=deadline_s,
                passed_minor=None,
                open_offers=0,
            )
        )
    drivers.sort(key=lambda one: one.approach_s)
    return Trip(terms=terms, drivers=drivers, deadline_s=deadline_s)


def _play_trip(trip: Trip, ask: Ask, source: Random, tally: Tally) -> None:
    now_s, paid, wave = 0.0, 0, 0
    left = list(trip.drivers)
    tally.trips += 1
    while now_s < trip.deadline_s:
        left = [replace(one, slack_s=int(trip.deadline_s - now_s)) for one in left]
        asked, paid = ask(trip, left, paid, wave)
        if not asked:
            return
        wave += 1
        tally.sent += len(asked)
        answers = {one.driver_id: _answer(trip, one, paid, source) for one in asked}
        yes = [(after_s, one) for one in asked for is_yes, after_s in [answers[one.driver_id]] if is_yes]
        over_s = min((after_s for after_s, _ in yes), default=float(TTL_S))
        tally.answers += [
            (facts_of(trip.terms, one, paid), answers[one.driver_id][0])
            for one in asked
            if answers[one.driver_id][1] <= over_s  # later ones are taken back and say nothing
        ]
        if yes:
            after_s, winner = min(yes, key=lambda pair: (pair[0], pair[1].approach_s))
            # Whoever was still thinking, or about to say yes, was asked in vain.
            tally.redundant += sum(answers[one.driver_id][1] > after_s for one in asked if one is not winner)
            if now_s + after_s <= trip.deadline_s:
                tally.filled += 1
                tally.pays.append(winner.pay_minor + paid)
            return
        now_s += max(after_s for _, after_s in answers.values())
        left = _after_wave(left, answers, paid)


def _answer(trip: Trip, one: Reachable, paid: int, source: Random) -> tuple[bool, float]:
    """Yes or no after some thought; four of ten who do not want it let the time run out."""
    is_yes = source.random() < TRUTH.probability(facts_of(trip.terms, one, paid))
    if not is_yes and source.random() < 0.4:
        return False, float(TTL_S)
    return is_yes, source.uniform(4, 40)


def _after_wave(left: Sequence[Reachable], answers: dict[UUID, tuple[bool, float]], paid: int) -> list[Reachable]:
    """Who said no is not asked again; who said nothing only for more."""
    going_on = []
    for one in left:
        answer = answers.get(one.driver_id)
        if answer is None:
            going_on.append(one)
        elif answer[1] >= TTL_S:
            going_on.append(replace(one, passed_minor=paid))
    return going_on
