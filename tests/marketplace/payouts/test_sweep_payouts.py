"""The sweep finds what nobody sends: the rows are the truth, not the jobs."""

from datetime import timedelta

from marketplace.core.work import Work
from marketplace.payouts import request_payout, sweep_payouts
from tests.marketplace.payouts.world import make_paid_driver, make_pay_world


async def test_payouts_that_were_never_sent_are_found(work: Work) -> None:
    world = await make_pay_world(work)
    payouts = [await request_payout(work, driver_id=(await make_paid_driver(work, world))[0]) for _ in range(2)]

    assert await sweep_payouts(work, market_id=world.market_id) == sorted(payouts)


async def test_an_attempt_in_its_lease_is_left_alone_and_found_after_it(work: Work) -> None:
    world = await make_pay_world(work)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    lease = "UPDATE payout SET state = 'IN_TRANSIT', lease_until = $1"

    await work.execute(lease, work.machine_now + timedelta(seconds=1))
    assert await sweep_payouts(work, market_id=world.market_id) == []
    await work.execute(lease, work.machine_now)

    assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]


async def test_payouts_at_their_end_and_of_other_markets_are_left_out(work: Work) -> None:
    here, there = await make_pay_world(work), await make_pay_world(work)
    for state in ("PAID", "FAILED", "REVERSED", "ON_HOLD"):
        payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, here))[0])
        await work.execute("UPDATE payout SET state = $2 WHERE id = $1", payout_id, state)
    await request_payout(work, driver_id=(await make_paid_driver(work, there))[0])

    assert await sweep_payouts(work, market_id=here.market_id) == []
