"""Quotes of payouts are forgotten a month after they ended, and not before."""

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Works
from marketplace.payouts import PayoutMethod, find_payout_quote, forget_old_quotes, quote_payout
from tests.marketplace.payouts.world import make_paid_driver, make_pay_world

MONTH_S = 30 * 86_400
GOOD_FOR_S = 600


async def test_a_quote_is_forgotten_a_month_after_its_end(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        driver_id, _ = await make_paid_driver(work, await make_pay_world(work))
        quote = await quote_payout(work, driver_id=driver_id, method=PayoutMethod.STANDARD)
    clock.advance(seconds=MONTH_S)
    async with works.open() as work:
        later = await quote_payout(work, driver_id=driver_id, method=PayoutMethod.STANDARD)
    clock.advance(seconds=GOOD_FOR_S)
    async with works.open() as work:
        assert await forget_old_quotes(work) == 0
    clock.advance(seconds=1)

    async with works.open() as work:
        forgotten = [await forget_old_quotes(work), await forget_old_quotes(work)]

        assert forgotten == [1, 0]
        assert (await find_payout_quote(work, quote_id=later.id, driver_id=driver_id)).id == later.id
        with pytest.raises(NotFound):
            await find_payout_quote(work, quote_id=quote.id, driver_id=driver_id)
