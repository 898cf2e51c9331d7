"""A shipper posts each batch once however often it is sent, and follows each delivery to its end."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.workers.simulator.small_api import PROBLEM, SmallApi, eventually
from tests.workers.simulator.small_road import ACCEPTED_AT
from workers.simulator.client import ApiClient
from workers.simulator.clock import MarketClock
from workers.simulator.demand import Parcel, Posting, Repeat
from workers.simulator.recipients import Recipients
from workers.simulator.shipper_app import ShipperApp
from workers.simulator.tally import Tally

HOME = {"lat": -29.9, "lon": -71.25, "address": "Calle Uno 1"}


def parcel(number: int, **more: Any) -> Parcel:
    """A small parcel."""
    usual: dict[str, Any] = {
        "external_id": f"run-0-{number}",
        "recipient": "Alba",
        "home": HOME,
        "pickup_address": None,
        "weight_g": 500,
        "requirements": (),
        "is_express": False,
        "cancels_after_s": None,
    }
    return Parcel(**usual | more)


def posting(*parcels: Parcel, is_quoted: bool = False, repeat: Repeat | None = None) -> Posting:
    """A batch at the beginning of the day."""
    return Posting(number=0, at_s=0.0, shipper=0, hub=0, is_quoted=is_quoted, repeat=repeat, parcels=parcels)


class Shop:
    """A shipper's app and a small market in which it posts."""

    def __init__(self, api: SmallApi, line: httpx.AsyncClient, api_url: str) -> None:
        self.api = api
        self.tally = Tally()
        self.recipients = Recipients(seed=1, fail_rate=0.0)
        self.app = ShipperApp(
            ApiClient(line, api_url, app="portal", access_token="good"),
            market_id="mkt_1",
            hub_ids=["hub_1"],
            run="run",
            clock=MarketClock(market_time=ACCEPTED_AT, taken_at_s=time.monotonic(), factor=1_000.0),
            recipients=self.recipients,
            tally=self.tally,
        )
        self.state = {"sequence": 1, "state": "SCHEDULED", "pin": "4711", "returnOf": None}
        api.answers["hubs"] = lambda _: [{"id": "hub_1", "timeZone": "America/Santiago"}]
        api.answers["postBatch"] = self._post
        api.answers["quoteBatch"] = lambda _: {"id": "qot_1", "problems": []}
        api.answers["batch"] = lambda _: {"deliveries": [{"id": "dlv_0"} | self.state]}

    def _post(self, _: dict[str, Any]) -> dict[str, Any]:
        row = {"externalId": "run-0-0", "deliveryId": "dlv_0", "isNew": True, "problem": None}
        return {"batchId": "bat_1", "rows": [row]}

    async def live(self, posting: Posting, *events: dict[str, Any]) -> None:
        """A day with one batch, until these things have happened to its delivery and it has come to its end."""
        working = asyncio.create_task(self.app.work([posting], starts_at=ACCEPTED_AT))
        await eventually(lambda: self.api.subscribed_after and self.app.states and self._has_repeated(posting))
        for event in events:
            await self.api.happen("DeliveryMoved", deliveryId="dlv_0", **event)
        await working

    def _has_repeated(self, posting: Posting) -> bool:
        wanted = 2 if posting.repeat else 1
        return len(self.api.requests_for("postBatch")) >= wanted and self.tally.batches_posted == 1


DELIVERED = {"sequence": 9, "state": "DELIVERED"}


@pytest.fixture
def shop(api: SmallApi, line: httpx.AsyncClient, api_url: str) -> Shop:
    """A shop that has just opened."""
    return Shop(api, line, api_url)


