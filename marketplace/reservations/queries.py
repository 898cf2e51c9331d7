"""Every read of reservations, and the look at what is taken that tells how much room there is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening
from marketplace.reservations.room import Place, Reserved, Room, Taken
from marketplace.reservations.terms import Terms

RESERVATIONS_AT_MOST = 500
"""Reservations of one market, those that are over not counted."""
TAKEN_AT_MOST = 20_000
"""Different windows of deliveries and holds that one look counts."""

# Only hubs with a bound: where there is as much as drivers take, nobody has to queue.
BOUND_HUBS = """
SELECT id, opening::text AS opening, time_zone FROM hub
WHERE market_id = $1 AND id = ANY($2)
  AND (opening->>'places_per_hour' IS NOT NULL OR opening->>'places_per_day' IS NOT NULL) ORDER BY id
"""
# As one who holds a window does: whoever takes a place of a hub queues here.
LOCK_BOUND_HUBS = f"{BOUND_HUBS} FOR NO KEY UPDATE"
MARKET = "SELECT time_zone, places_per_day, currency FROM market WHERE id = $1"
LOCK_MARKET = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 5))"
# Of each reservation the version that counts on a day.
ON_DAYS = """
SELECT DISTINCT ON (r.id, wanted.day) wanted.day, r.id AS reservation_id, r.shipper_id, r.hub_id,
       coalesce(h.time_zone, m.time_zone) AS time_zone, h.opening::text AS opening, t.*
FROM unnest($2::date[]) AS wanted(day)
JOIN capacity_reservation r ON r.market_id = $1 JOIN market m ON m.id = r.market_id LEFT JOIN hub h ON h.id = r.hub_id
JOIN reservation_terms t ON t.reservation_id = r.id AND t.first_day <= wanted.day
WHERE ($3::uuid[] IS NULL OR r.hub_id = ANY($3)) AND ($4::uuid IS NULL OR r.shipper_id = $4)
ORDER BY r.id, wanted.day, t.first_day DESC, t.version DESC
"""
TAKEN = """
SELECT shipper_id, hub_id, opens_at, closes_at, count(*)::int AS count FROM (
    SELECT shipper_id, hub_id, dropoff_opens_at AS opens_at, dropoff_closes_at AS closes_at FROM delivery
    WHERE market_id = $1 AND return_of IS NULL AND state NOT IN ('CANCELLED', 'EXPIRED', 'FAILED')
      AND dropoff_closes_at > $2 AND dropoff_opens_at < $3 AND ($4::uuid[] IS NULL OR hub_id = ANY($4))
      AND ($5::uuid IS NULL OR shipper_id = $5) AND id IS DISTINCT FROM $6
    UNION ALL
    SELECT shipper_id, hub_id, opens_at, closes_at FROM window_hold
    WHERE market_id = $1 AND state = 'HELD' AND expires_at > $7 AND closes_at > $2 AND opens_at < $3
      AND ($4::uuid[] IS NULL OR hub_id = ANY($4)) AND ($5::uuid IS NULL OR shipper_id = $5)
      AND (delivery_id IS NULL OR delivery_id IS DISTINCT FROM $6)) AS taken
GROUP BY shipper_id, hub_id, opens_at, closes_at ORDER BY closes_at, opens_at, shipper_id, hub_id LIMIT $8
"""
# What a shipper has called off was not used; what ran out of time or went astray was, and so was a hand-over that
# failed at a door, by the window that was promised for it then.
USED = """
SELECT shipper_id, hub_id, opens_at, closes_at, count(*)::int AS count FROM (
    SELECT shipper_id, hub_id, dropoff_opens_at AS opens_at, dropoff_closes_at AS closes_at FROM delivery
    WHERE market_id = $1 AND return_of IS NULL AND state <> 'CANCELLED' AND dropoff_closes_at > $2
      AND dropoff_closes_at <= $3 AND shipper_id = $4
    UNION ALL
    SELECT d.shipper_id, d.hub_id, promised.closes_at, promised.closes_at
    FROM attempt a JOIN delivery d ON d.id = a.delivery_id
    CROSS JOIN LATERAL (SELECT a.occurred_at - make_interval(secs => greatest(a.late_s, 0)) AS closes_at) promised
    WHERE a.market_id = $1 AND a.shipper_id = $4 AND promised.closes_at > $2 AND promised.closes_at <= $3
      AND d.return_of IS NULL AND NOT (d.dropoff_closes_at > $2 AND d.dropoff_closes_at <= $3)) AS used
