"""An offer that its driver may not drive any more is taken back; what needs no such paper stays."""

from datetime import timedelta

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, PresenceState, add_company, end_company
from marketplace.fleet.models import Driver
from marketplace.offers import take_back_unqualified
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper
from tests.marketplace.offers.worlds import World, make_world, send_wave

ENDED = "SELECT state, end_reason FROM offer ORDER BY id"


async def ended(work: Work) -> list[tuple[str, str | None]]:
    return [(row["state"], row["end_reason"]) for row in await work.fetch(ENDED)]


async def make_cold_world(work: Work) -> World:
    """A route that asks for the cold chain, and the one driver who may take it."""
    market = await make_market(work)
    world = World(market=market, shipper=await make_shipper(work, market), hub=await make_hub(work, market))
    world.drivers = [await make_driver(work, market, skills=["COLD"], skills_until=[None])]
    batch = await make_batch(work, market, world.shipper)
    delivery = await make_delivery(work, market, world.shipper, world.hub, batch, requirements=["COLD"])
    route, _ = await make_route(work, market, [delivery])
    world.route_ids.append(route.id)
    return world


async def certify_until(work: Work, driver: Driver, moment: object) -> None:
    await work.execute("UPDATE driver SET skills_until = ARRAY[$2::timestamptz] WHERE id = $1", driver.id, moment)


async def test_an_offer_is_taken_back_when_the_certificate_it_needs_ends(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_cold_world(work)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        await certify_until(work, world.drivers[0], work.now + timedelta(seconds=20))
        assert await take_back_unqualified(work) == 0

    clock.advance(seconds=21)
    async with works.open() as work:
        assert await take_back_unqualified(work) == 1
        names = [event.name for event in work.events]

    async with works.open() as work:
        assert await ended(work) == [("WITHDRAWN", "UNQUALIFIED")]
        assert names == ["OfferWithdrawn", "WaveExhausted"]
        state = await work.fetch_value("SELECT state FROM presence WHERE driver_id = $1", world.drivers[0].id)
        assert state == PresenceState.AVAILABLE.value
        assert await take_back_unqualified(work) == 0


async def test_an_offer_that_asks_for_no_certificate_stays(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
        await work.execute("UPDATE driver SET skills = '{COLD}', skills_until = NULL")
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        await certify_until(work, world.drivers[0], work.now)
        assert await take_back_unqualified(work) == 0
        assert [state for state, _ in await ended(work)] == ["SENT"]


async def test_a_paper_without_which_nobody_drives_takes_every_offer_back(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        await work.execute("UPDATE driver SET documents_until = $1", work.now)
        assert await take_back_unqualified(work, driver_id=work.new_id()) == 0
        assert await take_back_unqualified(work, driver_id=world.drivers[0].id) == 1


async def test_the_drivers_of_a_company_that_has_ended_lose_what_they_were_asked(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=0)
        company_id = await add_company(work, market_id=world.market.id, name="alfa")
        await make_driver(work, world.market, kind=ContractKind.CONTRACTED, company_id=company_id)
    await send_wave(works, world.route_ids[0])

    async with works.open() as work:
        await end_company(work, company_id=company_id, market_id=world.market.id)
        assert await take_back_unqualified(work) == 1
