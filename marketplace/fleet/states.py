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


class CompanyState(StrEnum):
    """Drivers of a company that has ENDED are not asked any more."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


class DocumentKind(StrEnum):
    """Papers that every driver of a vehicle needs, and certificates, each of the skill of the same name."""

    IDENTITY = "IDENTITY"
    DRIVING_LICENCE = "DRIVING_LICENCE"
    INSURANCE = "INSURANCE"
    REGISTRATION = "REGISTRATION"
    COLD = "COLD"
    PHARMACY = "PHARMACY"
    AGE_CHECK = "AGE_CHECK"
    TWO_PERSON = "TWO_PERSON"
    HEAVY = "HEAVY"


SKILLS = frozenset({"COLD", "PHARMACY", "AGE_CHECK", "TWO_PERSON", "HEAVY"})
"""What a delivery can ask of its driver; a driver shows each with a certificate."""


class DocumentState(StrEnum):
    """EXPECTED → UPLOADED → ACCEPTED or REFUSED; what was accepted can be taken back: REVOKED."""

    EXPECTED = "EXPECTED"
    UPLOADED = "UPLOADED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    REVOKED = "REVOKED"


class VehicleState(StrEnum):
    """WAITING for its check → PASSED or FAILED; each check follows from the one before. RETIRED is the end."""

    WAITING = "WAITING"
    PASSED = "PASSED"
    FAILED = "FAILED"
    RETIRED = "RETIRED"
