"""The life of what is promised from a hub's stock, and why stock changes."""

from enum import StrEnum


class ReservationState(StrEnum):
    """From promised to gone: SHIPPED is final for what a recipient keeps, and for what was lost on the way."""

    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    SHIPPED = "SHIPPED"
    RETURNED = "RETURNED"
    ARRIVED = "ARRIVED"


R = ReservationState
RESERVATION_STEPS: dict[ReservationState, frozenset[ReservationState]] = {
    R.RESERVED: frozenset({R.RELEASED, R.SHIPPED}),
    R.SHIPPED: frozenset({R.RETURNED, R.ARRIVED}),
    R.RELEASED: frozenset(),
    R.RETURNED: frozenset(),
    R.ARRIVED: frozenset(),
}


class StockReason(StrEnum):
    """Why a hub's stock changed; the last five are the states of what is promised."""

    RECEIVED = "RECEIVED"
    COUNTED = "COUNTED"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    SHIPPED = "SHIPPED"
    RETURNED = "RETURNED"
    ARRIVED = "ARRIVED"
