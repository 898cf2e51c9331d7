"""Who can be asked for a route, and what rules the others out: one look at everybody who is not offline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.states import SKILLS
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work
from marketplace.fleet.preferences import area_of
from marketplace.fleet.states import ContractKind
from marketplace.markets import PayPolicy
from marketplace.offers.states import RuledOut

CANDIDATES_AT_MOST = 200
"""So many drivers, nearest by straight line, are ranked by cost; a straight line never decides who is asked."""
NAMED_PER_RULE = 20
"""So many of those whom one rule excludes are kept by name, nearest first; the rest are counted."""

# What the route needs at its fullest, as if everything were aboard at once: true for routes from one origin, and on the
# safe side for others. What would be out of the cold for too long on its way asks for a vehicle that keeps cold. The
# slack is what the whole plan can be late without missing a window. An offer is paid by the policy of the moment at
# which it is made, whenever its route was planned.
NEEDS = """
SELECT r.id, r.market_id, r.state, r.version, r.distance_m, r.duration_s, r.starts_at, r.currency, r.bonus_minor,
       (SELECT rule FROM surge_bonus WHERE route_id = r.id) AS bonus_rule,
       r.planned_driver_id,
       s.lat, s.lon, s.planned_arrival,
       (SELECT count(*) FROM stop WHERE route_id = r.id) AS stop_count,
       ARRAY(SELECT DISTINCT lat || ' ' || lon FROM stop WHERE route_id = r.id ORDER BY 1) AS stop_places,
       (SELECT count(*) FROM stop WHERE route_id = r.id AND kind = 'DROPOFF') AS dropoff_count,
       (SELECT CASE m.shift_end_covers WHEN 'pickups' THEN max(planned_arrival) FILTER (WHERE kind = 'PICKUP')
               ELSE max(planned_departure) END FROM stop WHERE route_id = r.id) AS ends_at,
       n.packages, n.grams, n.litres, n.pallet_places, n.skills, n.delivery_count, n.price_minor,
       (SELECT min(extract(epoch FROM w.closes_at - greatest(st.planned_arrival, w.opens_at)))::int
          FROM stop st JOIN task t ON t.stop_id = st.id JOIN delivery d ON d.id = t.delivery_id
          CROSS JOIN LATERAL (SELECT CASE st.kind WHEN 'PICKUP' THEN d.pickup_opens_at ELSE d.dropoff_opens_at END,
                                     CASE st.kind WHEN 'PICKUP' THEN d.pickup_closes_at ELSE d.dropoff_closes_at END)
            AS w(opens_at, closes_at)
         WHERE st.route_id = r.id) AS slack_s,
       p.version AS policy_version, p.rates, p.floors,
       (SELECT coalesce(max(number), 0) FROM wave WHERE route_id = r.id) AS waves,
       coalesce((SELECT min(opened_at) FROM wave WHERE route_id = r.id), $2) AS searched_since
FROM route r
JOIN market m ON m.id = r.market_id
JOIN stop s ON s.route_id = r.id AND s.place = 0
CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.load[1]), 0)::int AS packages, coalesce(sum(d.load[2]), 0)::int AS grams,
           coalesce(sum(d.load[3]), 0)::int AS litres,
           coalesce(sum(d.pallet_places), 0)::int AS pallet_places, count(*)::int AS delivery_count,
           coalesce(sum(d.price_minor), 0)::bigint AS price_minor,
           (SELECT coalesce(array_agg(DISTINCT need), '{}') FROM (
                SELECT unnest(e.requirements) AS need FROM delivery e WHERE e.route_id = r.id
                UNION ALL SELECT 'COLD' WHERE EXISTS (SELECT FROM delivery e WHERE e.route_id = r.id
                    AND e.out_of_cold_limit_s < (
                        SELECT extract(epoch FROM max(st.planned_departure) - min(st.planned_departure))
                        FROM task t JOIN stop st ON st.id = t.stop_id AND st.route_id = r.id
                        WHERE t.delivery_id = e.id))) AS asked
             WHERE need = ANY($3)) AS skills
    FROM delivery d WHERE d.route_id = r.id) n
CROSS JOIN LATERAL (
    SELECT version, rates, floors FROM pay_policy WHERE market_id = r.market_id AND effective_from <= $2
    ORDER BY effective_from DESC, version DESC LIMIT 1) p
