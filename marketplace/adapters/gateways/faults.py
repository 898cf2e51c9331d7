"""What the stand-in gateways have in common: scripted faults, and the refusal to run in production."""

from collections import deque
from collections.abc import Iterable
from enum import StrEnum

from marketplace.core.work import outside
from marketplace.payouts import GatewayUnavailable

REFUSAL_REASON = "ACCOUNT_CLOSED"


class GatewayFault(StrEnum):
    """What can go wrong with one call of `pay`; the last is the one that makes careless callers pay twice."""

    REFUSE = "REFUSE"
    UNAVAILABLE_BEFORE = "UNAVAILABLE_BEFORE"
    UNAVAILABLE_AFTER_PAYING = "UNAVAILABLE_AFTER_PAYING"


class FaultScript:
    """The faults of the next calls of `pay`, in order; None stands for a call that goes well. Then all goes well."""

    def __init__(self, faults: Iterable[GatewayFault | None] = ()) -> None:
        self._coming = deque(faults)

    def add(self, *faults: GatewayFault | None) -> None:
        """Adds what the calls after those already scripted shall meet."""
        self._coming.extend(faults)

    def next(self) -> GatewayFault | None:
        """What this call meets; raises at once where the gateway is not reached at all."""
        outside()
        fault = self._coming.popleft() if self._coming else None
        if fault is GatewayFault.UNAVAILABLE_BEFORE:
            raise GatewayUnavailable("the gateway does not answer; the sweep tries again")
        return fault


def lose_answer(fault: GatewayFault | None) -> None:
    """Raises where the script wants the payment made and its answer lost."""
    if fault is GatewayFault.UNAVAILABLE_AFTER_PAYING:
        raise GatewayUnavailable("the gateway's answer was lost; the sweep looks the key up")


def refuse_production(*, is_production: bool) -> None:
    """Raises in production mode: a stand-in says paid and pays nobody."""
    if is_production:
        raise RuntimeError("a stand-in payment gateway is for development and refused in production mode")
