"""What a driver is to us, may do, and does now."""

from enum import StrEnum


class ContractKind(StrEnum):
    """In the order in which they are called: own drivers, partner companies' drivers, the crowd."""

    DEDICATED = "DEDICATED"
    CONTRACTED = "CONTRACTED"
    CROWDSOURCED = "CROWDSOURCED"


class AccountState(StrEnum):
    """The life of a driver's account; only ACTIVE ones drive."""

    APPLIED = "APPLIED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUSPENSION_PROPOSED = "SUSPENSION_PROPOSED"
    SUSPENDED = "SUSPENDED"
    DEACTIVATED = "DEACTIVATED"


class PresenceState(StrEnum):
    """OFFLINE ⇄ AVAILABLE → OFFERED → ENGAGED; PAUSED takes no new offers."""

    OFFLINE = "OFFLINE"
    AVAILABLE = "AVAILABLE"
    OFFERED = "OFFERED"
    ENGAGED = "ENGAGED"
    PAUSED = "PAUSED"


class Vehicle(StrEnum):
    """What a driver drives."""

    BICYCLE = "BICYCLE"
    MOTORCYCLE = "MOTORCYCLE"
    CAR = "CAR"
    VAN = "VAN"
