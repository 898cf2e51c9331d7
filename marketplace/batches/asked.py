"""What a row asks for and what that adds, said with its quote: a shipper sees it before posting."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from marketplace.batches.price import PricedRow
from marketplace.batches.request import pallet_places_of
from marketplace.batches.sectors import requirements_of
from marketplace.batches.states import SKILLS
from marketplace.markets import Dials


def what_is_asked(rows: Sequence[PricedRow], dials: Dials) -> dict[str, Any]:
    """Everything that a row, in one part or several, asks for: the time it adds at the door, and its surcharges.

    A surcharge that hangs on something else besides, such as the hour, is named with what it asks for all the same.
    """
    request, card = rows[0].placed.request, rows[0].placed.card
    of_sector = requirements_of(request.sector, (), request.waived)
    paid = Counter[str]()
    for line in (line for row in rows for line in row.lines):
        paid[line.code] += line.amount_minor
    return {
        "requirements": [
            {
                "requirement": need.value,
                "is_of_sector": need in of_sector,
                "chooses_driver": need in SKILLS,
                "service_s": dials.door_service_s({need}) - dials.dropoff_service_s,
                "surcharge_minor": sum(
                    paid[f"surcharge:{one.code}"] for one in card.surcharges if one.requirement == need
                ),
            }
            for need in sorted(request.needs)
        ],
        "out_of_cold_limit_s": request.out_of_cold_limit_s,
        "pallet_places": sum(pallet_places_of(row.placed.packages) for row in rows),
    }
