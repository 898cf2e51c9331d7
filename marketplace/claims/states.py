"""The life of a damage claim, what it can be about, and the steps that are written in its file."""

from enum import StrEnum


class ClaimKind(StrEnum):
    """What is wrong with the parcel."""

    DAMAGED = "DAMAGED"
    MISSING = "MISSING"
    WRONG_ITEM = "WRONG_ITEM"


class ClaimState(StrEnum):
    """OPEN ⇄ NEEDS_EVIDENCE; then ACCEPTED or REJECTED by a person, or WITHDRAWN by whoever asked."""

    OPEN = "OPEN"
    NEEDS_EVIDENCE = "NEEDS_EVIDENCE"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


C = ClaimState
STEPS: dict[ClaimState, frozenset[ClaimState]] = {
    C.OPEN: frozenset({C.NEEDS_EVIDENCE, C.ACCEPTED, C.REJECTED, C.WITHDRAWN}),
    C.NEEDS_EVIDENCE: frozenset({C.OPEN, C.REJECTED, C.WITHDRAWN}),
    C.ACCEPTED: frozenset(),
    C.REJECTED: frozenset(),
    C.WITHDRAWN: frozenset(),
}


class EntryKind(StrEnum):
    """A step in the file: who asks shows EVIDENCE, the driver gives an ANSWER, the operator has ASKED for more."""

    OPENED = "OPENED"
    EVIDENCE = "EVIDENCE"
    ANSWER = "ANSWER"
    ASKED = "ASKED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
