"""The lines of a route: drawn along streets when it is planned, assigned or changed, left out where nobody knows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.routes import draw_route
from marketplace.routes.draw import DrawRoute
from marketplace.routes.line import read_line
from marketplace.routing import Journey, RouterUnavailable, Unreachable
from tests.marketplace.routes.drives import Drive, make_drive, point_of


class Streets(StraightLineRouter):
    """Streets that run north or south first, and then east or west."""

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        journey = await super().legs(points, depart_at=depart_at)
        bends = [((a[0], a[1]), (b[0], a[1]), (b[0], b[1])) for a, b in journey.geometry]
        return replace(journey, geometry=tuple(bends), is_degraded=False)


class Cliff(StraightLineRouter):
    """Places to which no street leads."""

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        raise Unreachable(f"no way through {len(points)} places at {depart_at}")


class Silent(StraightLineRouter):
    """A router that does not answer."""

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        raise RouterUnavailable(f"no answer for {len(points)} places at {depart_at}")


async def lines(drive: Drive) -> list[str | None]:
    async with drive.works.open() as work:
        rows = await work.fetch("SELECT path FROM stop WHERE route_id = $1 ORDER BY place", drive.route.id)
    return [row["path"] for row in rows]


async def stand_at(drive: Drive, place: Point) -> None:
    """The driver's last known position."""
    async with drive.works.open() as work:
        await work.execute(
            "UPDATE presence SET lat = $2, lon = $3 WHERE driver_id = $1", drive.route.driver_id, place.lat, place.lon
        )


def bend(begin: Point, end: Point) -> list[Any]:
    corners = [(begin.lat, begin.lon), (end.lat, begin.lon), (end.lat, end.lon)]
    return [(pytest.approx(lat, abs=1e-5), pytest.approx(lon, abs=1e-5)) for lat, lon in corners]


async def test_the_lines_of_an_assigned_route_begin_where_its_driver_is(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    here = Point(lat=-29.99, lon=-71.33)
    await stand_at(drive, here)

    count = await draw_route(works, router=Streets(), route_id=drive.route.id)

    hub, first, second = [point_of(stop) for stop in drive.stops]
    assert count == 3
    drawn = [list(read_line(line or "")) for line in await lines(drive)]
    assert drawn[0] == bend(here, hub)
    assert [line[0] for line in drawn[1:]] == [bend(hub, first)[0], bend(first, second)[0]]
    assert [line[-1] for line in drawn[1:]] == [bend(hub, first)[-1], bend(first, second)[-1]]


async def test_a_route_under_way_keeps_the_line_to_its_first_stop(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    await stand_at(drive, Point(lat=-29.99, lon=-71.33))
    await draw_route(works, router=Streets(), route_id=drive.route.id)
    before = await lines(drive)
    await drive.start()
    await stand_at(drive, Point(lat=-29.95, lon=-71.30))

    count = await draw_route(works, router=Streets(), route_id=drive.route.id)

    assert (count, await lines(drive)) == (2, before)


async def test_the_way_leads_past_a_stop_that_is_skipped(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    await drive.start()
    async with works.open() as work:
        await work.execute(
            "UPDATE stop SET state = 'SKIPPED', ended_at = $2 WHERE id = $1", drive.stops[1].id, work.now
        )

    await draw_route(works, router=Streets(), route_id=drive.route.id)

    hub, last = point_of(drive.stops[0]), point_of(drive.stops[2])
    way = read_line((await lines(drive))[2] or "")
    assert [way[0], way[-1]] == [bend(hub, last)[0], bend(hub, last)[-1]]


@pytest.mark.parametrize("router", [StraightLineRouter(), Cliff()], ids=["no streets known", "no street leads there"])
async def test_where_no_street_is_known_there_is_no_line(
    works: Works, clock: ManualClock, router: StraightLineRouter
) -> None:
    drive = await make_drive(works, clock, count=2)

    count = await draw_route(works, router=router, route_id=drive.route.id)

    assert (count, await lines(drive)) == (0, [None, None, None])


async def test_a_router_that_does_not_answer_is_asked_again(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)

    with pytest.raises(RouterUnavailable):
        await draw_route(works, router=Silent(), route_id=drive.route.id)


async def test_lines_of_stops_that_have_changed_meanwhile_are_not_kept(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2)
    errand = DrawRoute(router=Streets(), route_id=drive.route.id)
    async with works.open() as work:
        found = await errand.read(work)
        await work.execute("UPDATE route SET version = version + 1 WHERE id = $1", drive.route.id)
    assert found is not None
    answer = await errand.call(found)

    async with works.open() as work:
        count = await errand.record(work, found, answer)

    assert (count, await lines(drive)) == (0, [None, None, None])


async def test_a_route_that_is_over_is_not_drawn(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute(
            "UPDATE route SET state = 'CANCELLED', ended_at = $2 WHERE id = $1", drive.route.id, work.now
        )

    assert await draw_route(works, router=Streets(), route_id=drive.route.id) == 0
