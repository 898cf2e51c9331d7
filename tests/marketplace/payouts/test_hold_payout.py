"""Operations stop payouts and let them go on, each time in writing."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import OperatorId, PayoutId
from marketplace.core.work import Work
from marketplace.payments import OperationKind
from marketplace.payouts import (
    PayoutNotHeld,
    PayoutOnItsWay,
    PayoutState,
    hold_payout,
    release_payout,
    request_payout,
    settle_payout,
    sweep_payouts,
)
from tests.marketplace.payouts.world import (
    PayWorld,
    end_operation,
    make_operator,
    make_paid_driver,
    make_pay_world,
    wanted,
)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A payout that an operator has stopped."""

    world: PayWorld
    operator_id: OperatorId
    payout_id: PayoutId


async def held(work: Work) -> Held:
    """A payout that was stopped right after it was asked for."""
    world = await make_pay_world(work)
    operator_id = await make_operator(work, world.market.id)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    await hold_payout(work, payout_id=payout_id, operator_id=operator_id, reason="odd routes")
    return Held(world=world, operator_id=operator_id, payout_id=payout_id)


async def notes(work: Work) -> list[tuple[str, UUID]]:
    """What was written down."""
    rows = await work.fetch("SELECT verb, subject_id FROM operator_action ORDER BY verb")
    return [(row["verb"], row["subject_id"]) for row in rows]


async def test_a_stopped_payout_is_not_sent_until_it_is_released(work: Work) -> None:
    case = await held(work)
    await end_operation(work, OperationKind.TRANSFER, case.payout_id)
    assert await settle_payout(work, payout_id=case.payout_id) is PayoutState.ON_HOLD
    assert await wanted(work, case.payout_id) == [("TRANSFER", 1, "DONE")]
    assert await sweep_payouts(work, market_id=case.world.market_id) == []

    await release_payout(work, payout_id=case.payout_id, operator_id=case.operator_id)

    assert await sweep_payouts(work, market_id=case.world.market_id) == [case.payout_id]
    assert await settle_payout(work, payout_id=case.payout_id) is PayoutState.SCHEDULED
    assert (await wanted(work, case.payout_id))[1:] == [("PAYOUT", 1, "READY")]
    assert await notes(work) == [("holdPayout", case.payout_id), ("releasePayout", case.payout_id)]


async def test_a_payout_that_came_back_is_sent_again_at_once_when_somebody_says_so(work: Work) -> None:
    world = await make_pay_world(work)
    operator_id = await make_operator(work, None)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    await end_operation(work, OperationKind.TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)
    await end_operation(work, OperationKind.PAYOUT, payout_id, object_state="failed")
    await settle_payout(work, payout_id=payout_id)

    await release_payout(work, payout_id=payout_id, operator_id=operator_id)

    assert await sweep_payouts(work, market_id=world.market_id) == [payout_id]
    assert await settle_payout(work, payout_id=payout_id) is PayoutState.SCHEDULED


async def test_what_has_left_cannot_be_stopped(work: Work) -> None:
    world = await make_pay_world(work)
    operator_id = await make_operator(work, world.market.id)
    payout_id = await request_payout(work, driver_id=(await make_paid_driver(work, world))[0])
    await end_operation(work, OperationKind.TRANSFER, payout_id)
    await settle_payout(work, payout_id=payout_id)

    with pytest.raises(PayoutOnItsWay):
        await hold_payout(work, payout_id=payout_id, operator_id=operator_id, reason="too late")
    with pytest.raises(PayoutNotHeld):
        await release_payout(work, payout_id=payout_id, operator_id=operator_id)

    assert await notes(work) == []


async def test_an_operator_of_another_market_finds_no_payout(work: Work) -> None:
    case = await held(work)
    stranger = await make_operator(work, (await make_pay_world(work)).market.id)

    with pytest.raises(NotFound):
        await release_payout(work, payout_id=case.payout_id, operator_id=stranger)
