"""Everything that is due and all that follows from it runs in one process, and a failure is the caller's."""

from uuid import UUID

import pytest

from marketplace import offers
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.fleet.events import DriverWentOffline
from marketplace.matching.events import PlanningDue
from marketplace.routes.events import RoutePlanned
from tests.workers.offers import make_offers
from workers.deadlines import DEADLINES
from workers.inline_runner import drain_works
from workers.waker import Deadline

MARKET = MarketId(UUID(int=5))


class Jobs:
    """Jobs that write down what ran; matching plans one route, and counting is quiet."""

    def __init__(self, works: Works) -> None:
        self.works = works
        self.ran: list[tuple[str, UUID]] = []
        self.table = {
            "match_market": self.match_market,
            "send_wave": self.send_wave,
            "draw_route": self.draw_route,
            "retime_route": self.retime_route,
            "roll_up": self.roll_up,
        }

    async def match_market(self, market_id: UUID) -> None:
        self.ran.append(("match_market", market_id))
        async with self.works.open() as work:
            work.emit(RoutePlanned(market_id=market_id, route_id=UUID(int=9), stop_count=2, delivery_count=1))

    async def send_wave(self, route_id: UUID) -> None:
        self.ran.append(("send_wave", route_id))

    async def draw_route(self, route_id: UUID) -> None:
        self.ran.append(("draw_route", route_id))

    async def retime_route(self, route_id: UUID) -> None:
        self.ran.append(("retime_route", route_id))

    async def roll_up(self, market_id: UUID) -> None:
        self.ran.append(("roll_up", market_id))


async def went_online(works: Works) -> None:
    async with works.open() as work:
        work.emit(PlanningDue(market_id=MARKET, delivery_count=1))


async def test_what_follows_from_what_follows_runs_too(works: Works) -> None:
    jobs = Jobs(works)
    await went_online(works)
    await went_online(works)

    count = await drain_works(works, jobs.table, ())

    assert count == 6
    assert sorted(jobs.ran) == [
        ("draw_route", UUID(int=9)),
        ("match_market", MARKET),
        ("retime_route", UUID(int=9)),
        ("roll_up", MARKET),
        ("roll_up", MARKET),
        ("send_wave", UUID(int=9)),
    ]
    assert await drain_works(works, jobs.table, ()) == 0
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM job") == 0
        assert await work.fetch_value("SELECT count(*) FROM event WHERE position IS NULL") == 0


async def test_a_failing_job_fails_the_caller(works: Works) -> None:
    async def fail(_: UUID) -> None:
        raise ValueError("no road")

    await went_online(works)

    with pytest.raises(ValueError, match="no road"):
        await drain_works(works, Jobs(works).table | {"match_market": fail}, ())


async def test_due_deadlines_take_effect_and_later_ones_do_not(works: Works, clock: ManualClock) -> None:
    async def quiet(_: UUID) -> None:
        return None

    async with works.open() as work:
        sooner, later = await make_offers(work, [10, 20])
    clock.advance(seconds=10)

    jobs = {"send_wave": quiet, "roll_up": quiet}
    await drain_works(works, jobs, [Deadline("offer expires", offers.next_expiry, offers.expire_due)])

    async with works.open() as work:
        states = await work.fetch("SELECT id, state FROM offer")
    assert {row["id"]: row["state"] for row in states} == {sooner: "EXPIRED", later: "SENT"}


async def test_every_deadline_can_be_asked_and_fired(work: Work) -> None:
    work.emit(DriverWentOffline(market_id=MARKET, driver_id=work.new_id()))

    for deadline in DEADLINES:
        assert await deadline.next_due(work.connection) is None
        assert await deadline.fire(work) == 0