GROUP BY shipper_id, hub_id, opens_at, closes_at ORDER BY closes_at, opens_at, hub_id
"""
ALL_TERMS = """
SELECT r.id AS reservation_id, r.market_id, r.shipper_id, r.hub_id, r.is_over, m.currency, t.*,
       lead(t.first_day) OVER (PARTITION BY r.id ORDER BY t.first_day, t.version) AS next_day
FROM capacity_reservation r JOIN reservation_terms t ON t.reservation_id = r.id JOIN market m ON m.id = r.market_id
WHERE ($1::uuid IS NULL OR r.market_id = $1) AND ($2::uuid IS NULL OR r.shipper_id = $2)
  AND ($3::uuid IS NULL OR r.id = $3)
ORDER BY r.id DESC, t.first_day DESC, t.version DESC LIMIT $4
"""
SETTLED = """
SELECT reservation_id, day, places, used, amount_minor FROM reservation_day
WHERE shipper_id = $1 AND market_id = $2 AND day BETWEEN $3 AND $4
"""
# A day is due once it is over by the clock of its place.
UNSETTLED = """
SELECT r.id FROM capacity_reservation r JOIN market m ON m.id = r.market_id LEFT JOIN hub h ON h.id = r.hub_id
WHERE r.market_id = $1 AND NOT r.is_over
  AND r.settled_through < ($2::timestamptz AT TIME ZONE coalesce(h.time_zone, m.time_zone))::date - 1
ORDER BY r.settled_through, r.id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """One day of a reservation: `left` is what its shipper can still use, `amount_minor` what it cost once settled."""

    day: date
    places: int
    used: int
    left: int
    is_released: bool
    amount_minor: int | None


async def bound_places(
    work: Work, *, market_id: UUID, hub_ids: Collection[UUID], lock: bool = False
) -> dict[UUID | None, Place]:
    """Those of the hubs, and the market as None, that give out a bounded number of places.

    With `lock` whoever wants places there queues until this Work ends; hubs in the order of their ids, then the market.
    """
    hubs = await work.fetch(LOCK_BOUND_HUBS if lock else BOUND_HUBS, market_id, sorted(hub_ids)) if hub_ids else []
    places: dict[UUID | None, Place] = {
        row["id"]: Place(time_zone=row["time_zone"], opening=Opening.of(orjson.loads(row["opening"]))) for row in hubs
    }
    market = await work.fetch_row(MARKET, market_id)
    if market is None:
        raise NotFound("there is no such market", field="marketId")
    if market["places_per_day"]:
        places[None] = Place(time_zone=market["time_zone"], per_day=market["places_per_day"])
        if lock:
            await work.execute(LOCK_MARKET, str(market_id))
    return places


async def room_for(
    work: Work,
    *,
    market_id: UUID,
    wanted: Sequence[tuple[UUID | None, Window]],
    lock: bool = False,
    leave_out: UUID | None = None,
) -> Room | None:
    """The room at hubs and in the market around wanted windows; None where nothing there is bounded."""
    hub_ids = {hub_id for hub_id, _ in wanted if hub_id is not None}
    places = await bound_places(work, market_id=market_id, hub_ids=hub_ids, lock=lock)
    if not places or not wanted:
        return None
    days = {
        place.day_of(window.closes_at)
        for hub_id, window in wanted
        for place_id in {hub_id, None}
        if (place := places.get(place_id)) is not None
    }
    if not days:
        return None
    earliest = min(window.opens_at for _, window in wanted)
    return await read_room(work, market_id=market_id, places=places, days=days, earliest=earliest, leave_out=leave_out)


async def read_room(
    work: Work,
    *,
    market_id: UUID,
    places: dict[UUID | None, Place],
    days: Iterable[date],
    earliest: datetime | None = None,
    leave_out: UUID | None = None,
) -> Room:
    """The room of some days at known places, with all that is reserved and taken there."""
    wanted = sorted(set(days))
    # Where the market itself is bounded everything of it counts, otherwise only what is of the bounded hubs.
    hub_ids = None if None in places else [key for key in places if key is not None]
    reserved = await reserved_on(work, market_id=market_id, days=wanted, hub_ids=hub_ids)
    begins, ends = _around(places.values(), wanted)
    rows = await work.fetch(
        TAKEN, market_id, min(begins, earliest or begins), ends, hub_ids, None, leave_out, work.now, TAKEN_AT_MOST
    )
    return Room.of(work.now, places, reserved, map(_taken, rows))


