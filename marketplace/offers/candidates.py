"""Who can be asked for a route: online, free, able, and not somebody who said no to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind

CANDIDATES_AT_MOST = 200
"""So many drivers, nearest by straight line, are ranked by drive time; a straight line never decides who is asked."""

# What the route needs at its fullest, as if everything were aboard at once: true for routes from one origin, and on the
# safe side for others.
NEEDS = """
SELECT r.id, r.market_id, r.state, r.version, r.distance_m, r.duration_s, r.starts_at, r.currency, r.policy_version,
       r.planned_driver_id,
       s.lat, s.lon,
       (SELECT count(*) FROM stop WHERE route_id = r.id) AS stop_count,
       (SELECT count(*) FROM stop WHERE route_id = r.id AND kind = 'DROPOFF') AS dropoff_count,
       (SELECT CASE m.shift_end_covers WHEN 'pickups' THEN max(planned_arrival) FILTER (WHERE kind = 'PICKUP')
               ELSE max(planned_departure) END FROM stop WHERE route_id = r.id) AS ends_at,
       n.packages, n.grams, n.litres, n.skills,
       (SELECT coalesce(max(number), 0) FROM wave WHERE route_id = r.id) AS waves
FROM route r
JOIN market m ON m.id = r.market_id
JOIN stop s ON s.route_id = r.id AND s.place = 0
CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.load[1]), 0)::int AS packages, coalesce(sum(d.load[2]), 0)::int AS grams,
           coalesce(sum(d.load[3]), 0)::int AS litres,
           (SELECT coalesce(array_agg(DISTINCT need), '{}') FROM delivery e, unnest(e.requirements) AS need
             WHERE e.route_id = r.id AND need IN ('COLD', 'PHARMACY', 'AGE_CHECK', 'TWO_PERSON', 'HEAVY')) AS skills
    FROM delivery d WHERE d.route_id = r.id) n
WHERE r.id = $1
"""
ABLE = """
SELECT d.id, d.contract_kind, p.lat, p.lon
FROM presence p JOIN driver d ON d.id = p.driver_id
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED') AND p.lat IS NOT NULL
  AND d.account_state = 'ACTIVE'
  AND (d.contract_kind = 'CROWDSOURCED' AND p.online_until > $2 OR p.online_until >= $3)
  AND d.capacity[1] >= $4 AND d.capacity[2] >= $5 AND d.capacity[3] >= $6
  AND d.skills @> $7::text[] AND d.max_stops >= $8
  AND NOT EXISTS (SELECT 1 FROM route r WHERE r.driver_id = d.id AND r.state IN ('ASSIGNED', 'STARTED'))
  AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.route_id = $9 AND o.driver_id = d.id
                  AND (o.state IN ('SENT', 'VIEWED', 'DECLINED') OR o.raise_minor >= $10))
  AND (SELECT count(*) FROM offer o WHERE o.driver_id = d.id AND o.state IN ('SENT', 'VIEWED')) < $11
ORDER BY d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteNeeds:
    """What a route asks of its driver, and how far its search has come."""

    route_id: UUID
    market_id: UUID
    state: str
    version: int
    distance_m: int
    duration_s: int
    stop_count: int
    dropoff_count: int
    currency: str
    policy_version: int
    planned_driver_id: UUID | None
    first_place: Point
    waves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A driver who could take the route."""

    driver_id: UUID
    kind: ContractKind
    place: Point


async def find_candidates(
    work: Work, *, route_id: UUID, raise_minor: int, open_offers: int
) -> tuple[RouteNeeds, list[Candidate]] | None:
    """The route's needs and everybody who could be asked now, of all kinds; None when there is no such route.

    A driver who declined this route is not asked again; one who let an offer of it pass is asked again for more pay.
    """
    row = await work.fetch_row(NEEDS, route_id)
    if row is None:
        return None
    needs = RouteNeeds(
        route_id=row["id"],
        market_id=row["market_id"],
        state=row["state"],
        version=row["version"],
        distance_m=row["distance_m"],
        duration_s=row["duration_s"],
        stop_count=row["stop_count"],
        dropoff_count=row["dropoff_count"],
        currency=row["currency"],
        policy_version=row["policy_version"],
        planned_driver_id=row["planned_driver_id"],
        first_place=Point(lat=row["lat"], lon=row["lon"]),
        waves=row["waves"],
    )
    able = await work.fetch(
        ABLE,
        row["market_id"],
        work.now,
        row["ends_at"],
        row["packages"],
        row["grams"],
        row["litres"],
        row["skills"],
        row["stop_count"],
        route_id,
        raise_minor,
        open_offers,
    )
    found = [
        Candidate(
            driver_id=one["id"],
            kind=ContractKind(one["contract_kind"]),
            place=Point(lat=one["lat"], lon=one["lon"]),
        )
        for one in able
    ]
    return needs, _close(found, needs.first_place)


def next_kind(candidates: Sequence[Candidate]) -> ContractKind | None:
    """Whose turn it is: dedicated drivers before contracted ones, those before the crowd."""
    kinds = {candidate.kind for candidate in candidates}
    return next((kind for kind in ContractKind if kind in kinds), None)


def _close(candidates: list[Candidate], place: Point) -> list[Candidate]:
    if len(candidates) <= CANDIDATES_AT_MOST:
        return candidates
    candidates.sort(key=lambda candidate: (straight_line_m(candidate.place, place), candidate.driver_id))
    return candidates[:CANDIDATES_AT_MOST]
