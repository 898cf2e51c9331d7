"""Promises broken at once give back no more together than a month may, by real commits on many connections."""

from datetime import time, timedelta

from marketplace.billing import accrue_delivery
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Works
from marketplace.ledger import SLA_CREDIT, balance_of, check_ledger
from marketplace.shippers import ServiceLevel, Tier, set_service_level
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.races.together import at_once, codes

CAP_MINOR, PRICE_MINOR, BROKEN = 3_000, 4_000, 6


async def test_penalties_that_come_at_once_stay_within_the_cap_of_the_month(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        level = ServiceLevel(
            tier=Tier.NEXT_DAY, opens=time(9), late_percent=50, missed_try_percent=50, monthly_cap_minor=CAP_MINOR
        )
        await set_service_level(work, shipper_id=shipper.id, market_id=market.id, level=level)
        level_id = await work.fetch_value("SELECT id FROM service_level")
        batch = await make_batch(work, market, shipper)
        # Some came late, and for some nobody was found.
        broken = [
            await make_delivery(
                work, market, shipper, hub, batch,
                state="DELIVERED" if number % 2 else "EXPIRED",
                price_minor=PRICE_MINOR, tier="NEXT_DAY", service_level_id=level_id,
                dropoff_opens_at=work.now - timedelta(hours=3), dropoff_closes_at=work.now - timedelta(hours=1),
            )
            for number in range(BROKEN)
        ]  # fmt: skip

    answers = await at_once(
        *((works, lambda work, id_=one.id: accrue_delivery(work, delivery_id=DeliveryId(id_))) for one in broken)
    )

    assert codes(answers) == {"done": BROKEN}
    async with works.open() as work:
        given = await work.fetch("SELECT amount_minor FROM bill_line WHERE kind = 'SLA_CREDIT' ORDER BY amount_minor")
        balance = await balance_of(work, market_id=market.id, account=SLA_CREDIT, currency="CLP")
        assert (await check_ledger(work, market_id=market.id)).is_sound
    assert [row["amount_minor"] for row in given] == [-2_000, -1_000]
    assert balance.minor == CAP_MINOR
