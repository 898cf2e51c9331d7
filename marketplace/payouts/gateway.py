"""The PaymentGateway protocol: who really sends money to a driver, and the three things that can come of it.

A payment is *paid*, *refused* for good, or its outcome is *unknown*. Unknown is the dangerous one: the money may have
gone. Nobody sends again after it before having looked the key up.
"""

from dataclasses import dataclass
from typing import Protocol

from marketplace.core.errors import Conflict, Unavailable
from marketplace.core.ids import DriverId
from marketplace.core.money import Money


class PaymentRefused(Conflict):
    """The gateway will never pay under this key. `reason` is a short code such as ACCOUNT_CLOSED, nothing personal."""

    code = "PAYMENT_REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the payment was refused: {reason}")
        self.reason = reason


class PaymentKeyReused(Conflict):
    """A payment key came back with another driver, amount or reference."""

    code = "PAYMENT_KEY_REUSED"


class GatewayUnavailable(Unavailable):
    """No answer came: the payment may or may not have been made."""

    code = "GATEWAY_UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money for one driver. `key` is the same at every attempt; `reference` is what the driver's bank shows."""

    key: str
    driver_id: DriverId
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    """A payment that was made, under the gateway's own `reference`."""

    key: str
    amount: Money
    reference: str


class PaymentGateway(Protocol):
    """Sends money to drivers; every implementation passes the same contract suite."""

    async def pay(self, payment: Payment) -> PaymentResult:
        """Pays once for each key: the same payment again gets the first answer, whether paid or refused.

        Raises PaymentRefused, PaymentKeyReused or GatewayUnavailable; only the last leaves the outcome open.
        """
        ...

    async def find(self, key: str) -> PaymentResult | None:
        """The payment that was made under this key, or None where none was made.

        Raises GatewayUnavailable where the gateway cannot tell.
        """
        ...
