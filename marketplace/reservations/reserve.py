"""Operations reserve places for a shipper, change that from a day on, or end it; what is promised already stays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, LimitReached, NotFound
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.reservations.models import CapacityReservation, ReservationTerms
from marketplace.reservations.queries import (
    LOCK_MARKET,
    RESERVATIONS_AT_MOST,
    bound_places,
    read_room,
)
from marketplace.reservations.room import Place
from marketplace.reservations.terms import BadReservation, Terms

LOOKS_AHEAD = 14
"""Days after each beginning or end on which everything is summed up; weeks repeat between them, but for holidays."""

SHIPPER = "SELECT id FROM shipper WHERE id = $1"
HUB = "SELECT id FROM hub WHERE id = $1 AND market_id = $2 AND (shipper_id IS NULL OR shipper_id = $3)"
FIND = "SELECT * FROM capacity_reservation WHERE id = $1 AND market_id = $2 FOR UPDATE"
SIBLINGS = """
SELECT r.id AS reservation_id, r.shipper_id, r.hub_id, t.*,
       lead(t.first_day) OVER (PARTITION BY r.id ORDER BY t.first_day, t.version) AS next_day
FROM capacity_reservation r JOIN reservation_terms t ON t.reservation_id = r.id
WHERE r.market_id = $1 AND NOT r.is_over AND ($2::uuid IS NULL OR r.hub_id = $2)
"""
COUNT = "SELECT count(*) FROM capacity_reservation WHERE market_id = $1 AND NOT is_over"
NEXT_VERSION = "SELECT coalesce(max(version), 0) + 1 FROM reservation_terms WHERE reservation_id = $1"
HAS_PROFILE = "SELECT EXISTS (SELECT FROM billing_profile WHERE shipper_id = $1 AND market_id = $2)"


class OverReserved(LimitReached):
    """More would be reserved and promised than the place has."""

    code = "OVER_RESERVED"


class ReservationMeetsAnother(Conflict):
    """The shipper has a reservation of the same place, days and hours."""

    code = "RESERVATION_MEETS_ANOTHER"


class ReservationOver(Conflict):
    """The reservation has ended; what is wanted now is another one."""

    code = "RESERVATION_OVER"


async def reserve_capacity(work: Work, *, market_id: UUID, shipper_id: UUID, hub_id: UUID | None, terms: Terms) -> UUID:
    """Reserves places for a shipper at a hub, or anywhere in a market, from a coming day on; returns its id."""
    if await work.fetch_value(SHIPPER, shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if hub_id is not None and await work.fetch_value(HUB, hub_id, market_id, shipper_id) is None:
        raise NotFound("there is no such hub that this shipper could use", field="hubId")
    places = await _lock(work, market_id, hub_id)
    if await work.fetch_value(COUNT, market_id) >= RESERVATIONS_AT_MOST:
        raise LimitReached(f"a market has at most {RESERVATIONS_AT_MOST} reservations", field="marketId")
    reservation_id = work.new_id()
    await CapacityReservation.create(
        using_db=work.db,
        id=reservation_id,
        market_id=market_id,
        shipper_id=shipper_id,
        hub_id=hub_id,
        settled_through=terms.first_day - timedelta(days=1),
        created_at=work.now,
    )
    await _add_terms(work, market_id, shipper_id, hub_id, reservation_id, terms, places)
    return reservation_id


async def change_reservation(work: Work, *, market_id: UUID, reservation_id: UUID, terms: Terms) -> int:
    """Adds the next version of a reservation, in force from its first day on; returns its number."""
    row = await _open(work, market_id, reservation_id)
    places = await _lock(work, market_id, row["hub_id"])
    return await _add_terms(work, market_id, row["shipper_id"], row["hub_id"], reservation_id, terms, places)


async def end_reservation(work: Work, *, market_id: UUID, reservation_id: UUID, from_day: date) -> int:
    """Has a reservation no places any more from a coming day on; what its shipper has posted by then is delivered."""
    row = await _open(work, market_id, reservation_id)
    places = await _lock(work, market_id, row["hub_id"])
    place = places[row["hub_id"]]
    if from_day <= _today(place, work.now):
        raise BadReservation("a reservation ends tomorrow or later", field="fromDay")
    return await _write(work, market_id, reservation_id, Terms(first_day=from_day, places=0))


async def _open(work: Work, market_id: UUID, reservation_id: UUID) -> asyncpg.Record:
    row = await work.fetch_row(FIND, reservation_id, market_id)
    if row is None:
        raise NotFound("there is no such reservation", field="reservationId")
    if row["is_over"]:
        raise ReservationOver("this reservation has ended; make another", field="reservationId")
    return row


async def _lock(work: Work, market_id: UUID, hub_id: UUID | None) -> dict[UUID | None, Place]:
    """The bounded places that it is about. Whoever posts, holds or reserves there waits until this Work ends."""
    places = await bound_places(work, market_id=market_id, hub_ids=[hub_id] if hub_id else [], lock=True)
    if hub_id not in places:
        what = "the hub gives out no bounded number of places" if hub_id else "the market has no placesPerDay"
        raise BadReservation(f"{what}, so there is nothing to reserve; give it a bound first", field="hubId")
    await work.execute(LOCK_MARKET, str(market_id))
    return places


async def _add_terms(
    work: Work,
    market_id: UUID,
    shipper_id: UUID,
    hub_id: UUID | None,
    reservation_id: UUID,
    terms: Terms,
    places: dict[UUID | None, Place],
) -> int:
    place = places[hub_id]
    if terms.places < 1:
        raise BadReservation("a reservation has at least one place; end it to have none", field="places")
    released_at = terms.released_at(terms.first_day, place.time_zone)
    if terms.first_day <= _today(place, work.now) or released_at <= work.now:
        raise BadReservation("it begins on a day whose unused places are not free for all yet", field="firstDay")
    if terms.fee_minor and not await work.fetch_value(HAS_PROFILE, shipper_id, market_id):
        raise BadReservation("this shipper has no billing terms here; give it some first", field="feeMinor")
    version = await _write(work, market_id, reservation_id, terms)
    siblings = await work.fetch(SIBLINGS, market_id, None)
    _check_alone(siblings, reservation_id, shipper_id, hub_id, replace(terms, version=version))
    _check_hours([row for row in siblings if row["hub_id"] == hub_id], place, terms)
    await _check_days(work, market_id, places, siblings, terms)
    return version


async def _write(work: Work, market_id: UUID, reservation_id: UUID, terms: Terms) -> int:
    # Two at once queue at the reservation or at its place, so that each gets a version of its own.
    version: int = await work.fetch_value(NEXT_VERSION, reservation_id)
    values: dict[str, Any] = terms.as_json()
    await ReservationTerms.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        reservation_id=reservation_id,
        version=version,
        created_at=work.now,
        **values,
    )
    return version


def _today(place: Place, now: datetime) -> date:
    return now.astimezone(zone(place.time_zone)).date()


def _effective(row: asyncpg.Record) -> Terms | None:
    """A version until the next one begins; None where it never counts."""
    terms, next_day = Terms.of(dict(row)), row["next_day"]
    if next_day is None:
        return terms
    last = min(terms.last_day or next_day, next_day - timedelta(days=1))
    return replace(terms, last_day=last) if last >= terms.first_day else None


def _check_alone(
    siblings: Sequence[asyncpg.Record], reservation_id: UUID, shipper_id: UUID, hub_id: UUID | None, terms: Terms
) -> None:
    """A shipper has one reservation of a place and hour, so that it is plain which of them a delivery uses."""
    for row in siblings:
        is_other = row["reservation_id"] != reservation_id
        if is_other and (row["shipper_id"], row["hub_id"]) == (shipper_id, hub_id):
            other = _effective(row)
            if other is not None and other.places and terms.meets(other):
                raise ReservationMeetsAnother("change the reservation that there is for these hours", field="firstDay")


def _check_hours(siblings: Sequence[asyncpg.Record], place: Place, terms: Terms) -> None:
    """What is reserved of each hour is no more than the hub gives out in an hour."""
    per_hour = place.opening.places_per_hour if place.opening is not None else None
    if per_hour is None or terms.opens is None:
        return
    kept = [one for row in siblings if (one := _effective(row)) is not None and one.places]
    bands = [(one.opens, one.closes, one) for one in kept if one.opens is not None and one.closes is not None]
    for begins in {opens for opens, _, _ in bands}:
        meeting = [one for opens, closes, one in bands if opens <= begins < closes and one.meets(terms)]
        if sum(one.places / _hours(one) for one in meeting) > per_hour:
            raise OverReserved(f"more than {per_hour} places an hour would be reserved", field="places")


def _hours(terms: Terms) -> float:
    assert terms.opens is not None, "hours were looked at"
    assert terms.closes is not None, "hours end"
    return (terms.closes.hour - terms.opens.hour) + (terms.closes.minute - terms.opens.minute) / 60


async def _check_days(
    work: Work,
    market_id: UUID,
    places: dict[UUID | None, Place],
    siblings: Sequence[asyncpg.Record],
    terms: Terms,
) -> None:
    """What is reserved and promised already is no more than there is, at the hub and in the market."""
    begins = {terms.first_day, *(row["first_day"] for row in siblings if row["first_day"] > terms.first_day)}
    days = {first + timedelta(days=more) for first in begins for more in range(LOOKS_AHEAD)}
    wanted = [day for day in days if terms.holds_on(day)]
    if not wanted:
        return
    room = await read_room(work, market_id=market_id, places=places, days=wanted)
    for day in sorted(wanted):
        for place_id, place in places.items():
            if not place.rests_on(day) and (short := room.short_by(place_id, day)) > 0:
                where = "the hub" if place_id is not None else "the market"
                raise OverReserved(f"on {day} {where} has {short} places too few for this", field="places")
