"""Rows that name things of a shipper's stock get the hubs that they come from, and packages of those things."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from marketplace.batches.request import MOST_PACKAGES, DeliveryRequest, PackageRequest
from marketplace.core.errors import Invalid
from marketplace.core.work import Work
from marketplace.hubs import Source, Wish, source_lines
from marketplace.substitutions import Rule

LONGEST_SPLIT_ID = 80
"""Further parts of a delivery have its reference with a number behind it."""


async def source_rows(
    work: Work, *, market_id: UUID, shipper_id: UUID, rows: Mapping[int, DeliveryRequest], may_split: bool
) -> dict[int, list[Source] | Invalid]:
    """For each row with items where it comes from, by position; a row with packages of its own is never split."""
    wishes = {i: _wish(request, may_split=may_split) for i, request in rows.items() if request.items}
    return await source_lines(work, market_id=market_id, shipper_id=shipper_id, wishes=wishes)


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


def _wish(request: DeliveryRequest, *, may_split: bool) -> Wish:
    assert request.dropoff.point is not None, "checked rows with items have coordinates"
    assert request.pickup_window is not None, "checked rows with items have windows"
    assert request.dropoff_window is not None, "checked rows with items have windows"
    return Wish(
        units={item.sku: item.quantity for item in request.items},
        door=request.dropoff.point,
        pickup=(request.pickup_window.opens, request.pickup_window.closes),
        dropoff=(request.dropoff_window.opens, request.dropoff_window.closes),
        hub_id=request.hub_id,
        may_split=may_split and not request.packages and len(request.external_id) <= LONGEST_SPLIT_ID,
    )
