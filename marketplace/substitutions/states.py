"""What a line allows in its place, and what has become of that."""

from enum import StrEnum


class SubstitutionRule(StrEnum):
    """NONE: nothing else. SIMILAR: one of the SKUs that the line names. ASK: what the recipient agrees to."""

    NONE = "NONE"
    SIMILAR = "SIMILAR"
    ASK = "ASK"


class SubstitutionState(StrEnum):
    """OPEN while nothing is short; PROPOSED to the recipient; TAKEN: something else goes; LEFT_OUT: nothing does."""

    OPEN = "OPEN"
    PROPOSED = "PROPOSED"
    TAKEN = "TAKEN"
    LEFT_OUT = "LEFT_OUT"