async def test_a_batch_is_posted_in_local_time_and_followed_to_its_end(api: SmallApi, shop: Shop) -> None:
    await shop.live(posting(parcel(0)), {"sequence": 2, "state": "OFFERING"}, DELIVERED)

    (asked,) = api.requests_for("postBatch")
    (row,) = asked.variables["deliveries"]
    assert row["dropoffWindow"] == {"opens": "2026-03-02T09:00:00", "closes": "2026-03-02T13:00:00"}
    assert (row["hubId"], row["externalId"]) == ("hub_1", "run-0-0")
    assert shop.app.states == {"dlv_0": "DELIVERED"}
    assert await shop.recipients.pin_of("dlv_0") == "4711"


async def test_a_later_state_is_not_undone_by_an_earlier_event(api: SmallApi, shop: Shop) -> None:
    rows = [{"externalId": f"run-0-{i}", "deliveryId": f"dlv_{i}", "isNew": True, "problem": None} for i in range(2)]
    api.answers["postBatch"] = lambda _: {"batchId": "bat_1", "rows": rows}
    working = asyncio.create_task(shop.app.work([posting(parcel(0), parcel(1))], starts_at=ACCEPTED_AT))
    await eventually(lambda: api.subscribed_after and len(shop.app.states) == 2)

    await api.happen("DeliveryAttempted", deliveryId="dlv_0", sequence=8, state="ATTEMPTED")
    await api.happen("DeliveryAssigned", deliveryId="dlv_0", sequence=3, state="ASSIGNED")
    await api.happen("DeliveryDelivered", deliveryId="dlv_1", **DELIVERED)
    await eventually(lambda: shop.app.states["dlv_1"] == "DELIVERED")
    known = dict(shop.app.states)
    shop.app.end_day()
    await working

    assert known == {"dlv_0": "ATTEMPTED", "dlv_1": "DELIVERED"}


async def test_a_quoted_batch_is_posted_by_its_quote(api: SmallApi, shop: Shop) -> None:
    await shop.live(posting(parcel(0), is_quoted=True), DELIVERED)

    (asked,) = api.requests_for("postBatch")
    assert asked.variables["quoteId"] == "qot_1"
    assert "deliveries" not in asked.variables


@pytest.mark.parametrize(("repeat", "keys"), [(Repeat.SAME_KEY, 1), (Repeat.SAME_ROWS, 2)])
async def test_a_batch_posted_twice_is_compared_with_the_first_answer(
    api: SmallApi, shop: Shop, repeat: Repeat, keys: int
) -> None:
    await shop.live(posting(parcel(0), repeat=repeat), DELIVERED)

    first, second = api.requests_for("postBatch")
    assert first.variables["deliveries"] == second.variables["deliveries"]
    assert len(api.effects) == keys
    assert (shop.tally.repeats, shop.tally.repeats_doubled) == (1, 0)


async def test_a_market_that_doubles_a_posting_is_found_out(api: SmallApi, shop: Shop) -> None:
    def post(_: dict[str, Any]) -> dict[str, Any]:
        number = len(api.requests_for("postBatch")) - 1
        row = {"externalId": "run-0-0", "deliveryId": f"dlv_{number}", "isNew": True, "problem": None}
        return {"batchId": "bat_1", "rows": [row]}

    api.answers["postBatch"] = post

    await shop.live(posting(parcel(0), repeat=Repeat.SAME_KEY), DELIVERED)

    assert shop.tally.repeats_doubled == 1


async def test_a_delivery_is_called_off_unless_it_is_too_late(api: SmallApi, shop: Shop) -> None:
    api.answers["cancelDelivery"] = lambda _: PROBLEM | {"code": "TOO_LATE_TO_CANCEL"}
    working = asyncio.create_task(shop.app.work([posting(parcel(0, cancels_after_s=60.0))], starts_at=ACCEPTED_AT))
    await eventually(lambda: api.requests_for("cancelDelivery"))

    await api.happen("DeliveryDelivered", deliveryId="dlv_0", **DELIVERED)
    await working

    (asked,) = api.requests_for("cancelDelivery")
    assert asked.variables["idempotencyKey"] == "off-dlv_0"
    assert shop.tally.cancelled_too_late == 1
