"""The life of an appointment at a dock."""

from enum import StrEnum


class AppointmentState(StrEnum):
    """HELD until it expires, BOOKED with a delivery, RELEASED when that is off or has another one."""

    HELD = "HELD"
    BOOKED = "BOOKED"
    RELEASED = "RELEASED"
