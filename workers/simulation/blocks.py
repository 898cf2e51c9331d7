"""Blocks over the peak: drivers of the crowd who have booked to wait at the hubs while it lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.core.geo import Point
from marketplace.core.ids import DriverId
from marketplace.fleet import ContractKind, Vehicle, create_driver
from workers.simulation.bank import open_accounts
from workers.simulation.driver import Driver
from workers.simulation.peak import PEAK
from workers.simulation.people import Person
from workers.simulation.world import World

EARLY = timedelta(minutes=15)
"""Who has a block is there before the peak begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHolder:
    """Somebody who holds a block, and where they wait."""

    person: Person
    place: Point


async def bring_blocks(world: World, holders: Sequence[BlockHolder], *, begins: datetime, hours: float) -> list[Driver]:
    """Has each come before the peak of so many hours of posting, and go home at its end, after the last route."""
    drivers = [await _hire(world, holder, number) for number, holder in enumerate(holders)]
    await open_accounts(world.marketplace, world.stripe, [driver.driver_id for driver in drivers])
    from_time, to_time = (begins + timedelta(hours=share * hours) for share in PEAK)
    for driver in drivers:
        world.stage.at(from_time - EARLY, driver.come_online)
        world.stage.at(to_time, driver.go_home)
    return drivers


async def _hire(world: World, holder: BlockHolder, number: int) -> Driver:
    async with world.marketplace.works.open() as work:
        driver_id = await create_driver(
            work,
            market_id=world.market_id,
            name=f"Block {number + 1}",
            phone=f"+1555{number:07d}",
            contract_kind=ContractKind.CROWDSOURCED,
            vehicle=Vehicle.CAR,
        )
    return Driver(world, driver_id=DriverId(driver_id), here=holder.place, person=holder.person)
