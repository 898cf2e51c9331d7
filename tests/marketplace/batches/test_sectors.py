"""A sector sets what its deliveries ask for; a line asks for more, and waives what is not the law's."""

from uuid import UUID

import pytest

from marketplace.batches import BUNDLES, BundleIsBinding, Requirement, Sector
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
