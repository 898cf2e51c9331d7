"""Places that large shippers have for themselves, at a hub or in a market, against a fee for those they leave unused.

In order of life: `reserve_capacity`, `change_reservation`, `end_reservation`; terms are dated and never edited. What is
reserved is kept from everybody else by `room_for`, which whoever posts, quotes, holds or moves a delivery asks, until
the release hour of the day. What stayed unused is charged by billing, once for each day, by `used_on`.
"""

from marketplace.reservations.queries import (
    UNSETTLED,
    DayUse,
    all_terms,
    days_of,
    room_for,
    used_on,
)
from marketplace.reservations.reserve import (
    OverReserved,
    ReservationMeetsAnother,
    ReservationOver,
    change_reservation,
    end_reservation,
    reserve_capacity,
)
from marketplace.reservations.room import Place, Reserved, Room, Taken
from marketplace.reservations.terms import BadReservation, Terms

__all__ = [
    "UNSETTLED",
    "BadReservation",
    "DayUse",
    "OverReserved",
    "Place",
    "ReservationMeetsAnother",
    "ReservationOver",
    "Reserved",
    "Room",
    "Taken",
    "Terms",
    "all_terms",
    "change_reservation",
    "days_of",
    "end_reservation",
    "reserve_capacity",
    "room_for",
    "used_on",
]
