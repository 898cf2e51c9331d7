"""A payment gateway in memory, for tests: it pays nobody, remembers everything, and fails on request."""

from collections.abc import Iterable

from marketplace.adapters.gateways.faults import (
    REFUSAL_REASON,
    FaultScript,
    GatewayFault,
    lose_answer,
    refuse_production,
)
from marketplace.core.work import outside
from marketplace.payouts import Payment, PaymentKeyReused, PaymentRefused, PaymentResult


class InMemoryGateway:
    """Keeps what it was asked and what it answered. `paid` has one payment a key, in the order of paying."""

    def __init__(self, *, is_production: bool, faults: Iterable[GatewayFault | None] = ()) -> None:
        refuse_production(is_production=is_production)
        self.faults = FaultScript(faults)
        self.paid: dict[str, Payment] = {}
        self.refused: dict[str, Payment] = {}

    async def pay(self, payment: Payment) -> PaymentResult:
        """Pays once for each key; a refused key stays refused."""
        fault = self.faults.next()
        known = self.paid.get(payment.key) or self.refused.get(payment.key)
        if known is not None and known != payment:
            raise PaymentKeyReused("this payment key stands for another payment")
        if known is None:
            (self.refused if fault is GatewayFault.REFUSE else self.paid)[payment.key] = payment
        lose_answer(fault)
        if payment.key in self.refused:
            raise PaymentRefused(REFUSAL_REASON)
        return self._result(payment)

    async def find(self, key: str) -> PaymentResult | None:
        """The payment that was made under this key, if any."""
        outside()
        payment = self.paid.get(key)
        return self._result(payment) if payment else None

    @staticmethod
    def _result(payment: Payment) -> PaymentResult:
        return PaymentResult(key=payment.key, amount=payment.amount, reference=f"memory-{payment.key}")
