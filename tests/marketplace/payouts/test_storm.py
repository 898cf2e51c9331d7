"""A small storm of payouts; `make storm` plays a thousand."""

from marketplace.core.work import Works
from tests.storms import weather


async def test_half_of_all_requests_go_wrong_and_each_payout_is_made_once(committed_works: Works) -> None:
    left = await weather(committed_works, payouts=20, fault_share=0.5)

    assert left.is_even, left
    assert left.struck > 0.3 * left.requests
