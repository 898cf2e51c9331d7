"""A sector sets what its deliveries ask for; a line asks for more, and waives what is not the law's."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.batches import BUNDLES, BundleIsBinding, PackageRequest, Requirement, Sector
from marketplace.batches.request import check_rows
from marketplace.batches.sectors import requirements_of
from marketplace.core.work import Works
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import order
from tests.marketplace.batches.test_post import post

R, HUB = Requirement, UUID(int=1)


def test_every_sector_has_its_bundle() -> None:
    assert BUNDLES.keys() == set(Sector)
    assert requirements_of(Sector.PHARMACY, (), ()) == {R.PHARMACY, R.IDENTITY_CHECK, R.CHAIN_OF_CUSTODY}
    assert requirements_of(None, (R.FRAGILE,), ()) == {R.FRAGILE}


def test_a_line_asks_for_more_and_waives_what_it_does_not_need() -> None:
    assert requirements_of(Sector.GROCERY, (R.PIN_AT_DROPOFF,), (R.TEMPERATURE_LOG,)) == {R.COLD, R.PIN_AT_DROPOFF}


@pytest.mark.parametrize("waived", sorted(BUNDLES[Sector.PHARMACY]))
def test_nothing_that_a_pharmacy_asks_for_is_waived(waived: Requirement) -> None:
    with pytest.raises(BundleIsBinding):
        requirements_of(Sector.PHARMACY, (), (waived,))

    checked = check_rows([order("a-1", hub_id=HUB, sector=Sector.PHARMACY, waived=[waived])])

    assert [(problem.code, problem.field) for problem in checked.problems.values()] == [
        ("BUNDLE_IS_BINDING", "waivedRequirements")
    ]
    assert checked.rows == {}


def test_another_sector_is_another_wish() -> None:
    one, other = order("a-1"), order("a-1", sector=Sector.RETAIL)

    assert one.digest != other.digest
    assert one.needs == other.needs == frozenset()


async def test_what_a_sector_asks_for_is_posted_with_the_delivery(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)

    result = await post(works, market, shipper, order("a-1", hub_id=hub.id, sector=Sector.PHARMACY))

    async with works.open() as work:
        kept = await work.fetch_row(
            "SELECT sector, requirements FROM delivery WHERE id = $1", result.rows[0].delivery_id
        )
    assert kept is not None
    assert tuple(kept) == ("PHARMACY", ["CHAIN_OF_CUSTODY", "IDENTITY_CHECK", "PHARMACY"])


async def test_pallets_and_time_out_of_the_cold_are_posted_with_the_delivery(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    pallet = PackageRequest(weight_g=400_000, length_mm=1200, width_mm=800, height_mm=1500, pallet_places=1)
    rows = [
        order("a-1", hub_id=hub.id, sector=Sector.GROCERY),
        order("a-2", hub_id=hub.id, sector=Sector.GROCERY, out_of_cold_s=600, packages=[pallet, pallet]),
        order("a-3", hub_id=hub.id),
    ]

    await post(works, market, shipper, *rows)

    async with works.open() as work:
        kept = await work.fetch("SELECT out_of_cold_limit_s, pallet_places FROM delivery ORDER BY external_id")
    assert [tuple(row) for row in kept] == [(2_700, 0), (600, 2), (None, 0)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"out_of_cold_s": 299}, "outOfColdLimitS"),
        ({"out_of_cold_s": 14_401}, "outOfColdLimitS"),
        (
            {"packages": [PackageRequest(weight_g=1, length_mm=1, width_mm=1, height_mm=1, pallet_places=11)]},
            "packages[0].palletPlaces",
        ),
    ],
)
def test_what_no_delivery_can_ask_for_is_refused_by_name(wrong: dict[str, Any], field: str) -> None:
    checked = check_rows([order("a-1", hub_id=HUB, **wrong)])

    assert [(problem.code, problem.field) for problem in checked.problems.values()] == [("BAD_DELIVERY", field)]
