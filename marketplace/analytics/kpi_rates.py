"""What a kilometre costs and emits by kind of vehicle, and what support costs: published rates, in one table. Pure.

The rates are estimates for comparison; nothing is paid by them. They cost only the vehicles that the market provides,
those of DEDICATED drivers: everybody else brings a vehicle, and its fuel and wear are inside their pay already.

Sources, looked up in 2025
- Whole cost of a mile, fuel and vehicle together: HMRC approved mileage allowance payments 2025/26, car and van 45p,
  motorcycle 24p, bicycle 20p; electric ones are no exception.
- Fuel of a mile: HMRC advisory fuel rates from 1 June 2025, car petrol up to 1400 cc 12p, van as diesel 1601 to 2000 cc
  13p. None are published for motorcycles and bicycles: theirs is inside the vehicle's part.
- CO2 equivalent of a kilometre at the tailpipe: UK Government (DESNZ) conversion factors 2025, average petrol car
  0.16272 kg, average motorbike 0.11367 kg, average diesel van up to 3.5 t 0.25561 kg; a bicycle has none.
- Electricity of a kilometre: car 3.59 miles with each kilowatt-hour, as HMRC reckons its advisory electric rate from
  1 September 2025; van 40 kWh for 200 km and motorcycle 5.6 kWh for 127 km, as certified for two that are made for
  deliveries (Nissan e-NV200, Silence S02); cargo bicycle 6 of a hundred of a small van's, as measured on Gothenburg's
  delivery routes for the Swedish Energy Agency in 2017. A kilowatt-hour costs 27.04p, by the same advisory rate. What
  it emits is a dial of the market: nothing at the tailpipe, but what the grid does.
- Other currencies: HMRC customs exchange rates of April 2024, units for one pound.
- Support: each audited action of an operator, at the UK National Living Wage from April 2025, £12.21 an hour, unless
  the market's dials say what an hour costs. The time of an action is a dial, not a measurement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from marketplace.analytics.drivetrains import DRIVETRAINS, Drivetrain
from marketplace.core.currencies import ZERO_DECIMAL
from marketplace.fleet import Vehicle
from marketplace.markets import Dials

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
WH_PER_KM: Mapping[Vehicle, int] = {
    Vehicle.BICYCLE: 12,
    Vehicle.MOTORCYCLE: 44,
    Vehicle.CAR: 173,
    Vehicle.VAN: 200,
}
PENCE_PER_KWH = Decimal("27.04")
SUPPORT_PENCE_PER_HOUR = 1221
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRates:
    """Millionths of a minor unit for each metre, by what is driven."""

    fuel: Mapping[Drivetrain, int]
    vehicle: Mapping[Drivetrain, int]


@cache
def cost_rates(currency: str) -> CostRates | None:
    """The rates in a market's currency; None where no exchange rate is in the table."""
    minor_per_penny = _minor_per_penny(currency)
    if minor_per_penny is None:
        return None
    fuel = {one: _whole(_fuel_pence_per_metre(one) * minor_per_penny * MICRO) for one in DRIVETRAINS}
    whole = {
        one: _whole(WHOLE_PENCE_PER_MILE[one.vehicle] / METRES_PER_MILE * minor_per_penny * MICRO)
        for one in DRIVETRAINS
    }
    return CostRates(fuel=fuel, vehicle={one: whole[one] - fuel[one] for one in DRIVETRAINS})


def support_minor(dials: Dials) -> int | None:
    """What an action of an operator costs by the market's dials; None where neither they nor a wage say it."""
    hour_minor: Decimal | int = dials.support_hour_minor
    if not hour_minor:
        minor_per_penny = _minor_per_penny(dials.currency)
        if minor_per_penny is None:
            return None
        hour_minor = SUPPORT_PENCE_PER_HOUR * minor_per_penny
    return _whole(Decimal(dials.support_action_s) * hour_minor / 3_600)


def co2_g(drivetrain: Drivetrain, distance_m: int, grid_co2_g_per_kwh: int) -> int:
    """Grams of CO2 equivalent of so many metres: at the tailpipe, or of the electricity."""
    if drivetrain.is_electric:
        # A metre at a watt-hour for each kilometre takes a millionth of a kilowatt-hour.
        return (distance_m * WH_PER_KM[drivetrain.vehicle] * grid_co2_g_per_kwh + MICRO // 2) // MICRO
    return (distance_m * CO2_MG_PER_METRE[drivetrain.vehicle] + 500) // 1_000


def _fuel_pence_per_metre(drivetrain: Drivetrain) -> Decimal:
    """Fuel, or what is charged instead of it."""
    if drivetrain.is_electric:
        return PENCE_PER_KWH * WH_PER_KM[drivetrain.vehicle] / MICRO
    return FUEL_PENCE_PER_MILE.get(drivetrain.vehicle, 0) / METRES_PER_MILE


def _minor_per_penny(currency: str) -> Decimal | None:
    if currency not in FOR_ONE_POUND:
        return None
    return Decimal(FOR_ONE_POUND[currency]) / (100 if currency in ZERO_DECIMAL else 1)


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
