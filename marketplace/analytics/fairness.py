"""Is work shared fairly? Idle time, offers for each online hour with their Gini, and pay per hour, by contract kind.

Online is from a driver's coming to the going, and whatever a route took beyond it; engaged from a route's acceptance to
its end; idle is the one without the other. Pay is that of the day's finished routes, tips left out. Everything is
clipped to the local day. Declines are nowhere among it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median, median_low
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.fleet import ContractKind

LEAST_FOR_MEDIAN = 5
"""Fewer drivers of a kind than this are shown no median: it would be somebody's own pay."""

DAY = """
SELECT coalesce($2::date, ($3::timestamptz AT TIME ZONE time_zone)::date) AS day, currency,
       coalesce($2::date, ($3::timestamptz AT TIME ZONE time_zone)::date)::timestamp AT TIME ZONE time_zone AS begins,
       least(((coalesce($2::date, ($3::timestamptz AT TIME ZONE time_zone)::date) + 1)::timestamp
           AT TIME ZONE time_zone), $3) AS ends
FROM market WHERE id = $1
"""
# Of several comings on end the first counts, and so of goings: what counts is where the name changes. Nobody is online
# for two days without being told to be offline.
DRIVERS = """
WITH told AS (
    SELECT driver_id, name, occurred_at, ordinal,
           lag(name) OVER (PARTITION BY driver_id ORDER BY occurred_at, ordinal) AS before
    FROM event WHERE market_id = $1 AND name IN ('DriverWentOnline', 'DriverWentOffline')
      AND occurred_at >= $2::timestamptz - interval '2 days' AND occurred_at < $3
), turns AS (
    SELECT driver_id, name, occurred_at,
           lead(occurred_at) OVER (PARTITION BY driver_id ORDER BY occurred_at, ordinal) AS until
    FROM told WHERE name IS DISTINCT FROM before
), online AS (
    SELECT driver_id, range_agg(tstzrange(greatest(occurred_at, $2), coalesce(least(until, $3), $3))) AS spans
    FROM turns WHERE name = 'DriverWentOnline' AND coalesce(until, $3) > $2 GROUP BY driver_id
), engaged AS (
    SELECT driver_id, range_agg(tstzrange(greatest(accepted_at, $2), coalesce(least(ended_at, $3), $3))) AS spans
    FROM route WHERE market_id = $1 AND driver_id IS NOT NULL AND state IN ('ASSIGNED', 'STARTED', 'COMPLETED')
      AND accepted_at < $3 AND coalesce(ended_at, $3) > $2 GROUP BY driver_id
), asked AS (
    SELECT driver_id, count(*)::int AS offers FROM offer WHERE market_id = $1 AND sent_at >= $2 AND sent_at < $3
    GROUP BY driver_id
), paid AS (
    SELECT r.driver_id, sum(p.total_minor)::bigint AS pay_minor, count(*)::int AS routes
    FROM route r JOIN pay_statement p ON p.route_id = r.id AND p.kind = 'ROUTE'
    WHERE r.market_id = $1 AND r.state = 'COMPLETED' AND r.ended_at >= $2 AND r.ended_at < $3 GROUP BY r.driver_id
)
SELECT d.id AS driver_id, d.contract_kind, coalesce(a.offers, 0) AS offers, coalesce(p.pay_minor, 0) AS pay_minor,
       coalesce(p.routes, 0) AS routes, length.online_s, length.engaged_s
FROM driver d LEFT JOIN online o ON o.driver_id = d.id LEFT JOIN engaged e ON e.driver_id = d.id
LEFT JOIN asked a ON a.driver_id = d.id LEFT JOIN paid p ON p.driver_id = d.id
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT sum(extract(epoch FROM upper(s) - lower(s))) FROM unnest(
               coalesce(o.spans, '{}') + coalesce(e.spans, '{}')) s), 0)::int AS online_s,
           coalesce((SELECT sum(extract(epoch FROM upper(s) - lower(s))) FROM unnest(e.spans) s), 0)::int AS engaged_s
) length
WHERE d.market_id = $1 AND (length.online_s > 0 OR a.offers > 0 OR p.routes > 0) ORDER BY d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverDay:
    """What one driver's local day came to; money in minor units."""

    driver_id: UUID
    contract_kind: ContractKind
    offers: int
    routes: int
    pay_minor: int
    online_s: int
    engaged_s: int

    @property
    def idle_s(self) -> int:
        """Online without a route."""
        return self.online_s - self.engaged_s

    @property
    def offers_per_online_hour(self) -> float:
        """None online, none asked: zero."""
        return per_hour(self.offers, self.online_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessFigures:
    """A kind of drivers on one day, or all of them (`contract_kind` None); ratios of the sums, not means of ratios."""

    contract_kind: ContractKind | None
    drivers: int
    idle_minutes: float
    offers: int
    offers_per_online_hour: float
    gini: float
    pay_minor: int
    pay_per_engaged_hour_minor: int
    pay_per_online_hour_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """The figures of a market's local day."""

    day: date
    currency: str
    figures: list[FairnessFigures]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFigures:
    """One day of one driver, or the middle of the drivers of the same kind."""

    idle_minutes: float
    offers_per_online_hour: float
    pay_per_engaged_hour_minor: int
    pay_per_online_hour_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFairness:
    """A driver's day beside the median of the kind; no median where too few drove."""

    day: date
    currency: str
    contract_kind: ContractKind
    own: OwnFigures
    median: OwnFigures | None


async def fairness(work: Work, *, market_id: UUID, day: date | None = None) -> Fairness:
    """The figures of a local day, of today so far when none is given: all drivers first, then each kind."""
    found, days = await driver_days(work, market_id=market_id, day=day)
    kinds = [None, *(kind for kind in ContractKind if any(one.contract_kind is kind for one in days))]
    return Fairness(
        day=found.day,
        currency=found.currency,
        figures=[figures_of(kind, [one for one in days if kind in {None, one.contract_kind}]) for kind in kinds],
    )


async def own_fairness(work: Work, *, driver_id: UUID, day: date | None = None) -> OwnFairness:
    """A driver's own figures beside the median of drivers of the same kind."""
    row = await work.fetch_row("SELECT market_id, contract_kind FROM driver WHERE id = $1", driver_id)
    if row is None:
        raise NotFound("there is no such driver")
    kind = ContractKind(row["contract_kind"])
    found, days = await driver_days(work, market_id=row["market_id"], day=day)
    peers = [_own(one) for one in days if one.contract_kind is kind and one.online_s > 0]
    own = next((_own(one) for one in days if one.driver_id == driver_id), OwnFigures(
        idle_minutes=0.0, offers_per_online_hour=0.0, pay_per_engaged_hour_minor=0, pay_per_online_hour_minor=0
    ))  # fmt: skip
    median = _median(peers) if len(peers) >= LEAST_FOR_MEDIAN else None
    return OwnFairness(day=found.day, currency=found.currency, contract_kind=kind, own=own, median=median)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDay:
    """A local day and the market's currency."""

    day: date
    currency: str


async def driver_days(work: Work, *, market_id: UUID, day: date | None = None) -> tuple[FoundDay, list[DriverDay]]:
    """What each driver's local day came to, of everybody who was online, asked or paid on it."""
    span = await work.fetch_row(DAY, market_id, day, work.now)
    if span is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(DRIVERS, market_id, span["begins"], max(span["begins"], span["ends"]))
    days = [DriverDay(**dict(row) | {"contract_kind": ContractKind(row["contract_kind"])}) for row in rows]
    return FoundDay(day=span["day"], currency=span["currency"]), days


def figures_of(kind: ContractKind | None, days: Sequence[DriverDay]) -> FairnessFigures:
    """The sums of some drivers and their ratios."""
    online, engaged = sum(one.online_s for one in days), sum(one.engaged_s for one in days)
    offers, pay = sum(one.offers for one in days), sum(one.pay_minor for one in days)
    return FairnessFigures(
        contract_kind=kind,
        drivers=len(days),
        idle_minutes=(online - engaged) / 60,
        offers=offers,
        offers_per_online_hour=per_hour(offers, online),
        gini=gini([one.offers_per_online_hour for one in days if one.online_s > 0]),
        pay_minor=pay,
        pay_per_engaged_hour_minor=pay * 3_600 // engaged if engaged else 0,
        pay_per_online_hour_minor=pay * 3_600 // online if online else 0,
    )


def gini(values: Sequence[float]) -> float:
    """0 where all have the same, towards 1 where one has everything; 0 where nobody has anything."""
    total, count = sum(values), len(values)
    if not total:
        return 0.0
    ranked = sum((2 * place - count - 1) * value for place, value in enumerate(sorted(values), start=1))
    return ranked / (count * total)


def per_hour(count: int, seconds: int) -> float:
    """So many in each hour; zero of no time."""
    return count * 3_600 / seconds if seconds else 0.0


def _own(day: DriverDay) -> OwnFigures:
    return OwnFigures(
        idle_minutes=day.idle_s / 60,
        offers_per_online_hour=day.offers_per_online_hour,
        pay_per_engaged_hour_minor=day.pay_minor * 3_600 // day.engaged_s if day.engaged_s else 0,
        pay_per_online_hour_minor=day.pay_minor * 3_600 // day.online_s if day.online_s else 0,
    )


def _median(peers: Sequence[OwnFigures]) -> OwnFigures:
    return OwnFigures(
        idle_minutes=median(one.idle_minutes for one in peers),
        offers_per_online_hour=median(one.offers_per_online_hour for one in peers),
        pay_per_engaged_hour_minor=median_low(one.pay_per_engaged_hour_minor for one in peers),
        pay_per_online_hour_minor=median_low(one.pay_per_online_hour_minor for one in peers),
    )
