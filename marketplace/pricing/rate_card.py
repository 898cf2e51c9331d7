"""What a shipper pays for a delivery at one service level, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from marketplace.core.money import BadMoney, Money, check_whole
from marketplace.pricing.promises import Promises
from marketplace.pricing.surcharge import Surcharge, read_surcharges


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
    surcharges: tuple[Surcharge, ...] = ()
    promises: Promises = field(default_factory=Promises)

    def __post_init__(self) -> None:
        amounts = {
            name: getattr(self, name) for name in ("base_minor", "per_km_minor", "per_stop_minor", "minimum_minor")
        }
        check_whole({"version": self.version} | amounts, refusal=BadRateCard, thing="a rate card")
        Money(0, self.currency)

    def rule(self, rate: str) -> str:
        """The name under which a line cites one rate of this card."""
        return f"rate_card:{self.service_level}:{self.version}:{rate}"

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "RateCard":
        """The card of a kept row, whose surcharges and promises are JSON text or values."""
        surcharges, promises = _values(kept["surcharges"]), _values(kept["promises"])
        plain = {name: kept[name] for name in kept if name not in {"surcharges", "promises"}}
        return cls(**plain, surcharges=read_surcharges(surcharges or ()), promises=Promises.of(promises or {}))


def _values(kept: Any) -> Any:
    return orjson.loads(kept) if isinstance(kept, str) else kept
