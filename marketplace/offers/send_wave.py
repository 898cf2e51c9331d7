"""The next step in the search for a route's driver: whoever costs least in expectation is asked.

One driver at a time while the route can wait for several answers, several at once when it cannot; dedicated drivers are
not asked but assigned, and kinds are called in the market's order. An errand, because drive times come from the router;
what it saw and decided is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.batches.states import UnassignedReason
from marketplace.core.errors import Unavailable
from marketplace.core.work import Work
from marketplace.markets import Dials, dials
from marketplace.matching.acceptance import AcceptanceModel, usual_pay_per_minute
from marketplace.matching.learned import acceptance_of
from marketplace.offers.assign import assign_route
from marketplace.offers.candidates import Candidate, Exclusion, RouteNeeds, exclude, find_candidates, find_needs
from marketplace.offers.choices import Weighed, keep_choice
from marketplace.offers.choosing import Decision, Ranked, Reachable, Terms, how_many
from marketplace.offers.clear_paused import clear_paused_routes
from marketplace.offers.give_up import give_up_route
from marketplace.offers.open_wave import open_wave
from marketplace.offers.order_of_call import Order, call
from marketplace.offers.pay import pay_of_offer
from marketplace.offers.presence import lock_askable
from marketplace.offers.raises import Raises, allowed_raises, lock_budget
from marketplace.offers.states import Outcome, RuledOut
from marketplace.routing import Router
from marketplace.surge import BonusOffered, bonus_for_route, keep_bonus

SPARES = 10
"""So many drivers beyond those to be asked are held ready, for when some have become busy meanwhile."""

LOCK_ROUTE = """
SELECT state, version,
       (SELECT p.version FROM pay_policy p WHERE p.market_id = route.market_id AND p.effective_from <= $2
        ORDER BY p.effective_from DESC, p.version DESC LIMIT 1) AS policy_version
FROM route WHERE id = $1 FOR UPDATE
"""
PAID_BY = "UPDATE route SET policy_version = $2 WHERE id = $1"
# A statement of its own after the lock: within that one, a wave that was sent while it waited would not be seen.
IS_ASKED = "SELECT EXISTS (SELECT 1 FROM wave WHERE route_id = $1 AND state = 'OPEN')"
ROUTE_MARKET = """
SELECT market_id FROM route WHERE id = $1 AND state IN ('PLANNED', 'OFFERING')
  AND NOT EXISTS (SELECT 1 FROM wave w WHERE w.route_id = route.id AND w.state = 'OPEN')
