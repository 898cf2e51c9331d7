"""Rows that leave from hubs: what each wishes for, and the packages of what comes from stock."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from marketplace.batches.request import MOST_PACKAGES, DeliveryRequest, PackageRequest
from marketplace.hubs import Source, Wish
from marketplace.substitutions import Rule

LONGEST_SPLIT_ID = 80
"""Further parts of a delivery have its reference with a number behind it."""

Agreed = Sequence[tuple[UUID, Mapping[str, int]]]
"""Hubs, and how many of which SKUs come from each."""


def wishes_of(
    rows: Mapping[int, DeliveryRequest], *, may_split: bool, is_transfer: bool, agreed: Mapping[str, Agreed]
) -> dict[int, Wish]:
    """What rows with items, or with a hub, wish for, by position; a row with packages of its own is never split."""
    return {
        i: Wish(
            units={item.sku: item.quantity for item in request.items},
            door=request.dropoff.point,
            hub_id=request.hub_id,
            may_split=may_split and not request.packages and len(request.external_id) <= LONGEST_SPLIT_ID,
            is_transfer=is_transfer,
            agreed=agreed.get(request.external_id, ()),
        )
        for i, request in rows.items()
        if request.items or request.hub_id is not None
    }


def packages_from(request: DeliveryRequest, source: Source) -> Sequence[PackageRequest]:
    """The packages that the shipper has named, or else one for each thing; of many things one for each kind."""
    if request.packages:
        return request.packages
    is_loose = sum(count for _, count in source.units) <= MOST_PACKAGES
    return [
        PackageRequest(
            description=sku["name"],
            weight_g=sku["weight_g"] * together,
            length_mm=sku["length_mm"],
            width_mm=sku["width_mm"],
            height_mm=sku["height_mm"] * together,
        )
        for sku, count in source.units
        for together in ([1] * count if is_loose else [count])
    ]


def rules_of(request: DeliveryRequest) -> list[Rule]:
    """What may go in place of each thing that a row names."""
    return [Rule(sku=item.sku, rule=item.substitution, similar=item.similar) for item in request.items]
