"""Recipient, shipper, operations and the deadline decide about one parcel at the same moment: one of them does."""

import asyncio

import pytest

from marketplace.batches import ChosenBy, return_delivery, settle_attempt, settle_due
from marketplace.batches import reschedule_delivery as reschedule
from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from tests.marketplace.routes.test_redelivery import bring_back, make_failed, returns_of, window
from tests.races.together import Verb, at_once


@pytest.mark.parametrize("is_due", [False, True])
async def test_one_decision_is_made_and_the_parcel_is_neither_lost_nor_doubled(
    committed_works: Works, clock: ManualClock, is_due: bool
) -> None:
    drive = await make_failed(committed_works, clock)
    await bring_back(drive)
    clock.advance(seconds=86_400 if is_due else 60)
    delivery_id, chosen = drive.deliveries[0].id, window(clock)

    def choose(by: ChosenBy) -> Verb:
        async def run(work: Work) -> object:
            return await reschedule(work, delivery_id=delivery_id, window=chosen, chosen_by=by)

        return run

    verbs: list[Verb] = [
        choose(ChosenBy.RECIPIENT),
        lambda work: return_delivery(work, delivery_id=delivery_id, market_id=drive.market.id),
        choose(ChosenBy.SHIPPER),
        lambda work: settle_attempt(work, delivery_id=delivery_id),
        settle_due,
    ]
    await at_once(*((committed_works, verb) for verb in verbs))

    delivery, returns = await drive.delivery(0), await returns_of(drive)
    assert (delivery["state"], len(returns)) in ({("RETURNED", 1)} if is_due else {("SCHEDULED", 0), ("RETURNED", 1)})
    async with committed_works.open() as work:
        told = await work.fetch(
            "SELECT (payload->>'sequence')::int AS number FROM event WHERE delivery_id = $1 ORDER BY 1", delivery_id
        )
    assert [row["number"] for row in told] == list(range(1, delivery["sequence"] + 1))


async def test_a_choice_while_the_parcel_is_brought_back_is_kept(committed_works: Works, clock: ManualClock) -> None:
    drive = await make_failed(committed_works, clock)
    delivery_id, chosen = drive.deliveries[0].id, window(clock)

    async def choose() -> None:
        async with committed_works.open() as work:
            await reschedule(work, delivery_id=delivery_id, window=chosen, chosen_by=ChosenBy.RECIPIENT)

    await asyncio.gather(bring_back(drive), choose())
    async with committed_works.open() as work:
        await settle_attempt(work, delivery_id=delivery_id)

    delivery = await drive.delivery(0)
    assert (delivery["state"], delivery["next_closes_at"]) == ("SCHEDULED", None)