"""


class CandidatesMoved(Unavailable):
    """Everybody who was to be asked has become busy meanwhile; look again."""

    code = "CANDIDATES_MOVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is known before the router is asked."""

    dials: Dials
    needs: RouteNeeds
    candidates: Sequence[Candidate]
    exclusions: Sequence[Exclusion]
    raises: Raises
    model: AcceptanceModel
    bonus: BonusOffered | None = None
    """What surge adds to the route from now on; it is kept when somebody is asked or given the route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What is to be done: give the route to a dedicated driver, ask as decided, or, with neither, give it up."""

    terms: Terms
    dedicated: Sequence[Ranked]
    decision: Decision | None
    exclusions: Sequence[Exclusion]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWave:
    """The errand of asking drivers for one route."""

    router: Router
    route_id: UUID

    async def read(self, work: Work) -> Search | None:
        """Finds who can be asked now; None when the route has a driver, an open wave or is gone."""
        market_id = await work.fetch_value(ROUTE_MARKET, self.route_id)
        if market_id is None:
            return None
        if await clear_paused_routes(work, market_id=market_id, route_id=self.route_id):
            return None
        settings = await dials(work, market_id=market_id)
        needs = await find_needs(work, route_id=self.route_id)
        if needs is None:
            return None
        bonus = await bonus_for_route(
            work, settings, route_id=self.route_id, place=needs.first_place, stop_count=needs.dropoff_count
        )
        if bonus is not None:
            needs = replace(needs, bonus_minor=bonus.bonus_minor, bonus_rule=bonus.rule)
        candidates, exclusions = await find_candidates(work, needs, open_offers=settings.open_offers_per_driver)
        return Search(
            dials=settings,
            needs=needs,
            candidates=candidates,
            exclusions=exclusions,
            raises=await allowed_raises(work, settings, self.route_id),
            model=await acceptance_of(work, market_id=market_id),
            bonus=bonus,
        )

    async def call(self, found: Search) -> Next:
        """Asks the router how far everybody is, and decides whom to ask and for how much."""
        terms = terms_of(found)
        if not found.candidates or found.needs.waves >= found.dials.wave_limit:
            return Next(terms=terms, dedicated=(), decision=None, exclusions=found.exclusions)
        matrix = await self.router.matrix(
            [candidate.place for candidate in found.candidates], [found.needs.first_place], depart_at=found.raises.at
        )
        reached = [
            reachable(found, candidate, int(matrix.distances_m[i, 0]), int(matrix.durations_s[i, 0]))
            for i, candidate in enumerate(found.candidates)
            if matrix.is_reachable[i, 0]
        ]
        cut_off = [one for i, one in enumerate(found.candidates) if not matrix.is_reachable[i, 0]]
        exclusions = [*found.exclusions, *exclude(RuledOut.UNREACHABLE, cut_off)]
        called = call(terms, reached, found.raises.allowed, order_in(found))
        if called.dedicated:
            return Next(terms=terms, dedicated=called.dedicated, decision=None, exclusions=exclusions)
        exclusions += exclude(RuledOut.CALLED_LATER, _those(found.candidates, called.later))
        decision = called.decision
        raise_minor = decision.raise_minor if decision else found.raises.allowed[-1]
        passed = [
            candidate
            for candidate in found.candidates
            if candidate.passed_minor is not None and candidate.passed_minor >= raise_minor
        ]
        return Next(
            terms=terms,
            dedicated=(),
            decision=decision,
            exclusions=[*exclusions, *exclude(RuledOut.LET_PASS, passed)],
        )

    async def record(self, work: Work, found: Search, answer: Next) -> int:
        """Sends the offers, or gives the route up when there is nobody left to ask; returns how many were asked."""
        # The route's lock closes the race against cancel, another wave and an operator's assignment.
        row = await work.fetch_row(LOCK_ROUTE, self.route_id, work.now)
        if row is None or row["state"] not in {"PLANNED", "OFFERING"}:
            return 0
        if await work.fetch_value(IS_ASKED, self.route_id):
            return 0
        if row["version"] != found.needs.version:
            raise CandidatesMoved("the route has changed meanwhile")
        if row["policy_version"] != found.needs.policy.version:
            raise CandidatesMoved("another pay policy has begun meanwhile")
        if answer.dedicated:
            return await self._assign(work, found, answer)
        if answer.decision is None:
            return await self._give_up(work, found, answer)
        return await self._send(work, found, answer, answer.decision)

    async def _assign(self, work: Work, found: Search, plan: Next) -> int:
        await keep_bonus_of(work, found)
        free = await self._free(work, found, plan.dedicated[: 1 + SPARES], wanted=1)
        one = free[0].driver
        raise_minor = found.raises.allowed[0]
        pay = pay_of_offer(found.needs, approach_m=one.approach_m, approach_s=one.approach_s, raise_minor=raise_minor)
        await work.execute(PAID_BY, self.route_id, found.needs.policy.version)
        await assign_route(
            work,
            route_id=self.route_id,
            driver_id=one.driver_id,
            pay_minor=pay.total_minor,
            approach_m=one.approach_m,
            approach_s=one.approach_s,
        )
        await keep_choice(
            work,
            _weighed(plan, plan.dedicated, raise_minor=raise_minor, slack_s=one.slack_s),
            market_id=found.needs.market_id,
            route_id=self.route_id,
            outcome=Outcome.ASSIGNED,
            asked=[one.driver_id],
        )
        return 1

    async def _give_up(self, work: Work, found: Search, plan: Next) -> int:
        await keep_choice(
            work,
            _weighed(plan, (), raise_minor=found.raises.allowed[-1], slack_s=found.needs.slack_s(work.now, 0)),
            market_id=found.needs.market_id,
            route_id=self.route_id,
            outcome=Outcome.GIVEN_UP,
        )
        reason = UnassignedReason.NOBODY_ACCEPTED if found.needs.waves else UnassignedReason.NO_DRIVER
        await give_up_route(work, route_id=self.route_id, reason=reason)
        return 0

    async def _send(self, work: Work, found: Search, plan: Next, decision: Decision) -> int:
        await keep_bonus_of(work, found)
        left = found.raises.budget_left_minor
        if decision.raise_minor:
            left = await lock_budget(work, found.dials)
            if decision.raise_minor > left:
                raise CandidatesMoved("the hour's raises were spent meanwhile")
        free = await self._free(work, found, decision.ranked[: decision.asked + SPARES], wanted=decision.asked)
        chosen = free[: how_many(plan.terms, free, decision.outcome)]
        wave_id = await open_wave(
            work,
            needs=found.needs,
            settings=found.dials,
            chosen=chosen,
            raise_minor=decision.raise_minor,
            budget_left_minor=left,
            model_version=plan.terms.model.version,
        )
        await keep_choice(
            work,
            _weighed(plan, decision.ranked, raise_minor=decision.raise_minor, slack_s=decision.slack_s),
            market_id=found.needs.market_id,
            route_id=self.route_id,
            outcome=decision.outcome,
            wave_id=wave_id,
            asked=[one.driver.driver_id for one in chosen],
        )
        return len(chosen)

    async def _free(self, work: Work, found: Search, ranked: Sequence[Ranked], *, wanted: int) -> list[Ranked]:
        """Those who can still be asked, held so that no other wave overfills them."""
        free = await lock_askable(
            work,
            [one.driver.driver_id for one in ranked],
            open_offers=found.dials.open_offers_per_driver,
            wanted=wanted,
        )
        chosen = [one for one in ranked if one.driver.driver_id in free]
        if not chosen:
            raise CandidatesMoved("every candidate has become busy meanwhile")
        return chosen