async def reserved_on(
    work: Work,
    *,
    market_id: UUID,
    days: Sequence[date],
    hub_ids: Sequence[UUID] | None = None,
    shipper_id: UUID | None = None,
) -> list[Reserved]:
    """What is reserved on those days, nothing of it used yet; a hub that is closed on a day rests."""
    rows = await work.fetch(ON_DAYS, market_id, list(days), hub_ids, shipper_id)
    return [one for row in rows if (one := _reserved(row)) is not None]


def _reserved(row: asyncpg.Record) -> Reserved | None:
    terms, day = Terms.of(dict(row)), row["day"]
    place = Place(
        time_zone=row["time_zone"],
        opening=Opening.of(orjson.loads(row["opening"])) if row["opening"] else None,
    )
    if not terms.holds_on(day) or place.rests_on(day):
        return None
    return Reserved(
        reservation_id=row["reservation_id"],
        shipper_id=row["shipper_id"],
        hub_id=row["hub_id"],
        day=day,
        span=terms.span(day, place.time_zone),
        is_of_hours=terms.opens is not None,
        places=terms.places,
        released_at=terms.released_at(day, place.time_zone),
    )


async def used_on(work: Work, *, market_id: UUID, shipper_id: UUID, day: date) -> list[Reserved]:
    """What a shipper had reserved on a day that is over, and how much of it was used."""
    reserved = await reserved_on(work, market_id=market_id, days=[day], shipper_id=shipper_id)
    if reserved:
        begins, ends = min(one.span.opens_at for one in reserved), max(one.span.closes_at for one in reserved)
        rows = await work.fetch(USED, market_id, begins, ends, shipper_id)
        Room.of(work.now, {}, reserved, map(_taken, rows))
    return reserved


async def all_terms(
    work: Work, *, market_id: UUID | None = None, shipper_id: UUID | None = None, reservation_id: UUID | None = None
) -> list[dict[str, Any]]:
    """Reservations with every version of their terms, latest first, and the day on which the next one begins."""
    rows = await work.fetch(ALL_TERMS, market_id, shipper_id, reservation_id, RESERVATIONS_AT_MOST)
    return [dict(row) for row in rows]


async def days_of(
    work: Work, *, market_id: UUID, shipper_id: UUID, first: date, last: date
) -> dict[UUID, list[DayUse]]:
    """For each reservation of a shipper in a market what became of its days, or has become of them so far."""
    days = [first + timedelta(days=more) for more in range((last - first).days + 1)]
    settled = {
        (row["reservation_id"], row["day"]): row
        for row in await work.fetch(SETTLED, shipper_id, market_id, first, last)
    }
    reserved = await reserved_on(work, market_id=market_id, days=days, shipper_id=shipper_id)
    if reserved:
        begins, ends = min(one.span.opens_at for one in reserved), max(one.span.closes_at for one in reserved)
        rows = await work.fetch(TAKEN, market_id, begins, ends, None, shipper_id, None, work.now, TAKEN_AT_MOST)
        Room.of(work.now, {}, reserved, map(_taken, rows))
    found: dict[UUID, list[DayUse]] = {}
    for one in sorted(reserved, key=lambda one: one.day):
        found.setdefault(one.reservation_id, []).append(_use(one, settled.get((one.reservation_id, one.day)), work.now))
    return found


def _use(one: Reserved, settled: asyncpg.Record | None, now: datetime) -> DayUse:
    is_released = one.released_at <= now
    if settled is not None:
        places, used, amount_minor = settled["places"], settled["used"], settled["amount_minor"]
        return DayUse(day=one.day, places=places, used=used, left=0, is_released=True, amount_minor=amount_minor)
    left = 0 if is_released else one.unused
    return DayUse(day=one.day, places=one.places, used=one.used, left=left, is_released=is_released, amount_minor=None)


def _around(places: Iterable[Place], days: Sequence[date]) -> tuple[datetime, datetime]:
    """From the first midnight to the last one of the days, whichever clock is meant."""
    spans = [
        Terms(first_day=day, places=0).span(day, place.time_zone) for place in places for day in (days[0], days[-1])
    ]
    return min(span.opens_at for span in spans), max(span.closes_at for span in spans)


def _taken(row: asyncpg.Record) -> Taken:
    window = Window(row["opens_at"], row["closes_at"])
    return Taken(shipper_id=row["shipper_id"], hub_id=row["hub_id"], window=window, count=row["count"])
