"""What a deadline sets going: whoever's time is over is withdrawn from whatever they were asked."""

from datetime import timedelta
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.offers import WithdrawReason, withdraw_offers_of_driver
from tests.workers.offers import make_offered_route, send_offers
from workers.deadlines import DEADLINES
from workers.inline_runner import drain_works

LONG_S = 40_000


async def test_a_driver_whose_time_is_over_is_asked_no_more(works: Works, clock: ManualClock) -> None:
    async def quiet(_: UUID) -> None:
        return None

    async def withdraw(driver_id: UUID) -> None:
        async with works.open() as work:
            await withdraw_offers_of_driver(work, driver_id=driver_id, reason=WithdrawReason.OFFLINE)

    async with works.open() as work:
        offered = await make_offered_route(work, 2)
        gone, there = offered.driver_ids
        await send_offers(work, offered, [LONG_S, LONG_S])
        await work.execute("UPDATE presence SET state = 'OFFERED', online_until = $1", work.now + timedelta(hours=10))
        await work.execute("UPDATE presence SET online_until = $2 WHERE driver_id = $1", gone, work.now)

    await drain_works(works, {"withdraw_offers": withdraw, "roll_up": quiet}, DEADLINES)

    async with works.open() as work:
        offers = await work.fetch("SELECT driver_id, state, end_reason FROM offer")
        presences = await work.fetch("SELECT driver_id, state FROM presence")
    assert {row["driver_id"]: (row["state"], row["end_reason"]) for row in offers} == {
        gone: ("WITHDRAWN", "OFFLINE"),
        there: ("SENT", None),
    }
    assert {row["driver_id"]: row["state"] for row in presences} == {gone: "OFFLINE", there: "OFFERED"}