async def keep_bonus_of(work: Work, found: Search) -> None:
    """Keeps what surge adds to the route, now that somebody is asked or given it."""
    if found.bonus is not None:
        await keep_bonus(work, found.dials, route_id=found.needs.route_id, bonus=found.bonus)


def terms_of(found: Search) -> Terms:
    """What the choice is made under, from the market's dials and what the route is worth."""
    settings, needs = found.dials, found.needs
    local = found.raises.at.astimezone(ZoneInfo(settings.time_zone))
    return Terms(
        model=found.model,
        usual_per_minute=usual_pay_per_minute(needs.policy),
        local_hour=round(local.hour + local.minute / 60, 2),
        ttl_s=settings.offer_ttl_s,
        together_at_most=settings.wave_size,
        broadcast_below_ttls=settings.broadcast_below_ttls,
        broadcast_fill=settings.broadcast_fill_percent / 100,
        waiting_minor_per_s=needs.delivery_count * settings.waiting_cost_per_hour_minor / 3600,
        rest_s=settings.replan_after_s,
        at_risk_minor=needs.price_minor,
        duration_s=needs.duration_s,
        stop_count=needs.stop_count,
        planned_driver_id=needs.planned_driver_id,
    )


def order_in(found: Search) -> Order:
    """The market's order of call at the moment of this search."""
    return Order(
        rule=found.dials.order_of_call,
        contracted_head_start_s=found.dials.contracted_head_start_s,
        searched_s=int((found.raises.at - found.needs.searched_since).total_seconds()),
    )


def _those(candidates: Sequence[Candidate], reached: Sequence[Reachable]) -> list[Candidate]:
    ids = {one.driver_id for one in reached}
    return [one for one in candidates if one.driver_id in ids]


def reachable(found: Search, candidate: Candidate, approach_m: int, approach_s: int) -> Reachable:
    """A candidate with the drive to the first stop, and what the route pays this driver."""
    agreed = candidate.agreed_minor
    pay = pay_of_offer(found.needs, approach_m=approach_m, approach_s=approach_s, raise_minor=0, agreed_minor=agreed)
    return Reachable(
        driver_id=candidate.driver_id,
        kind=candidate.kind,
        approach_m=approach_m,
        approach_s=approach_s,
        pay_minor=pay.total_minor,
        slack_s=found.needs.slack_s(found.raises.at, approach_s),
        passed_minor=candidate.passed_minor,
        open_offers=candidate.open_offers,
        agreed_minor=agreed,
        is_in_block=candidate.is_in_block,
    )


def _weighed(plan: Next, ranked: Sequence[Ranked], *, raise_minor: int, slack_s: int | None) -> Weighed:
    return Weighed(
        terms=plan.terms,
        slack_s=slack_s,
        raise_minor=raise_minor,
        ranked=ranked,
        alternatives=plan.decision.alternatives if plan.decision else (),
        exclusions=plan.exclusions,
    )
