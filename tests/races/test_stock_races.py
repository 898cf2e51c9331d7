"""The last thing on a shelf goes to one of many, by real commits on many connections."""

import asyncio
from collections import Counter

from marketplace.batches import DeliveryRequest, PostBatch, PostResult
from marketplace.billing import check_credit
from marketplace.core.work import Works
from marketplace.hubs import Opening, set_hub_opening
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order
from tests.marketplace.hubs.stock import keep, shelf, wanted

BUYERS = 20


async def test_of_twenty_batches_that_want_the_last_one_one_gets_it(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        tea = await keep(work, market, shipper, "tea", [(hub, 1)])
    errands = [posting(market, shipper, wanted(f"order-{i}", units={"tea": 1})) for i in range(BUYERS)]

    results = await post_together(works, errands)

    answers = Counter(row.problem.code if row.problem else "posted" for result in results for row in result.rows)
    assert answers == {"posted": 1, "OUT_OF_STOCK": BUYERS - 1}
    assert await shelf(works, hub, tea) == (1, 1)
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 1
        assert await work.fetch_value("SELECT count(*) FROM batch") == 1
        assert await work.fetch_value("SELECT sum(quantity) FROM stock_reservation") == 1


async def test_who_loses_the_last_one_at_the_nearest_hub_gets_it_from_the_next(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, near = await make_shipper(work, market), await make_hub(work, market)
        far = await make_hub(work, market, lat=-29.70, lon=-71.20)
        tea = await keep(work, market, shipper, "tea", [(near, 1), (far, BUYERS)])
    errands = [posting(market, shipper, wanted(f"order-{i}", units={"tea": 1})) for i in range(BUYERS)]

    results = await post_together(works, errands)

    assert [row.problem for result in results for row in result.rows] == [None] * BUYERS
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((1, 1), (BUYERS, BUYERS - 1))
    async with works.open() as work:
        prices = await work.fetch("SELECT hub_id, array_agg(DISTINCT price_minor) AS prices FROM delivery GROUP BY 1")
        assert {row["hub_id"]: len(row["prices"]) for row in prices} == {near.id: 1, far.id: 1}
        assert len({price for row in prices for price in row["prices"]}) == 2


async def test_the_last_places_of_a_hub_are_given_out_once_whether_it_is_named_or_chosen(
    committed_works: Works,
) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, near = await make_shipper(work, market), await make_hub(work, market)
        far = await make_hub(work, market, lat=-29.70, lon=-71.20)
        await keep(work, market, shipper, "tea", [(near, BUYERS), (far, BUYERS)])
        await set_hub_opening(work, market_id=market.id, hub_id=near.id, opening=Opening(places_per_hour=1))
    half = BUYERS // 2
    errands = [
        *(posting(market, shipper, order(f"named-{i}", hub_id=near.id)) for i in range(half)),
        *(posting(market, shipper, wanted(f"chosen-{i}", units={"tea": 1})) for i in range(half)),
    ]

    results = await post_together(works, errands)

    async with works.open() as work:
        counted = await work.fetch("SELECT hub_id, count(*) AS deliveries FROM delivery GROUP BY 1")
        sent = {row["hub_id"]: row["deliveries"] for row in counted}
    answers = [result.rows[0].problem for result in results]
    refused = [problem.code for problem in answers[:half] if problem is not None]
    assert (sent[near.id], sent[far.id]) == (3, BUYERS - 3 - len(refused))
    assert set(refused) == {"HUB_FULL"}
    assert answers[half:] == [None] * half


async def test_two_things_wished_for_in_opposite_order_wait_for_each_other_in_no_circle(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        tea = await keep(work, market, shipper, "tea", [(hub, BUYERS // 2)])
        cup = await keep(work, market, shipper, "cup", [(hub, BUYERS // 2)])
    first, second = {"tea": 1}, {"cup": 1}
    errands = [
        posting(
            market,
            shipper,
            *(
                wanted(f"order-{i}-{place}", units=units)
                for place, units in enumerate((first, second) if i % 2 else (second, first))
            ),
        )
        for i in range(BUYERS)
    ]

    results = await post_together(works, errands)

    answers = Counter(row.problem.code if row.problem else "posted" for result in results for row in result.rows)
    assert answers == {"posted": BUYERS, "OUT_OF_STOCK": BUYERS}
    assert (await shelf(works, hub, tea), await shelf(works, hub, cup)) == ((10, 10), (10, 10))


async def test_a_posting_sent_twice_at_once_is_promised_once(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        tea = await keep(work, market, shipper, "tea", [(hub, 1)])
    errand = posting(market, shipper, wanted("order", units={"tea": 1}))

    results = await post_together(works, [errand, errand])

    rows = [row for result in results for row in result.rows]
    assert [row.problem for row in rows] == [None, None]
    assert rows[0].delivery_id == rows[1].delivery_id
    assert sorted(row.is_new for row in rows) == [False, True]
    assert await shelf(works, hub, tea) == (1, 1)


def posting(market: Market, shipper: Shipper, *rows: DeliveryRequest) -> PostBatch:
    return PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, market_id=market.id, requests=list(rows))


async def post_together(works: Works, errands: list[PostBatch]) -> list[PostResult]:
    """All have looked before anybody posts: only the locks stand between them and what is promised twice."""
    looks = []
    for errand in errands:
        async with works.open() as work:
            looks.append(await errand.read(work))
    answers = [await errand.call(look) for errand, look in zip(errands, looks, strict=True)]

    async def record(number: int) -> PostResult:
        async with works.open() as work:
            return await errands[number].record(work, looks[number], answers[number])

    return list(await asyncio.gather(*(record(number) for number in range(len(errands)))))