WHERE r.id = $1
"""
# The first rule that excludes each driver, in the order of `RuledOut`, null for those who can be asked: of everybody
# who is not offline, or of the one driver who is asked about.
JUDGED = """
WITH judged AS MATERIALIZED (
    SELECT d.id, d.contract_kind,
        (SELECT c.route_minor FROM company c WHERE c.id = d.company_id) AS agreed_minor,
        EXISTS (SELECT 1 FROM sign_up s JOIN block b ON b.id = s.block_id
                WHERE s.driver_id = d.id AND s.state = 'SIGNED' AND s.opens_at <= $2 AND s.closes_at > $2
                  AND b.area_cells @> ARRAY[$18::text]) AS is_in_block,
        p.lat, p.lon, o.raise_minor AS passed_minor, coalesce(n.open, 0) AS open_offers,
        CASE WHEN NOT may_drive(d.account_state, d.suspended_from, greatest($2::timestamptz, $3))
             THEN 'ACCOUNT_NOT_ACTIVE'
             WHEN p.state = 'OFFLINE' OR p.online_until IS NULL OR p.online_until <= $2 THEN 'OFFLINE'
             WHEN p.state = 'PAUSED' THEN 'PAUSED'
             WHEN p.lat IS NULL THEN 'NO_POSITION'
             WHEN p.state = 'ENGAGED' OR EXISTS (
                 SELECT 1 FROM route r WHERE r.driver_id = d.id AND r.state IN ('ASSIGNED', 'STARTED')) THEN 'BUSY'
             WHEN d.documents_until <= greatest($2, $3) THEN 'DOCUMENT_EXPIRED'
             WHEN d.vehicle_until <= greatest($2, $3) THEN 'VEHICLE_NOT_CHECKED'
             WHEN d.company_id IS NOT NULL AND EXISTS (
                 SELECT 1 FROM company c WHERE c.id = d.company_id AND c.state <> 'ACTIVE') THEN 'COMPANY_ENDED'
             WHEN o.has_declined THEN 'DECLINED_BEFORE'
             WHEN o.is_open THEN 'ASKED_NOW'
             WHEN NOT skills_at(d.skills, d.skills_until, greatest($2, $3)) @> $7::text[] THEN 'NO_SKILL'
             WHEN d.capacity[1] < $4 OR d.capacity[2] < $5 OR d.capacity[3] < $6 OR d.pallet_places < $19
             THEN 'NO_CAPACITY'
             WHEN d.max_stops < $8 THEN 'TOO_MANY_STOPS'
             WHEN NOT d.area_cells @> $16::text[] THEN 'OUTSIDE_AREAS'
             WHEN d.max_distance_m < $17 THEN 'TOO_LONG'
             WHEN d.contract_kind <> 'CROWDSOURCED' AND p.online_until < $3 THEN 'SHIFT_ENDS'
             WHEN coalesce(n.open, 0) >= $10 THEN 'TOO_MANY_OFFERS' END AS rule
    FROM presence p JOIN driver d ON d.id = p.driver_id
    LEFT JOIN (SELECT driver_id, bool_or(state = 'DECLINED') AS has_declined,
                      bool_or(state IN ('SENT', 'VIEWED')) AS is_open, max(raise_minor) AS raise_minor
               FROM offer WHERE route_id = $9 GROUP BY driver_id) o ON o.driver_id = d.id
    LEFT JOIN (SELECT driver_id, count(*) AS open FROM offer WHERE market_id = $1 AND state IN ('SENT', 'VIEWED')
               GROUP BY driver_id) n ON n.driver_id = d.id
    WHERE p.market_id = $1 AND CASE WHEN $11::uuid IS NULL THEN p.state <> 'OFFLINE' ELSE d.id = $11 END
)
SELECT id, contract_kind, agreed_minor, is_in_block, lat, lon, passed_minor, open_offers, NULL AS rule, 0 AS drivers
FROM judged WHERE rule IS NULL
UNION ALL
SELECT id, contract_kind, agreed_minor, is_in_block, lat, lon, passed_minor, open_offers, rule, drivers FROM (
    SELECT j.*, count(*) OVER (PARTITION BY rule) AS drivers,
           row_number() OVER (PARTITION BY rule ORDER BY (lat - $12) ^ 2 + ((lon - $13) * $14) ^ 2, id) AS place
    FROM judged j WHERE rule IS NOT NULL) ranked
WHERE place <= $15
ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteNeeds:
    """What a route asks of its driver, what it is worth, how long it can wait, and how far its search has come."""

    route_id: UUID
    market_id: UUID
    state: str
    version: int
    distance_m: int
    duration_s: int
    stop_count: int
    dropoff_count: int
    delivery_count: int
    price_minor: int
    currency: str
    policy: PayPolicy
    bonus_minor: int
    bonus_rule: str | None
    planned_driver_id: UUID | None
    first_place: Point
    arrive_by: datetime | None
    ends_at: datetime
    load: tuple[int, int, int]
    pallet_places: int
    skills: Sequence[str]
    cells: Sequence[str]
    waves: int
    searched_since: datetime

    def slack_s(self, now: datetime, approach_s: int) -> int | None:
        """How long a driver who is so far away can wait before a window is missed; negative when it is too late."""
        if self.arrive_by is None:
            return None
        return int((self.arrive_by - now).total_seconds()) - approach_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A driver who could take the route; `passed_minor` is the raise of an offer of it that was not answered.

    `agreed_minor` is what the driver's company was promised for each route at least. `is_in_block` is true for one who
    has a place now in a block in whose area the route begins.
    """

    driver_id: UUID
    kind: ContractKind
    place: Point
    passed_minor: int | None = None
    open_offers: int = 0
    agreed_minor: int = 0
    is_in_block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A rule, how many drivers it excludes, and the nearest of them."""

    rule: RuledOut
    drivers: int
    driver_ids: Sequence[UUID]

    def as_json(self) -> dict[str, object]:
        """The exclusion as a choice keeps it."""
        return {"rule": self.rule.value, "drivers": self.drivers, "driver_ids": [str(one) for one in self.driver_ids]}


