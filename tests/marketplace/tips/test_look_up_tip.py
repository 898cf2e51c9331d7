"""A tip is found out about even if the provider's messages are lost."""

from uuid import UUID

from marketplace.ledger import driver_wallet
from marketplace.tips import TipState, look_up_tip, sweep_tips
from tests.marketplace.tips.conftest import TipWorld


async def make_due(tips: TipWorld, tip_id: UUID) -> None:
    async with tips.works.open() as work:
        await work.execute("UPDATE tip SET look_at = $2 WHERE id = $1", tip_id, work.machine_now)


async def test_a_tip_whose_news_was_lost_is_booked_at_the_next_look(tips: TipWorld) -> None:
    tip_id = await tips.give()
    await tips.go_on(tip_id)
    await tips.pay(tip_id)
    tips.payments.take_events()  # lost on the way

    async with tips.works.open() as work:
        before = await sweep_tips(work, market_id=tips.world.market_id)
    await make_due(tips, tip_id)
    async with tips.works.open() as work:
        due = await sweep_tips(work, market_id=tips.world.market_id)
    await look_up_tip(tips.works, provider=tips.payments.provider, tip_id=tip_id)
    await look_up_tip(tips.works, provider=tips.payments.provider, tip_id=tip_id)

    assert (before, due) == ([], [("look_up_tip", tip_id)])
    assert await tips.state(tip_id) is TipState.PAID
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300


async def test_while_nobody_pays_looks_become_rare(tips: TipWorld) -> None:
    tip_id = await tips.give()
    await tips.go_on(tip_id)
    pauses = []

    for _ in range(7):
        await make_due(tips, tip_id)
        await look_up_tip(tips.works, provider=tips.payments.provider, tip_id=tip_id)
        async with tips.works.open() as work:
            pauses.append(((await tips.tip(tip_id))["look_at"] - work.machine_now).total_seconds())

    assert [round(pause) for pause in pauses] == [120, 240, 480, 960, 1_920, 3_600, 3_600]
