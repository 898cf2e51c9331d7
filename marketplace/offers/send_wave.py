"""Sends the next wave of offers of a route: the next kind of driver, nearest by drive time, with a raise when due.

Dedicated drivers are not asked but assigned. An errand, because drive times come from the router.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.batches.states import UnassignedReason
from marketplace.core.errors import Unavailable
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import Dials, dials
from marketplace.offers.assign import assign_route
from marketplace.offers.candidates import Candidate, RouteNeeds, find_candidates, next_kind
from marketplace.offers.events import OfferSent
from marketplace.offers.give_up import give_up_route
from marketplace.offers.pay import pay_of_offer
from marketplace.offers.presence import lock_askable
from marketplace.offers.raises import Raise, next_raise
from marketplace.pricing import PayLines
from marketplace.routing import Router

LOCK_ROUTE = "SELECT state, version FROM route WHERE id = $1 FOR UPDATE"
# A statement of its own after the lock: within that one, a wave that was sent while it waited would not be seen.
IS_ASKED = "SELECT EXISTS (SELECT 1 FROM wave WHERE route_id = $1 AND state = 'OPEN')"
ROUTE_MARKET = """
SELECT market_id FROM route WHERE id = $1 AND state IN ('PLANNED', 'OFFERING')
  AND NOT EXISTS (SELECT 1 FROM wave w WHERE w.route_id = route.id AND w.state = 'OPEN')
"""
INSERT_WAVE = """
INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor, raise_cap_minor,
                  raise_budget_left_minor, opened_at)
VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10)
"""
INSERT_OFFERS = """
INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, raise_minor, currency,
                   lines, approach_m, approach_s, rank, sent_at, expires_at)
SELECT id, $1, $2, $3, $4, driver_id, 'SENT', pay_minor, $5, $6, lines::jsonb, approach_m, approach_s, rank, $7, $8
FROM unnest($9::uuid[], $10::uuid[], $11::bigint[], $12::text[], $13::int[], $14::int[], $15::smallint[])
  AS o(id, driver_id, pay_minor, lines, approach_m, approach_s, rank)
