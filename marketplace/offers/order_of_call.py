"""In which order kinds of drivers are called for a route: by the market's rule, or by what they cost. Pure.

By rule a route is a dedicated driver's while one is free on shift; contracted drivers are then asked alone for as long
as the market gives them a head start, and the crowd with them afterwards. Nobody waits for a kind that has nobody to
ask. By marginal cost the kinds compete: a dedicated driver, who is paid as agreed and says no to nothing, gets the
route where that costs no more than the cheapest way to ask others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.fleet.states import ContractKind
from marketplace.offers.choosing import Decision, Ranked, Reachable, Terms, decide, rank

BY_RULE = "by_rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A market's order of call, and for how long a route has been searched for already."""

    rule: str
    contracted_head_start_s: int
    searched_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who is called: a dedicated driver, the first of them who is still free, or those of the decision.

    `later` are the crowd, whom a head start of others keeps out of this wave.
    """

    dedicated: Sequence[Ranked]
    decision: Decision | None
    later: Sequence[Reachable]


def call(terms: Terms, reached: Sequence[Reachable], raises: Sequence[int], order: Order) -> Call:
    """Whom to call of those who can be reached."""
    dedicated = rank(terms, [one for one in reached if one.kind is ContractKind.DEDICATED], raises[0])
    if order.rule == BY_RULE:
        if dedicated:
            return Call(dedicated=dedicated, decision=None, later=())
        asked, later = _ahead(terms, reached, raises, order)
        return Call(dedicated=(), decision=decide(terms, asked, raises), later=later)
    others = [one for one in reached if one.kind is not ContractKind.DEDICATED]
    decision = decide(terms, others, raises)
    if dedicated and (decision is None or dedicated[0].done_minor <= cost_of(decision)):
        return Call(dedicated=dedicated, decision=None, later=())
    return Call(dedicated=(), decision=decision, later=())


def cost_of(decision: Decision) -> float:
    """What the decision was expected to cost: the cheapest of those that were weighed."""
    return min(one.cost_minor for one in decision.alternatives)


def _ahead(
    terms: Terms, reached: Sequence[Reachable], raises: Sequence[int], order: Order
) -> tuple[Sequence[Reachable], Sequence[Reachable]]:
    """Contracted drivers alone during their head start, if one can be asked for some raise; else everybody."""
    contracted = [one for one in reached if one.kind is ContractKind.CONTRACTED]
    if order.searched_s >= order.contracted_head_start_s or not rank(terms, contracted, max(raises)):
        return reached, ()
    return contracted, [one for one in reached if one.kind is ContractKind.CROWDSOURCED]
