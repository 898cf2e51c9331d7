"""What a row asks for and what that adds, said with its quote: a shipper sees it before posting."""

from typing import Any

from marketplace.batches.price import PricedRow
from marketplace.batches.request import pallet_places_of
from marketplace.batches.sectors import requirements_of
from marketplace.batches.states import SKILLS
from marketplace.markets import Dials


def what_is_asked(row: PricedRow, dials: Dials) -> dict[str, Any]:
    """Everything that a row asks for, with the time that it adds at the door and the surcharges of its rate card.

    A surcharge that hangs on something else besides, such as the hour, is named with what it asks for all the same.
    """
    request, card = row.placed.request, row.placed.card
    of_sector = requirements_of(request.sector, (), request.waived)
    paid = {line.code: line.amount_minor for line in row.lines}
    return {
        "requirements": [
            {
                "requirement": need.value,
                "is_of_sector": need in of_sector,
                "chooses_driver": need in SKILLS,
                "service_s": dials.door_service_s({need}) - dials.dropoff_service_s,
                "surcharge_minor": sum(
                    paid.get(f"surcharge:{one.code}", 0) for one in card.surcharges if one.requirement == need
                ),
            }
            for need in sorted(request.needs)
        ],
        "out_of_cold_limit_s": request.out_of_cold_limit_s,
        "pallet_places": pallet_places_of(row.placed.packages),
    }
