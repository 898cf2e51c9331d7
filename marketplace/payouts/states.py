"""The lives of pay statements and payouts, what a statement is for, and why a payout stands still."""

from enum import StrEnum


class StatementKind(StrEnum):
    """What a driver is paid for: a route, what a pay period or a block lacked, a share of what all lacked, a tip."""

    ROUTE = "ROUTE"
    TRUE_UP = "TRUE_UP"
    POOL_SHARE = "POOL_SHARE"
    TIP = "TIP"
    BLOCK = "BLOCK"


class StatementState(StrEnum):
    """PAYABLE → PAID; HELD waits for a person because a report of the route is flagged."""

    HELD = "HELD"
    PAYABLE = "PAYABLE"
    PAID = "PAID"


class PayoutState(StrEnum):
    """SCHEDULED → IN_TRANSIT → PAID, which a bank may still turn into FAILED; ON_HOLD until something is mended.

    REVERSED is a payout whose transfer was taken back: what it paid is on the wallet again.

    What a driver earns before it is reserved has no state: it stands on the wallet, posting by posting.
    """

    SCHEDULED = "SCHEDULED"
    IN_TRANSIT = "IN_TRANSIT"
    PAID = "PAID"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    ON_HOLD = "ON_HOLD"


CAME_BACK = frozenset({"failed", "canceled"})
"""The provider's words for a sending whose money lies on the driver's account again."""


class PayoutMethod(StrEnum):
    """STANDARD takes days and is free; INSTANT takes half an hour, costs a fee, and needs a card that can do it."""

    STANDARD = "STANDARD"
    INSTANT = "INSTANT"


class Reason(StrEnum):
    """Why a payout waits or is held; a payout that failed has the provider's own word instead."""

    BALANCE = "BALANCE"
    ACCOUNT = "ACCOUNT"
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
    OPERATOR = "OPERATOR"
    REVERSING = "REVERSING"


class AccountStage(StrEnum):
    """How far a driver's own account at the provider is, in one word."""

    MISSING = "MISSING"
    OPENING = "OPENING"
    UNVERIFIED = "UNVERIFIED"
    RESTRICTED = "RESTRICTED"
    ON_HOLD = "ON_HOLD"
    READY = "READY"