async def find_needs(work: Work, *, route_id: UUID) -> RouteNeeds | None:
    """What a route asks for; None when there is no such route."""
    row = await work.fetch_row(NEEDS, route_id, work.now, sorted(SKILLS))
    if row is None:
        return None
    slack_s = row["slack_s"]
    return RouteNeeds(
        route_id=row["id"],
        market_id=row["market_id"],
        state=row["state"],
        version=row["version"],
        distance_m=row["distance_m"],
        duration_s=row["duration_s"],
        stop_count=row["stop_count"],
        dropoff_count=row["dropoff_count"],
        delivery_count=row["delivery_count"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        policy=PayPolicy.of(
            row["policy_version"], orjson.loads(row["rates"]), orjson.loads(row["floors"]) if row["floors"] else None
        ),
        bonus_minor=row["bonus_minor"],
        bonus_rule=row["bonus_rule"],
        planned_driver_id=row["planned_driver_id"],
        first_place=Point(lat=row["lat"], lon=row["lon"]),
        arrive_by=None if slack_s is None else row["planned_arrival"] + timedelta(seconds=slack_s),
        ends_at=row["ends_at"],
        load=(row["packages"], row["grams"], row["litres"]),
        pallet_places=row["pallet_places"],
        skills=row["skills"],
        cells=sorted(
            {area_of(Point(lat=float(lat), lon=float(lon))) for lat, lon in map(str.split, row["stop_places"])}
        ),
        waves=row["waves"],
        searched_since=row["searched_since"],
    )


async def find_candidates(
    work: Work, needs: RouteNeeds, *, open_offers: int
) -> tuple[list[Candidate], list[Exclusion]]:
    """Everybody who could be asked now, of all kinds, and what excludes the others who are not offline.

    A driver who declined this route is not asked again; one who let an offer of it pass is asked again for more pay.
    """
    rows = await _judge(work, needs, open_offers, None)
    able = [_candidate(row) for row in rows if row["rule"] is None]
    ruled_out: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        if row["rule"] is not None:
            ruled_out.setdefault(row["rule"], []).append(row)
    exclusions = [
        Exclusion(rule=rule, drivers=some[0]["drivers"], driver_ids=[row["id"] for row in some])
        for rule in RuledOut
        if (some := ruled_out.get(rule.value))
    ]
    near, far = _nearest(able, needs.first_place)
    return near, exclusions + exclude(RuledOut.TOO_FAR, far)


async def judge_driver(
    work: Work, needs: RouteNeeds, *, driver_id: UUID, open_offers: int
) -> tuple[Candidate | None, RuledOut | None]:
    """The first rule that excludes one driver from a route now; nobody and no rule for a driver of another market."""
    rows = await _judge(work, needs, open_offers, driver_id)
    if not rows:
        return None, None
    rule = rows[0]["rule"]
    return (_candidate(rows[0]), None) if rule is None else (None, RuledOut(rule))


def exclude(rule: RuledOut, candidates: Sequence[Candidate]) -> list[Exclusion]:
    """What is kept of candidates, nearest first, whom a rule excludes after all."""
    if not candidates:
        return []
    named = [candidate.driver_id for candidate in candidates[:NAMED_PER_RULE]]
    return [Exclusion(rule=rule, drivers=len(candidates), driver_ids=named)]


async def _judge(work: Work, needs: RouteNeeds, open_offers: int, driver_id: UUID | None) -> list[asyncpg.Record]:
    place = needs.first_place
    return await work.fetch(
        JUDGED,
        needs.market_id,
        work.now,
        needs.ends_at,
        *needs.load,
        needs.skills,
        needs.stop_count,
        needs.route_id,
        open_offers,
        driver_id,
        place.lat,
        place.lon,
        math.cos(math.radians(place.lat)),
        NAMED_PER_RULE,
        needs.cells,
        needs.distance_m,
        area_of(needs.first_place),
        needs.pallet_places,
    )


def _candidate(row: asyncpg.Record) -> Candidate:
    return Candidate(
        driver_id=row["id"],
        kind=ContractKind(row["contract_kind"]),
        place=Point(lat=row["lat"], lon=row["lon"]),
        passed_minor=row["passed_minor"],
        open_offers=row["open_offers"],
        agreed_minor=row["agreed_minor"] or 0,
        is_in_block=row["is_in_block"],
    )


def _nearest(candidates: list[Candidate], place: Point) -> tuple[list[Candidate], list[Candidate]]:
    if len(candidates) <= CANDIDATES_AT_MOST:
        return candidates, []
    candidates.sort(key=lambda candidate: (straight_line_m(candidate.place, place), candidate.driver_id))
    return candidates[:CANDIDATES_AT_MOST], candidates[CANDIDATES_AT_MOST:]
