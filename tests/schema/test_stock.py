"""Stock over the API: a shipper describes, operations receive, a posting takes from it, both see what is left."""

from typing import Any

import pytest

from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from schema.documents import load_document
from tests.marketplace.batches.orders import TODAY
from tests.schema.test_windows import Counter, counter  # noqa: F401 - the fixture

A_CUP = {"name": "Cup", "weightG": 300, "lengthMm": 100, "widthMm": 100, "heightMm": 100}


@pytest.fixture
async def stocked(counter: Counter) -> Counter:  # noqa: F811 - a fixture is asked for by its name
    """Five cups of the shipper's at the hub."""
    described = {"marketId": counter.hub["marketId"], "sku": "cup", "idempotencyKey": "describe", **A_CUP}
    await counter.api.ask(load_document("portal", "set_sku"), described, counter.callers["portal"])
    shipper_id = to_wire("shipper", counter.world.shipper.id)
    await counter("operations", "receive_stock", **counter.hub, sku="cup", quantity=5, shipperId=shipper_id)
    return counter


def wanted(quantity: int) -> dict[str, Any]:
    window = {"opens": TODAY.opens.isoformat(), "closes": TODAY.closes.isoformat()}
    return {
        "externalId": f"order-{quantity}",
        "dropoff": {"lat": -29.96, "lon": -71.335, "address": "Avenida Costanera 1200"},
        "items": [{"sku": "cup", "quantity": quantity}],
        "pickupWindow": window,
        "dropoffWindow": window,
    }


async def test_a_posting_takes_from_stock_and_both_sides_see_what_is_left(stocked: Counter, works: Works) -> None:
    market_id = stocked.hub["marketId"]

    posted = await stocked("portal", "post_batch", marketId=market_id, deliveries=[wanted(3), wanted(4)])
    quoted = await stocked("portal", "quote_batch", marketId=market_id, deliveries=[wanted(1)])

    assert [row["problem"] and row["problem"]["code"] for row in posted["rows"]] == [None, "OUT_OF_STOCK"]
    assert quoted["problems"] == []
    [[part]] = [row["parts"] for row in quoted["rows"]]
    assert (part["hubId"], part["items"], part["priceMinor"]) == (
        stocked.hub["hubId"], [{"sku": "cup", "quantity": 1}], quoted["totalMinor"],
    )  # fmt: skip
    [mine] = await stocked("portal", "hub_stock", marketId=market_id)
    [theirs] = await stocked("operations", "hub_stock", **stocked.hub)
    assert mine == theirs
    assert (mine["sku"], mine["onHand"], mine["reserved"], mine["free"], mine["coming"]) == ("cup", 5, 3, 2, 0)
    by_quote = await stocked("portal", "post_batch", quoteId=quoted["id"])
    assert by_quote["rows"][0]["problem"] is None
    [mine] = await stocked("portal", "hub_stock", marketId=market_id)
    assert mine["free"] == 1


async def test_what_operations_do_to_stock_is_written_down_and_a_shipper_counts_only_at_home(stocked: Counter) -> None:
    refused = [
        await stocked("portal", "receive_stock", **stocked.hub, sku="cup", quantity=5),
        await stocked("portal", "count_stock", **stocked.hub, sku="cup", counted=0),
    ]

    assert [answer["code"] for answer in refused] == ["NOT_FOUND", "NOT_FOUND"]
    counted = await stocked(
        "operations", "count_stock", **stocked.hub, sku="cup", counted=4,
        shipperId=to_wire("shipper", stocked.world.shipper.id),
    )  # fmt: skip
    assert counted["stock"]["onHand"] == 4
    actions = await stocked("operations", "operator_actions", marketId=stocked.hub["marketId"])
    noted = {(edge["node"]["verb"], edge["node"]["subjectId"]) for edge in actions["edges"]}
    assert noted == {("receiveStock", stocked.hub["hubId"]), ("countStock", stocked.hub["hubId"])}
