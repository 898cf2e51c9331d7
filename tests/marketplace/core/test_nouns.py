"""An id that stands alone is shown as the id of the thing that it belongs to."""

from uuid import UUID

from marketplace.core.ids import PREFIXES, to_wire
from marketplace.core.nouns import NOT_OURS, TABLES, wire_ids
from marketplace.core.work import Work
from tests.builders import make_driver, make_market, make_shipper


async def test_ids_are_shown_as_outside_clients_know_them(work: Work) -> None:
    market = await make_market(work)
    driver, shipper = await make_driver(work, market), await make_shipper(work, market)

    shown = await wire_ids(work, [driver.id, shipper.id, market.id, driver.id, UUID(int=5)])

    assert shown == {
        driver.id: to_wire("driver", driver.id),
        shipper.id: to_wire("shipper", shipper.id),
        market.id: to_wire("market", market.id),
        UUID(int=5): "00000000-0000-0000-0000-000000000005",
    }


async def test_every_noun_with_an_id_has_a_table(work: Work) -> None:
    present = {row["tablename"] for row in await work.fetch("SELECT tablename FROM pg_tables")}

    assert set(TABLES) == set(PREFIXES) - NOT_OURS
    assert set(TABLES.values()) <= present
