"""How the drivers of a market are paid, as a value: one dated version of its rates."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from marketplace.core.money import BadMoney, check_whole
from marketplace.markets.pay_floors import ExactRate, PayFloors

BESIDES_RATES = frozenset({"version", "floors"})


class BadPayPolicy(BadMoney):
    """Rates that are incomplete, unknown, negative or not whole; nobody is paid by guessing."""

    code = "BAD_PAY_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPolicy:
    """One version of a market's pay policy. Amounts are minor units of the market's currency.

    `per_minute_minor` runs from acceptance to the last stop, waiting included. `wait_per_minute_minor` comes on top of
    it for the time at a stop beyond `wait_grace_s`. A stop to give a parcel back pays its distance and its stop at the
    same rates, beyond what the offer guaranteed. `minimum_minor` is the least an offer pays before any raise. These are
    the market's own rates; `floors` are what the law asks besides.
    """

    version: int
    base_minor: int
    per_km_minor: int
    per_minute_minor: int
    per_stop_minor: int
    wait_per_minute_minor: int
    wait_grace_s: int
    minimum_minor: int
    floors: PayFloors | None = None

    def __post_init__(self) -> None:
        check_whole({"version": self.version} | self.rates(), refusal=BadPayPolicy, thing="a pay policy")

    @classmethod
    def of(cls, version: int, rates: Mapping[str, int], floors: Mapping[str, Any] | None = None) -> "PayPolicy":
        """Reads stored rates and floors; a missing or an unknown one is refused."""
        wanted = {field.name for field in fields(cls)} - BESIDES_RATES
        if wrong := wanted ^ rates.keys():
            raise BadPayPolicy(f"a pay policy has exactly the rates {', '.join(sorted(wanted))}", field=min(wrong))
        return cls(version=version, floors=PayFloors.from_json(floors) if floors else None, **rates)

    def rates(self) -> dict[str, int]:
        """The market's own rates as they are stored, without the version."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in BESIDES_RATES}

    def rule(self, rate: str) -> str:
        """The name under which a line cites one rate of this policy."""
        return f"pay_policy:{self.version}:{rate}"

    def floor_rule(self, floor: str) -> str:
        """The name under which a line cites what the law asks, and the pack that says so."""
        assert self.floors is not None, "a policy without floors has no rule of them"
        pack = f":{self.floors.pack}" if self.floors.pack else ""
        return f"{self.rule(floor)}{pack}"

    def planning_rates(self) -> dict[str, int]:
        """Whole rates to weigh plans with: where the law asks more for time or distance than the market pays, that."""
        rates = self.rates()
        for floor in (self.floors.offer, self.floors.period) if self.floors else ():
            if floor is None:
                continue
            rates["per_minute_minor"] = max(rates["per_minute_minor"], _for(60, floor.time))
            if floor.distance is not None:
                rates["per_km_minor"] = max(rates["per_km_minor"], _for(1_000, floor.distance))
        return rates


def _for(quantity: int, rate: ExactRate) -> int:
    """What so many seconds or metres come to, rounded up."""
    minor, per = rate.ratio
    return -(-minor * quantity // per)
