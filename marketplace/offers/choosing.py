"""Whom to ask for a route, how many at once, and for which raise: whatever costs least in expectation.

Asking somebody costs the pay and the drive if it is taken. If not, it costs an answer time of waiting, and the search
goes on with the next one, until somebody is found, nobody is left, or the windows cannot be kept. Pure arithmetic.

Of a row of drivers who are asked one after the other, each with a chance p of a yes that costs d, and a round that
costs w, exchanging two neighbours shows that d + w / p from low to high is the cheapest order: that is the rank.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.fleet.states import ContractKind
from marketplace.matching.acceptance import AcceptanceModel, OfferFacts, pay_ratio
from marketplace.offers.states import Outcome

CONSIDERED_AT_MOST = 60
"""So many of those who would cost least, if they took it, are weighed for every raise."""
PLANNED_MARGIN = 0.05
"""The planned driver is asked first unless another is cheaper by more than this part: the plan looked at all routes."""
KINDS = list(ContractKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a choice is made under: the market's dials, its law of acceptance, and what the route is worth.

    Seconds of market time, minor units; `waiting_minor_per_s` is for all deliveries of the route together, and
    `at_risk_minor` what is lost when their windows are missed.
    """

    model: AcceptanceModel
    usual_per_minute: float
    local_hour: float
    ttl_s: int
    together_at_most: int
    broadcast_below_ttls: int
    broadcast_fill: float
    waiting_minor_per_s: float
    rest_s: int
    at_risk_minor: int
    duration_s: int
    stop_count: int
    planned_driver_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """A candidate with the drive to the first stop and what the route pays this driver before any raise."""

    driver_id: UUID
    kind: ContractKind
    approach_m: int
    approach_s: int
    pay_minor: int
    slack_s: int | None
    passed_minor: int | None
    open_offers: int
    agreed_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate at one raise: how likely a yes is, and what a yes costs."""

    driver: Reachable
    facts: OfferFacts
    accept_prob: float
    done_minor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A raise that was weighed: who would be asked, how likely one of them takes it, and what the search then costs."""

    raise_minor: int
    asked: int
    accept_prob: float
    cost_minor: float

    def as_json(self) -> dict[str, object]:
        """The alternative as a choice keeps it."""
        return {
            "raise_minor": self.raise_minor,
            "asked": self.asked,
            "accept_prob": round(self.accept_prob, 4),
            "cost_minor": round(self.cost_minor),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The cheapest way to go on: everybody in order, how many of them are asked, and for which raise."""

    outcome: Outcome
    raise_minor: int
    ranked: Sequence[Ranked]
    asked: int
    slack_s: int | None
    alternatives: Sequence[Alternative]


def decide(terms: Terms, candidates: Sequence[Reachable], raises: Sequence[int]) -> Decision | None:
    """The cheapest of the raises with the drivers to ask for it; None when nobody can be asked for any of them.

    Of raises that cost the same the lowest is paid. One who let an offer pass is only asked again for more.
    """
    best: Decision | None = None
    lowest = math.inf
    weighed: list[Alternative] = []
    for raise_minor in sorted(set(raises)):
        ranked = rank(terms, candidates, raise_minor)
        if not ranked:
            continue
        slack_s = ranked[0].driver.slack_s
        outcome = mode(terms, slack_s)
        asked = how_many(terms, ranked, outcome)
        chance, cost = weigh(terms, ranked, asked)
        weighed.append(Alternative(raise_minor=raise_minor, asked=asked, accept_prob=chance, cost_minor=cost))
        if round(cost) < lowest:
            lowest = round(cost)
            best = Decision(
                outcome=outcome,
                raise_minor=raise_minor,
                ranked=ranked,
                asked=asked,
                slack_s=slack_s,
                alternatives=weighed,
            )
    return best


def mode(terms: Terms, slack_s: int | None) -> Outcome:
    """One driver at a time while the route can wait for several answers; several at once when it cannot."""
    if slack_s is not None and slack_s > terms.broadcast_below_ttls * terms.ttl_s:
        return Outcome.EXCLUSIVE
    return Outcome.BROADCAST


def how_many(terms: Terms, ranked: Sequence[Ranked], outcome: Outcome) -> int:
    """How many are asked: one, or the first so many of whom somebody says yes as surely as the market wants."""
    if outcome is Outcome.EXCLUSIVE:
        return 1
    nobody = 1.0
    for count, one in enumerate(ranked[: terms.together_at_most], start=1):
        nobody *= 1.0 - one.accept_prob
        if 1.0 - nobody >= terms.broadcast_fill:
            return count
    return min(len(ranked), terms.together_at_most)


def rank(terms: Terms, candidates: Sequence[Reachable], raise_minor: int) -> list[Ranked]:
    """The candidates in the cheapest order to ask them; at equal cost contracted drivers before the crowd."""
    allowed = [one for one in candidates if one.passed_minor is None or raise_minor > one.passed_minor]
    allowed.sort(key=lambda one: (done_minor(terms, one, raise_minor), one.driver_id))
    ranked = []
    for one in allowed[:CONSIDERED_AT_MOST]:
        facts = facts_of(terms, one, raise_minor)
        # Somebody who weighs several offers takes at most one of them.
        chance = terms.model.probability(facts) / (1 + one.open_offers)
        done = done_minor(terms, one, raise_minor)
        ranked.append(Ranked(driver=one, facts=facts, accept_prob=chance, done_minor=done))
    price = {one.driver.driver_id: one.done_minor + round_minor(terms, one) / one.accept_prob for one in ranked}
    ranked.sort(
        key=lambda one: (
            round(price[one.driver.driver_id]),
            KINDS.index(one.driver.kind),
            one.driver.approach_s,
            one.driver.driver_id,
        )
    )
    planned = next((one for one in ranked if one.driver.driver_id == terms.planned_driver_id), None)
    if planned is None or price[planned.driver.driver_id] > price[ranked[0].driver.driver_id] * (1 + PLANNED_MARGIN):
        return ranked
    return [planned, *(one for one in ranked if one is not planned)]


def facts_of(terms: Terms, one: Reachable, raise_minor: int) -> OfferFacts:
    """What the law of acceptance is told of an offer to this driver."""
    ratio = pay_ratio(one.pay_minor + raise_minor, terms.duration_s + one.approach_s, terms.usual_per_minute)
    return OfferFacts(
        kind=one.kind,
        pay_ratio=round(ratio, 4),
        approach_s=one.approach_s,
        stop_count=terms.stop_count,
        local_hour=terms.local_hour,
    )


def done_minor(terms: Terms, one: Reachable, raise_minor: int) -> float:
    """What it costs if this driver takes it: the pay, the deliveries' wait for the drive, and windows missed."""
    is_late = one.slack_s is not None and one.slack_s < 0
    late = terms.at_risk_minor if is_late else 0
    return one.pay_minor + raise_minor + one.approach_s * terms.waiting_minor_per_s + late


def round_minor(terms: Terms, one: Ranked) -> float:
    """What one round in vain costs: an answer time of waiting, and its part of the risk that the windows are missed."""
    return terms.ttl_s * terms.waiting_minor_per_s + terms.at_risk_minor / max(1, _rounds(terms, one.driver.slack_s))


def weigh(terms: Terms, ranked: Sequence[Ranked], count: int) -> tuple[float, float]:
    """How likely one of the first `count` takes it, and what asking them and going on costs.

    Of several yeses each is as likely to come first as its driver is to say it.
    """
    asked = ranked[:count]
    nobody = math.prod(1.0 - one.accept_prob for one in asked)
    taken = sum(one.accept_prob * one.done_minor for one in asked) / sum(one.accept_prob for one in asked)
    again = terms.ttl_s * terms.waiting_minor_per_s + _search_minor(terms, ranked[count:], asked)
    return 1.0 - nobody, (1.0 - nobody) * taken + nobody * again


def costs_first(terms: Terms, ranked: Sequence[Ranked]) -> list[float]:
    """What the search costs with each of the candidates asked first and the others in order."""
    costs = []
    for place, one in enumerate(ranked):
        row = [one, *ranked[:place], *ranked[place + 1 :]]
        costs.append(weigh(terms, row, 1)[1])
    return costs


def _search_minor(terms: Terms, row: Sequence[Ranked], before: Sequence[Ranked]) -> float:
    """What it costs to ask a row of drivers one after the other, one round after those `before`.

    When the row ends, the route rests and is planned again; when time ends, its windows are missed.
    """
    slack_s = before[0].driver.slack_s
    cheapest = min(one.done_minor for one in [*before, *row])
    rounds = _rounds(terms, slack_s) - 1
    is_late = slack_s is not None and (rounds <= len(row) or slack_s < (2 + len(row)) * terms.ttl_s + terms.rest_s)
    cost = cheapest + terms.rest_s * terms.waiting_minor_per_s + (terms.at_risk_minor if is_late else 0.0)
    in_time = row[: max(0, rounds)]
    for one in reversed(in_time):
        again = terms.ttl_s * terms.waiting_minor_per_s + cost
        cost = one.accept_prob * one.done_minor + (1.0 - one.accept_prob) * again
    return cost


def _rounds(terms: Terms, slack_s: int | None) -> int:
    """How many answer times fit into the slack, the next one included."""
    if slack_s is None:
        return CONSIDERED_AT_MOST
    return max(0, slack_s) // terms.ttl_s
