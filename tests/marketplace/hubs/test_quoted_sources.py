"""What was quoted from hubs is posted from just these hubs at just this price, or it is not posted."""

from uuid import UUID

from marketplace.batches import DeliveryRequest, PostBatch, PostResult, QuoteBatch, QuoteResult
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.work import Works
from marketplace.hubs import Opening, set_hub_opening
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.marketplace.batches.orders import ROUTER, order
from tests.marketplace.hubs.stock import keep, post, shelf, wanted
from tests.marketplace.hubs.test_sourcing import make_world


async def quote(works: Works, market: Market, shipper: Shipper, *rows: DeliveryRequest) -> QuoteResult:
    errand = QuoteBatch(router=ROUTER, shipper_id=shipper.id, market_id=market.id, requests=list(rows), may_split=True)
    quoted = await run_errand(works, errand)
    assert quoted is not None
    return quoted


async def post_quote(works: Works, shipper: Shipper, quoted: QuoteResult) -> PostResult:
    errand = PostBatch(router=ROUTER, gate=check_credit, shipper_id=shipper.id, quote_id=quoted.quote_id)
    posted = await run_errand(works, errand)
    assert posted is not None
    return posted


async def prices(works: Works) -> list[tuple[UUID, int]]:
    async with works.open() as work:
        rows = await work.fetch("SELECT hub_id, price_minor FROM delivery ORDER BY part_of NULLS FIRST")
        return [(row["hub_id"], row["price_minor"]) for row in rows]


async def test_a_split_is_quoted_as_one_and_posted_from_these_hubs_though_a_nearer_one_has_it_all_by_then(
    works: Works,
) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 3), (far, 2)])
    quoted = await quote(works, market, shipper, wanted("a", units={"tea": 5}))
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((3, 0), (2, 0))
    async with works.open() as work:
        await keep(work, market, shipper, "tea", [(near, 9)])

    [posted] = (await post_quote(works, shipper, quoted)).rows

    [row] = quoted.rows
    parts = [(part["hub_id"], part["items"], part["price_minor"]) for part in row["parts"]]
    assert [part[:2] for part in parts] == [
        (str(near.id), [{"sku": "tea", "quantity": 3}]),
        (str(far.id), [{"sku": "tea", "quantity": 2}]),
    ]
    assert quoted.total_minor == row["price_minor"] == sum(price for *_, price in parts)
    assert (posted.problem, len(posted.part_ids)) == (None, 1)
    assert await prices(works) == [(hub.id, price) for hub, (*_, price) in zip((near, far), parts, strict=True)]
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((12, 3), (2, 2))


async def test_a_quoted_row_whose_stock_is_gone_is_refused_and_the_others_cost_what_was_quoted(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 1), (far, 9)])
    rows = [wanted("a", units={"tea": 1}), wanted("b", units={"tea": 1}), order("c", hub_id=near.id)]
    quoted = await quote(works, market, shipper, *rows)
    await post(works, market, shipper, wanted("quicker", units={"tea": 1}, hub_id=near.id))

    posted = await post_quote(works, shipper, quoted)

    assert [row.problem.code if row.problem else None for row in posted.rows] == ["OUT_OF_STOCK", None, None]
    assert [part["hub_id"] for row in quoted.rows for part in row["parts"]] == [
        str(near.id), str(far.id), str(near.id),
    ]  # fmt: skip
    async with works.open() as work:
        total = await work.fetch_value("SELECT sum(price_minor) FROM delivery WHERE batch_id = $1", posted.batch_id)
        assert total == quoted.total_minor - quoted.rows[0]["price_minor"]
    assert await shelf(works, far, tea) == (9, 1)


async def test_a_quoted_hub_that_is_full_by_now_refuses_the_row(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        await keep(work, market, shipper, "tea", [(near, 5), (far, 5)])
    quoted = await quote(works, market, shipper, wanted("a", units={"tea": 1}))
    async with works.open() as work:
        await set_hub_opening(work, market_id=market.id, hub_id=near.id, opening=Opening(places_per_day=0))

    [refused] = (await post_quote(works, shipper, quoted)).rows

    assert refused.problem is not None
    assert refused.problem.code == "HUB_FULL"
    assert await prices(works) == []
