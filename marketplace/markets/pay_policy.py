"""How the drivers of a market are paid, as a value: one dated version of its rates."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from marketplace.core.money import BadMoney, check_whole


class BadPayPolicy(BadMoney):
    """Rates that are incomplete, unknown, negative or not whole; nobody is paid by guessing."""

    code = "BAD_PAY_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPolicy:
    """One version of a market's pay policy. Amounts are minor units of the market's currency.

    `per_minute_minor` runs from acceptance to the last stop, waiting included. `wait_per_minute_minor` comes on top of
    it for the time at a stop beyond `wait_grace_s`. A stop to give a parcel back pays its distance and its stop at the
    same rates, beyond what the offer guaranteed. `minimum_minor` is the least an offer pays before any raise.
    """

    version: int
    base_minor: int
    per_km_minor: int
    per_minute_minor: int
    per_stop_minor: int
    wait_per_minute_minor: int
    wait_grace_s: int
    minimum_minor: int

    def __post_init__(self) -> None:
        check_whole({"version": self.version} | self.rates(), refusal=BadPayPolicy, thing="a pay policy")

    @classmethod
    def of(cls, version: int, rates: Mapping[str, int]) -> "PayPolicy":
        """Reads stored rates; a missing or an unknown one is refused."""
        wanted = {field.name for field in fields(cls)} - {"version"}
        if wrong := wanted ^ rates.keys():
            raise BadPayPolicy(f"a pay policy has exactly the rates {', '.join(sorted(wanted))}", field=min(wrong))
        return cls(version=version, **rates)

    def rates(self) -> dict[str, int]:
        """The rates as they are stored, without the version."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "version"}

    def rule(self, rate: str) -> str:
        """The name under which a line cites one rate of this policy."""
        return f"pay_policy:{self.version}:{rate}"
