"""What a kilometre costs and emits by kind of vehicle, and what support costs: published rates, in one table. Pure.

The rates are estimates for comparison; nothing is paid by them. They cost only the vehicles that the market provides,
those of DEDICATED drivers: everybody else brings a vehicle, and its fuel and wear are inside their pay already.

Sources, looked up in 2025
- Whole cost of a mile, fuel and vehicle together: HMRC approved mileage allowance payments 2025/26, car and van 45p,
  motorcycle 24p, bicycle 20p.
- Fuel of a mile: HMRC advisory fuel rates from 1 June 2025, car petrol up to 1400 cc 12p, van as diesel 1601 to 2000 cc
  13p. None are published for motorcycles and bicycles: theirs is inside the vehicle's part.
- CO2 equivalent of a kilometre at the tailpipe: UK Government (DESNZ) conversion factors 2025, average petrol car
  0.16272 kg, average motorbike 0.11367 kg, average diesel van up to 3.5 t 0.25561 kg; a bicycle has none.
- Other currencies: HMRC customs exchange rates of April 2024, units for one pound.
- Support: five minutes for each action of an operator, at the UK National Living Wage from April 2025, £12.21 an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from marketplace.core.currencies import ZERO_DECIMAL
from marketplace.fleet import Vehicle

METRES_PER_MILE = Decimal("1609.344")
FOR_ONE_POUND = {
    "GBP": "1", "EUR": "1.1707", "USD": "1.2693", "CAD": "1.7255", "AUD": "1.9472", "BRL": "6.3852",
    "CLP": "1234.065", "COP": "4918.298",
}  # fmt: skip
"""A market of another currency has no estimate of fuel, vehicle and support, rather than a wrong one."""
FUEL_PENCE_PER_MILE: Mapping[Vehicle, int] = {Vehicle.CAR: 12, Vehicle.VAN: 13}
WHOLE_PENCE_PER_MILE: Mapping[Vehicle, int] = {
    Vehicle.BICYCLE: 20,
    Vehicle.MOTORCYCLE: 24,
    Vehicle.CAR: 45,
    Vehicle.VAN: 45,
}
CO2_MG_PER_METRE: Mapping[Vehicle, int] = {
    Vehicle.BICYCLE: 0,
    Vehicle.MOTORCYCLE: 114,
    Vehicle.CAR: 163,
    Vehicle.VAN: 256,
}
SUPPORT_PENCE_PER_HOUR = 1221
SUPPORT_ACTIONS_PER_HOUR = 12
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRates:
    """Millionths of a minor unit for each metre by kind of vehicle, and minor units for each action of support."""

    fuel: Mapping[Vehicle, int]
    vehicle: Mapping[Vehicle, int]
    support_minor: int


def cost_rates(currency: str) -> CostRates | None:
    """The rates in a market's currency; None where no exchange rate is in the table."""
    if currency not in FOR_ONE_POUND:
        return None
    minor_per_penny = Decimal(FOR_ONE_POUND[currency]) / (100 if currency in ZERO_DECIMAL else 1)

    def of(pence: int, per: Decimal) -> int:
        return int((pence * minor_per_penny / per).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    per_metre = METRES_PER_MILE / MICRO
    fuel = {kind: of(FUEL_PENCE_PER_MILE.get(kind, 0), per_metre) for kind in Vehicle}
    whole = {kind: of(WHOLE_PENCE_PER_MILE[kind], per_metre) for kind in Vehicle}
    return CostRates(
        fuel=fuel,
        vehicle={kind: whole[kind] - fuel[kind] for kind in Vehicle},
        support_minor=of(SUPPORT_PENCE_PER_HOUR, Decimal(SUPPORT_ACTIONS_PER_HOUR)),
    )
