"""A route under way, a second driver, and the operator who brings the two together: the world of these tests."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.accounts import add_operator
from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.fleet.models import Driver
from marketplace.reassignments import (
    ReassignmentState,
    ReassignRoute,
    Taken,
    accept_reassignment,
    cancel_reassignment,
    decline_reassignment,
    give_parcels,
    take_parcels,
)
from tests.builders import make_driver
from tests.marketplace.routes.drives import Drive, make_drive

CORNER = Point(lat=-29.93, lon=-71.28)


@dataclass(slots=True, kw_only=True)
class Relief:
    """The drive of the first driver, and the second one who may relieve that driver."""

    drive: Drive
    second: Driver
    operator_id: UUID

    def question(self, **changes: Any) -> ReassignRoute:
        """The errand of asking the second driver to take the route over at the corner."""
        wish: dict[str, Any] = {
            "router": StraightLineRouter(),
            "market_id": self.drive.market.id,
            "route_id": self.drive.route.id,
            "to_driver_id": self.second.id,
            "meeting_point": CORNER,
            "reason": "the first driver has fallen ill",
            "operator_id": self.operator_id,
        }
        return ReassignRoute(**wish | changes)

    async def ask(self, **changes: Any) -> UUID:
        """Asks."""
        reassignment_id = await run_errand(self.drive.works, self.question(**changes))
        assert reassignment_id is not None
        return reassignment_id

    async def accept(self, reassignment_id: UUID) -> ReassignmentState:
        """The second driver says yes."""
        async with self.drive.works.open() as work:
            return await accept_reassignment(work, reassignment_id=reassignment_id, driver_id=self.second.id)

    async def decline(self, reassignment_id: UUID) -> None:
        """The second driver says no."""
        async with self.drive.works.open() as work:
            await decline_reassignment(work, reassignment_id=reassignment_id, driver_id=self.second.id)

    async def cancel(self, reassignment_id: UUID) -> None:
        """The operator takes it back."""
        async with self.drive.works.open() as work:
            await cancel_reassignment(work, reassignment_id=reassignment_id, market_id=self.drive.market.id)

    async def give(self, reassignment_id: UUID, *numbers: int) -> None:
        """The first driver scans these of the route's deliveries."""
        async with self.drive.works.open() as work:
            await give_parcels(
                work, reassignment_id=reassignment_id, driver_id=self.drive.driver.id, parcels=self.parcels(*numbers)
            )

    async def take(self, reassignment_id: UUID, *numbers: int, code: str | None = None) -> Taken:
        """The second driver scans them, too, and says the first one's code."""
        said = code or (await self.row(reassignment_id))["code"]
        async with self.drive.works.open() as work:
            return await take_parcels(
                work,
                reassignment_id=reassignment_id,
                driver_id=self.second.id,
                code=said,
                parcels=self.parcels(*numbers),
            )

    async def hand_over(self, *numbers: int) -> UUID:
        """All of it, with these deliveries aboard; returns the second driver's route."""
        reassignment_id = await self.ask()
        await self.accept(reassignment_id)
        await self.give(reassignment_id, *numbers)
        taken = await self.take(reassignment_id, *numbers)
        assert taken.route_id is not None
        return taken.route_id

    def parcels(self, *numbers: int) -> list[UUID]:
        """The ids of these deliveries."""
        return [self.drive.deliveries[number].id for number in numbers]

    async def row(self, reassignment_id: UUID) -> asyncpg.Record:
        """The reassignment as it stands now."""
        return (await self.rows("SELECT * FROM reassignment WHERE id = $1", reassignment_id))[0]

    async def rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """What a query finds now."""
        async with self.drive.works.open() as work:
            return await work.fetch(sql, *values)

    async def presence_of(self, driver: Driver) -> str:
        """Whether a driver can be asked."""
        return str((await self.rows("SELECT state FROM presence WHERE driver_id = $1", driver.id))[0]["state"])


async def make_relief(
    works: Works, clock: ManualClock, *, count: int = 3, kind: ContractKind = ContractKind.CROWDSOURCED, **changes: Any
) -> Relief:
    """A route of `count` deliveries that is accepted and not started, and a second driver close by."""
    drive = await make_drive(works, clock, count=count, **changes)
    async with works.open() as work:
        second = await make_driver(work, drive.market, kind=kind, name="Bruno Araya")
        operator_id = await add_operator(
            work, name="Marta", email="marta@example.com", market_id=MarketId(drive.market.id)
        )
    return Relief(drive=drive, second=second, operator_id=operator_id)
