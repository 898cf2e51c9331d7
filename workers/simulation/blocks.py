"""Blocks of a simulated day: published where it lacks drivers most, wished for by the crowd, drawn, kept and paid.

Nobody holds a block because somebody says so: who wishes signs up through the verb that the app reaches, the lot of the
market decides, attendance is seen from where people are, and what their routes lack of the floor is on a statement.
Those who wish would not come without a block. What each of them wishes is drawn by the seed and by nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from marketplace.blocks import BlockPlan, look_after_blocks, publish_blocks, sign_up_for_block, some_blocks
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.core.ids import BlockId, DriverId
from marketplace.core.outbox import PublishedEvent
from marketplace.core.window import zone
from marketplace.fleet import ContractKind, Vehicle, create_driver
from marketplace.markets import dials
from workers.simulation.bank import open_accounts
from workers.simulation.block_need import BlockHours
from workers.simulation.closing import run_payouts
from workers.simulation.driver import Driver
from workers.simulation.people import Person
from workers.simulation.world import World
from workers.simulator.chance import chance

WISHES_PER_PLACE = 2
"""So many people of the crowd look at each place that is published."""
WISH_RATE = 0.8
"""Of those who look so many want one."""
NO_SHOW_RATE = 0.05
WISHES_WITHIN_S = 500.0
DRAW_S = 600
SECOND_TRY_S = 700.0
"""After the draw, whoever has no place takes one that is left anywhere."""
COMES_BEFORE_S = (60.0, 780.0)
"""Who has a place is at the hub so long before the block opens."""
LOOKED_AFTER_EVERY_S = 60.0
ENDS = frozenset({"BlockKept", "BlockMissed"})


@dataclass(slots=True)
class Wisher:
    """Somebody of the crowd who would come for a block, and what they want, drawn beforehand."""

    driver: Driver
    blocks: list[int]
    """The numbers of the blocks, the dearest wish first."""
    after_s: float
    comes_before_s: float | None
    """None for whoever will not come."""
    has_place: bool = False


class Blocks:
    """The blocks of one day, from their publishing to the last that is settled."""

    def __init__(self, world: World, hours: Sequence[BlockHours], places: Sequence[Point]) -> None:
        """`places` are the market's hubs in the order in which the hours number them."""
        self._world, self._hours, self._places = world, hours, places
        self._block_ids: list[BlockId] = []
        self._wishers: dict[UUID, Wisher] = {}
        self._begins = world.stage.now
        self._unsettled = 0

    async def open(self, hub_ids: Sequence[UUID], floor_per_hour_minor: int) -> None:
        """Publishes the blocks, has them looked after until everybody is settled, and listens who gets a place."""
        async with self._world.marketplace.works.open() as work:
            settings = await dials(work, market_id=self._world.market_id)
            begins = self._begins.astimezone(zone(settings.time_zone)).replace(tzinfo=None)
            plans = [
                BlockPlan(
                    opens=begins + timedelta(seconds=one.opens_s),
                    closes=begins + timedelta(seconds=one.closes_s),
                    places=one.places,
                    hub_id=hub_ids[one.hub],
                    floor_per_hour_minor=floor_per_hour_minor,
                    free_until_min=0,
                    draw_s=DRAW_S,
                )
                for one in self._hours
            ]
            self._block_ids = await publish_blocks(work, market_id=self._world.market_id, plans=plans)
        self._world.stage.listen(self._hear)
        self._world.stage.regularly(LOOKED_AFTER_EVERY_S, self._look_after, goes_on=self._goes_on)

    async def bring_wishers(self, seed: int, mind: Callable[[str, int], Person]) -> list[Driver]:
        """Hires those of the crowd who look at the blocks, and has those of them who want one sign up."""
        count = WISHES_PER_PLACE * sum(one.places for one in self._hours)
        for number in range(count):
            source = chance(seed, "wish", number)
            if source.random() >= WISH_RATE:
                continue
            blocks = list(range(len(self._hours)))
            source.shuffle(blocks)
            driver = await self._hire(mind("block", number), number, self._places[self._hours[blocks[0]].hub])
            is_there = source.random() >= NO_SHOW_RATE
            wisher = Wisher(
                driver=driver,
                blocks=blocks,
                after_s=source.uniform(0.0, WISHES_WITHIN_S),
                comes_before_s=source.uniform(*COMES_BEFORE_S) if is_there else None,
            )
            self._wishers[driver.driver_id] = wisher
            self._world.stage.after(wisher.after_s, partial(self._sign_up, wisher, blocks[0]))
            self._world.stage.after(SECOND_TRY_S + wisher.after_s / 10, partial(self._try_again, wisher))
        await open_accounts(self._world.marketplace, self._world.stripe, self._wishers)
        return [wisher.driver for wisher in self._wishers.values()]

    async def _hire(self, person: Person, number: int, here: Point) -> Driver:
        async with self._world.marketplace.works.open() as work:
            driver_id = await create_driver(
                work,
                market_id=self._world.market_id,
                name=f"Block {number + 1}",
                phone=f"+1555{number:07d}",
                contract_kind=ContractKind.CROWDSOURCED,
                vehicle=Vehicle.CAR,
            )
        return Driver(self._world, driver_id=DriverId(driver_id), here=here, person=person)

    async def _sign_up(self, wisher: Wisher, block: int) -> None:
        try:
            async with self._world.marketplace.works.open() as work:
                await sign_up_for_block(work, block_id=self._block_ids[block], driver_id=wisher.driver.driver_id)
        except Refusal as refusal:
            self._world.record.refused(refusal.code)

    async def _try_again(self, wisher: Wisher) -> None:
        for block in wisher.blocks[1:]:
            if wisher.has_place or not await self._has_room(block):
                continue
            await self._sign_up(wisher, block)
            return

    async def _has_room(self, block: int) -> bool:
        async with self._world.marketplace.works.open() as work:
            (found,) = await some_blocks(
                work.connection, market_id=self._world.market_id, block_ids=[self._block_ids[block]]
            )
        return bool(found["taken"] < found["places"] and found["opens_at"] > self._world.stage.now)

    def _hear(self, event: PublishedEvent) -> None:
        if event.name == "BlockSignedUp":
            self._unsettled += 1
            self._take_place(self._wishers[UUID(event.payload["driver_id"])], UUID(event.payload["block_id"]))
        elif event.name in ENDS:
            self._unsettled -= 1
            if self._unsettled == 0:
                # What was made up to a floor is paid too, where everything else of the day is over.
                self._world.stage.after(0.0, partial(run_payouts, self._world))

    def _take_place(self, wisher: Wisher, block_id: UUID) -> None:
        """Comes to the hub before the block opens, and goes home when it closes, after the route if there is one."""
        block = self._hours[self._block_ids.index(BlockId(block_id))]
        wisher.has_place = True
        wisher.driver.here = self._places[block.hub]
        if wisher.comes_before_s is not None:
            self._world.stage.at(self._moment(block.opens_s - wisher.comes_before_s), wisher.driver.come_online)
            self._world.stage.at(self._moment(block.closes_s), wisher.driver.go_home)

    def _moment(self, seconds: float) -> datetime:
        return self._begins + timedelta(seconds=seconds)

    async def _look_after(self) -> None:
        async with self._world.marketplace.works.open() as work:
            await look_after_blocks(work, market_id=self._world.market_id)

    def _goes_on(self) -> bool:
        return self._unsettled > 0 or self._world.goes_on()
