"""The sweep finds what has not moved though something is known: the rows are the truth, not the jobs."""

from marketplace.core.work import Work
from marketplace.payments import OperationKind
from marketplace.payouts import request_payout, settle_payout, sweep_payouts
from tests.marketplace.payouts.world import end_operation, make_paid_driver, make_pay_world


async def test_a_payout_whose_operation_has_ended_is_found_until_it_has_moved(work: Work) -> None:
    world = await make_pay_world(work)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    found = []
    for kind, state in (
        (OperationKind.TRANSFER, None),
        (OperationKind.PAYOUT, "pending"),
        (OperationKind.PAYOUT, "paid"),
    ):
        found.append(await sweep_payouts(work, market_id=world.market_id))
        await end_operation(work, kind, payout_id, object_state=state)
        found.append(await sweep_payouts(work, market_id=world.market_id))
        await settle_payout(work, payout_id=payout_id)
    found.append(await sweep_payouts(work, market_id=world.market_id))

    assert found == [[], [payout_id], [], [payout_id], [], [payout_id], []]


async def test_a_refusal_is_found_until_it_has_been_answered(work: Work) -> None:
    world = await make_pay_world(work)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    await end_operation(work, OperationKind.TRANSFER, payout_id, error_code="account_invalid")

    assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
    await settle_payout(work, payout_id=payout_id)

    assert await sweep_payouts(work, market_id=world.market_id) == []


async def test_payouts_of_other_markets_are_left_out(work: Work) -> None:
    here, there = await make_pay_world(work), await make_pay_world(work)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, there))[0])
    await end_operation(work, OperationKind.TRANSFER, payout_id)

    assert await sweep_payouts(work, market_id=here.market_id) == []