"""
OFFERING = "UPDATE route SET state = 'OFFERING', raise_minor = $2 WHERE id = $1"
MARK_OFFERED = """
UPDATE presence SET state = 'OFFERED', changed_at = $2 WHERE driver_id = ANY($1) AND state = 'AVAILABLE'
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
    kind: ContractKind | None
    extra: Raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with the drive to the first stop."""

    driver_id: UUID
    approach_m: int
    approach_s: int


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
        settings = await dials(work, market_id=market_id)
        extra = await next_raise(work, settings, self.route_id)
        found = await find_candidates(
            work, route_id=self.route_id, raise_minor=extra.raise_minor, open_offers=settings.open_offers_per_driver
        )
        if found is None:
            return None
        needs, candidates = found
        return Search(dials=settings, needs=needs, candidates=candidates, kind=next_kind(candidates), extra=extra)

    async def call(self, found: Search) -> list[Ranked]:
        """Ranks the candidates whose turn it is by drive time; the planned driver first, the unreachable left out."""
        asked = [candidate for candidate in found.candidates if candidate.kind is found.kind]
        if not asked or found.needs.waves >= found.dials.wave_limit:
            return []
        matrix = await self.router.matrix(
            [candidate.place for candidate in asked], [found.needs.first_place], depart_at=found.extra.at
        )
        ranked = [
            Ranked(
                driver_id=candidate.driver_id,
                approach_m=int(matrix.distances_m[i, 0]),
                approach_s=int(matrix.durations_s[i, 0]),
            )
            for i, candidate in enumerate(asked)
            if matrix.is_reachable[i, 0]
        ]
        planned = found.needs.planned_driver_id
        ranked.sort(key=lambda one: (one.driver_id != planned, one.approach_s, one.driver_id))
        return ranked

    async def record(self, work: Work, found: Search, answer: list[Ranked]) -> int:
        """Sends the offers, or gives the route up when there is nobody left to ask; returns how many were asked."""
        # The route's lock closes the race against cancel, another wave and an operator's assignment.
        row = await work.fetch_row(LOCK_ROUTE, self.route_id)
        if row is None or row["state"] not in {"PLANNED", "OFFERING"}:
            return 0
        if await work.fetch_value(IS_ASKED, self.route_id):
            return 0
        if row["version"] != found.needs.version:
            raise CandidatesMoved("the route has changed meanwhile")
        if not answer:
            reason = UnassignedReason.NOBODY_ACCEPTED if found.needs.waves else UnassignedReason.NO_DRIVER
            await give_up_route(work, route_id=self.route_id, reason=reason)
            return 0
        final = await next_raise(work, found.dials, self.route_id, is_final=True, at=found.extra.at)
        if final.raise_minor != found.extra.raise_minor:
            raise CandidatesMoved("the hour's raises were spent meanwhile")
        is_assigned = found.kind is ContractKind.DEDICATED
        free = await lock_askable(
            work,
            [one.driver_id for one in answer],
            open_offers=found.dials.open_offers_per_driver,
            wanted=1 if is_assigned else found.dials.wave_size,
        )
        chosen = [one for one in answer if one.driver_id in free]
        if not chosen:
            raise CandidatesMoved("every candidate has become busy meanwhile")
        return await (self._assign(work, found, chosen[0]) if is_assigned else self._send(work, found, chosen))

    async def _assign(self, work: Work, found: Search, one: Ranked) -> int:
        pay = await self._pay(work, found, one)
        await assign_route(
            work,
            route_id=self.route_id,
            driver_id=one.driver_id,
            pay_minor=pay.total_minor,
            approach_m=one.approach_m,
            approach_s=one.approach_s,
        )
        return 1

    async def _pay(self, work: Work, found: Search, one: Ranked) -> PayLines:
        return await pay_of_offer(
            work,
            needs=found.needs,
            approach_m=one.approach_m,
            approach_s=one.approach_s,
            raise_minor=found.extra.raise_minor,
        )

    async def _send(self, work: Work, found: Search, chosen: Sequence[Ranked]) -> int:
        needs, wave_id, number = found.needs, work.new_id(), found.needs.waves + 1
        assert found.kind is not None, "somebody was chosen"
        paid = [await self._pay(work, found, one) for one in chosen]
        offer_ids = [work.new_id() for _ in chosen]
        expires_at = work.now + found.dials.offer_ttl
        await work.execute(
            INSERT_WAVE,
            wave_id,
            needs.market_id,
            needs.route_id,
            number,
            found.kind.value,
            found.extra.raise_minor,
            found.dials.raise_step_minor,
            found.dials.raise_cap_minor,
            found.extra.budget_left_minor,
            work.now,
        )
        await work.execute(
            INSERT_OFFERS,
            needs.market_id,
            needs.route_id,
            needs.version,
            wave_id,
            found.extra.raise_minor,
            needs.currency,
            work.now,
            expires_at,
            offer_ids,
            [one.driver_id for one in chosen],
            [pay.total_minor for pay in paid],
            [orjson.dumps(pay.as_json()).decode() for pay in paid],
            [one.approach_m for one in chosen],
            [one.approach_s for one in chosen],
            list(range(1, len(chosen) + 1)),
        )
        await work.execute(OFFERING, needs.route_id, found.extra.raise_minor)
        await work.execute(MARK_OFFERED, [one.driver_id for one in chosen], work.now)
        for offer_id, one, pay in zip(offer_ids, chosen, paid, strict=True):
            work.emit(
                OfferSent(
                    market_id=needs.market_id,
                    offer_id=offer_id,
                    route_id=needs.route_id,
                    driver_id=one.driver_id,
                    wave_number=number,
                    pay_minor=pay.total_minor,
                    currency=needs.currency,
                    expires_at=expires_at,
                )
            )
        return len(chosen)
