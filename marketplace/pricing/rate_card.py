"""What a shipper pays for a delivery at one service level, as a value."""

from dataclasses import dataclass

from marketplace.core.money import BadMoney, Money, check_whole


class BadRateCard(BadMoney):
    """A rate card holds an amount that is not whole or is negative."""

    code = "BAD_RATE_CARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """One version of a rate card, in minor units of `currency`; `minimum_minor` is the least a delivery costs."""

    version: int
    service_level: str
    currency: str
    base_minor: int
    per_km_minor: int
    per_stop_minor: int
    minimum_minor: int

    def __post_init__(self) -> None:
        amounts = {
            name: getattr(self, name) for name in ("base_minor", "per_km_minor", "per_stop_minor", "minimum_minor")
        }
        check_whole({"version": self.version} | amounts, refusal=BadRateCard, thing="a rate card")
        Money(0, self.currency)

    def rule(self, rate: str) -> str:
        """The name under which a line cites one rate of this card."""
        return f"rate_card:{self.service_level}:{self.version}:{rate}"
