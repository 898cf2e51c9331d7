"""A driver with a route, and the app that reports from it: the world of the tests of driving."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.batches.models import Delivery
from marketplace.batches.states import AttemptFailure
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from marketplace.routes import (
    DropOffOutcome,
    Receipt,
    arrive_at_stop,
    drop_off,
    fail_stop,
    pick_up,
    start_route,
)
from marketplace.routes.models import Route, Stop
from marketplace.routes.states import RouteState
from marketplace.shippers.models import Shipper
from tests.builders import HOME_PLACE, make_batch, make_delivery, make_driver, make_hub, make_market, make_route
from tests.builders import make_shipper as make_shipper_with_card


@dataclass(slots=True, kw_only=True)
class Drive:
    """An accepted route, with an app that numbers its reports and sends them at the clock's time."""

    works: Works
    clock: ManualClock
    market: Market
    shipper: Shipper
    driver: Driver
    route: Route
    stops: Sequence[Stop]
    deliveries: Sequence[Delivery]
    accepted_at: datetime
    reports: int = field(default=0)

    async def start(self, **changes: Any) -> Receipt:
        """Starts the route."""
        async with self.works.open() as work:
            return await start_route(work, route_id=self.route.id, **self._said(changes))

    async def arrive(self, number: int, /, **changes: Any) -> Receipt:
        """Arrives at the stop in that place."""
        async with self.works.open() as work:
            return await arrive_at_stop(work, **self._said_at(number, changes))

    async def pick_up(self, number: int, /, **changes: Any) -> Receipt:
        """Picks up at the stop in that place."""
        async with self.works.open() as work:
            return await pick_up(work, **self._said_at(number, changes))

    async def drop_off(self, number: int, /, **changes: Any) -> DropOffOutcome:
        """Hands over at the stop in that place."""
        async with self.works.open() as work:
            return await drop_off(work, **self._said_at(number, changes))

    async def fail(self, number: int, reason: AttemptFailure, /, **changes: Any) -> Receipt:
        """Fails at the stop in that place."""
        async with self.works.open() as work:
            return await fail_stop(work, reason=reason, **self._said_at(number, changes))

    async def drive_to_first_door(self) -> None:
        """Starts, picks up everything and arrives at the first drop-off."""
        await self.start()
        await self.pick_up(0)
        await self.arrive(1)

    def _said(self, changes: dict[str, Any]) -> dict[str, Any]:
        self.reports += 1
        said = {
            "driver_id": self.driver.id,
            "client_event_id": f"report-{self.reports}",
            "occurred_at": self.clock.now,
        }
        return said | changes

    def _said_at(self, number: int, changes: dict[str, Any]) -> dict[str, Any]:
        return self._said({"stop_id": self.stops[number].id} | changes)

    async def delivery(self, number: int) -> asyncpg.Record:
        """A delivery as it stands now."""
        return await self._row("SELECT * FROM delivery WHERE id = $1", self.deliveries[number].id)

    async def deliveries_are(self) -> list[str]:
        """The states of the route's deliveries."""
        return [(await self.delivery(number))["state"] for number in range(len(self.deliveries))]

    async def stop(self, place: int) -> asyncpg.Record:
        """A stop as it stands now."""
        return await self._row("SELECT * FROM stop WHERE id = $1", self.stops[place].id)

    async def stops_are(self) -> list[str]:
        """The states of all stops, in order."""
        async with self.works.open() as work:
            rows = await work.fetch("SELECT state FROM stop WHERE route_id = $1 ORDER BY place", self.route.id)
        return [row["state"] for row in rows]

    async def the_route(self) -> asyncpg.Record:
        """The route as it stands now."""
        return await self._row("SELECT * FROM route WHERE id = $1", self.route.id)

    async def presence(self) -> asyncpg.Record:
        """The driver's presence now."""
        return await self._row("SELECT * FROM presence WHERE driver_id = $1", self.driver.id)

    async def events(self) -> list[str]:
        """The names of all events of this market so far, in the order in which they were emitted."""
        async with self.works.open() as work:
            rows = await work.fetch(
                "SELECT name FROM event WHERE market_id = $1 ORDER BY ordinal", self.route.market_id
            )
        return [row["name"] for row in rows]

    async def reports_kept(self) -> int:
        """How many reports of the driver are kept."""
        row = await self._row("SELECT count(*) FROM stop_report WHERE driver_id = $1", self.driver.id)
        return int(row["count"])

    async def everything(self) -> tuple[object, ...]:
        """All that a refusal must leave as it was."""
        return (
            [dict(await self.delivery(number)) for number in range(len(self.deliveries))],
            [dict(await self.stop(place)) for place in range(len(self.stops))],
            dict(await self.the_route()),
            dict(await self.presence()),
            await self.events(),
            await self.reports_kept(),
        )

    async def _row(self, sql: str, key: UUID) -> asyncpg.Record:
        async with self.works.open() as work:
            row = await work.fetch_row(sql, key)
        assert row is not None
        return row


async def make_drive(
    works: Works,
    clock: ManualClock,
    *,
    count: int = 2,
    state: RouteState = RouteState.ASSIGNED,
    **changes: Any,
) -> Drive:
    """A route with one pickup and `count` drop-offs, a kilometre from each other, accepted just now."""
    async with works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper_with_card(work, market)
        hub = await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        deliveries = [
            await make_delivery(
                work, market, shipper, hub, batch, dropoff_lat=HOME_PLACE.lat + number * 0.01, **changes
            )
            for number in range(count)
        ]
        driver = await make_driver(work, market)
        route, stops = await make_route(work, market, deliveries, driver=driver, state=state)
    return Drive(
        works=works,
        clock=clock,
        market=market,
        shipper=shipper,
        driver=driver,
        route=route,
        stops=stops,
        deliveries=deliveries,
        accepted_at=clock.now,
    )


def after(drive: Drive, minutes: float) -> datetime:
    """That many minutes after the route was accepted."""
    return drive.accepted_at + timedelta(minutes=minutes)


def point_of(stop: Stop) -> Point:
    """Where a stop is."""
    return Point(lat=stop.lat, lon=stop.lon)
