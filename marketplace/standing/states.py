"""What can speak for or against a driver, and the life of a suspension; closed lists, here and in the database."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """All that standing is made of: things done on a driver's own routes. An answer to an offer is not among them."""

    COMPLETED = "COMPLETED"
    ARRIVAL = "ARRIVAL"
    HAND_OVER = "HAND_OVER"
    RATING = "RATING"


class Excluded(StrEnum):
    """Why something does not count: what made an arrival late, or a low rating that names nothing a driver does."""

    PLANNED_LATE = "PLANNED_LATE"
    HUB_WAIT = "HUB_WAIT"
    TRAFFIC = "TRAFFIC"
    DOOR_WAIT = "DOOR_WAIT"
    NO_REASON = "NO_REASON"


class CorrectionState(StrEnum):
    """OPEN → UPHELD, and the evidence counts no more, or REFUSED."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    REFUSED = "REFUSED"


class SuspensionRule(StrEnum):
    """What a proposal goes by; SAFETY is never a rule's doing but an operator's."""

    LATE_BY_OWN_PART = "LATE_BY_OWN_PART"
    BAD_HAND_OVERS = "BAD_HAND_OVERS"
    BAD_RATINGS = "BAD_RATINGS"
    SAFETY = "SAFETY"


class SafetyReason(StrEnum):
    """The dangers for which a person may suspend at once; there are no others."""

    VIOLENCE = "VIOLENCE"
    INTOXICATION = "INTOXICATION"
    THEFT = "THEFT"
    FALSE_IDENTITY = "FALSE_IDENTITY"
    DANGEROUS_DRIVING = "DANGEROUS_DRIVING"


class SuspensionState(StrEnum):
    """PROPOSED → DISMISSED, or CONFIRMED → LIFTED, REVERSED by an appeal, or DEACTIVATED: the account is closed."""

    PROPOSED = "PROPOSED"
    DISMISSED = "DISMISSED"
    CONFIRMED = "CONFIRMED"
    LIFTED = "LIFTED"
    REVERSED = "REVERSED"
    DEACTIVATED = "DEACTIVATED"


S = SuspensionState
SUSPENSION_STEPS: dict[SuspensionState, frozenset[SuspensionState]] = {
    S.PROPOSED: frozenset({S.DISMISSED, S.CONFIRMED}),
    S.CONFIRMED: frozenset({S.LIFTED, S.REVERSED, S.DEACTIVATED}),
    S.DISMISSED: frozenset(),
    S.LIFTED: frozenset(),
    S.REVERSED: frozenset(),
    S.DEACTIVATED: frozenset(),
}
