"""Rows that are picked up or handed over at a dock by appointment: the slot is the window of that end."""

from collections.abc import Mapping
from uuid import UUID

from marketplace.batches.request import BadDelivery, DeliveryRequest, LocalWindow
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window, local_window
from marketplace.docks import KeptSlot

AT_THE_DOCK_M = 300.0
"""A gate may be so far from the place that the shipper has of the firm behind it."""


class AppointmentGone(Invalid):
    """The place is not held any more, or it is taken for another delivery."""

    code = "APPOINTMENT_GONE"


class NotAtDock(Invalid):
    """The dock of the appointment is somewhere else."""

    code = "NOT_AT_DOCK"


def appointed_windows(
    request: DeliveryRequest, slots: Mapping[UUID, KeptSlot], *, origin: Point, time_zone: str
) -> tuple[Window, Window]:
    """Pickup and drop-off window of a row without a tier, with the slots of its appointments in their place."""
    pickup = _slot(request.pickup_appointment_id, slots, origin, "pickupAppointmentId")
    dropoff = _slot(request.dropoff_appointment_id, slots, request.dropoff.point, "dropoffAppointmentId")
    return pickup or _window(request.pickup_window, time_zone), dropoff or _window(request.dropoff_window, time_zone)


def _window(window: LocalWindow | None, time_zone: str) -> Window:
    if window is None:
        # Only a tier, a rural zone or an appointment gives windows to a row without them.
        raise BadDelivery("a delivery without a tier names both windows", field="dropoffWindow")
    return local_window(window.opens, window.closes, time_zone)


def check_at_dock(slot: KeptSlot, place: Point | None, field: str) -> None:
    """Refuses an appointment at a dock that is not where the delivery goes."""
    if place is None or straight_line_m(place, slot.place) > AT_THE_DOCK_M:
        raise NotAtDock("the dock of this appointment is not at this place", field=field)


def gone(field: str) -> AppointmentGone:
    """The refusal of a place that is not held."""
    return AppointmentGone("this place is not held for you now; hold one with holdDockSlot", field=field)


def _slot(key: UUID | None, slots: Mapping[UUID, KeptSlot], place: Point | None, field: str) -> Window | None:
    if key is None:
        return None
    slot = slots.get(key)
    if slot is None:
        raise gone(field)
    check_at_dock(slot, place, field)
    return slot.window
