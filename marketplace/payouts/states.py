"""The lives of pay statements and payouts, and what a statement is for."""

from enum import StrEnum


class StatementKind(StrEnum):
    """What a driver is paid for: a route, what a pay period lacked to the law, a share of what all lacked, a tip."""

    ROUTE = "ROUTE"
    TRUE_UP = "TRUE_UP"
    POOL_SHARE = "POOL_SHARE"
    TIP = "TIP"


class StatementState(StrEnum):
    """PAYABLE → PAID; HELD waits for a person because a report of the route is flagged."""

    HELD = "HELD"
    PAYABLE = "PAYABLE"
    PAID = "PAID"


class PayoutState(StrEnum):
    """SCHEDULED → IN_TRANSIT → PAID, which a bank may still turn into FAILED; ON_HOLD and REVERSED by people."""

    SCHEDULED = "SCHEDULED"
    IN_TRANSIT = "IN_TRANSIT"
    PAID = "PAID"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    ON_HOLD = "ON_HOLD"
