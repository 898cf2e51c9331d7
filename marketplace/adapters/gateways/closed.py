"""No payment gateway: production without one keeps what drivers earned on their wallets, and pays nobody by mistake."""

from marketplace.core.work import outside
from marketplace.payouts import GatewayUnavailable, Payment, PaymentResult


class ClosedGateway:
    """Says that it cannot pay now; payouts wait in sight until a gateway is set up."""

    async def pay(self, payment: Payment) -> PaymentResult:
        """Raises GatewayUnavailable; nothing was sent."""
        outside()
        raise GatewayUnavailable(f"no payment gateway is set up; payment {payment.key} waits")

    async def find(self, key: str) -> PaymentResult | None:
        """None: nothing was ever paid here."""
        outside()
        del key
        return None
