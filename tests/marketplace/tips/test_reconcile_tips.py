"""What tips move at the provider is what the ledger says, through fee, settlement, refund and dispute."""

from marketplace.core.clock import ManualClock
from tests.marketplace.tips.conftest import TipWorld
from workers.agreement import compare_now


async def test_ledger_and_provider_agree_about_tips(tips: TipWorld, clock: ManualClock) -> None:
    first = await tips.paid(9_000)
    second = await tips.paid(500, card="createDispute")
    intent_id = (await tips.tip(first))["intent_id"]

    await tips.payments.pass_time(3 * 86_400)
    clock.advance(seconds=3650 * 86_400)
    await tips.payments.v1.refunds.create_async({"payment_intent": intent_id, "amount": 100})
    await tips.go_on(first, second)
    report = await compare_now(tips.works, tips.payments.provider, tips.world.market_id, at_rest=True)

    assert report.disagreements == ()
    assert report.movement_count == 4
    assert report.subject_count == 2
