"""The whole story over GraphQL: post a batch, bundle it, offer it, accept, drive, prove, be paid.

The best first file to read. A shipper, two drivers and an operator call the public API with the operations that our own
apps send; between their calls the background does what follows from the events.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from PIL import Image
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.adapters.stripe import SimulatedStripe, open_simulated_stripe
from marketplace.app import Marketplace
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, from_wire
from marketplace.ledger import check_ledger
from marketplace.payouts import schedule_payouts
from marketplace.seed import Seeded, SeedPlan, seed_market
from schema.asgi import build_app
from tests.flows.api import Caller
from tests.marketplaces import Town, open_test_marketplace
from workers.inline_runner import drain
from workers.simulation.bank import fund_platform, let_payouts_arrive, open_accounts


class Story:
    """A small market with its callers."""

    def __init__(
        self,
        marketplace: Marketplace,
        stripe: SimulatedStripe,
        seeded: Seeded,
        http: httpx.AsyncClient,
        clock: ManualClock,
    ) -> None:
        self.marketplace = marketplace
        self.stripe = stripe
        self.seeded = seeded
        self.http = http
        self.clock = clock
        self.shipper = Caller(http, "portal", seeded.shippers[0]["api_key"])
        self.drivers = [Caller(http, "driver", driver["access_token"]) for driver in seeded.drivers]
        self.operator = Caller(http, "operations", seeded.operators[0]["access_token"])

    def now(self) -> str:
        """Market time on the wire."""
        return self.clock.now.isoformat()

    async def background(self) -> None:
        """Lets everything happen that follows from what was just done."""
        await drain(self.marketplace)

    async def some_days_pass_at_the_bank(self) -> None:
        """Lets what is on its way to drivers' banks arrive, and everything happen that follows."""
        await let_payouts_arrive(self.marketplace, self.stripe)
        await self.background()

    def row(self, i: int, **changes: Any) -> dict[str, Any]:
        """A delivery from the first hub to a place some blocks away, within the next three hours."""
        hub = self.seeded.hubs[0]
        local = self.clock.now.astimezone(ZoneInfo("America/Santiago")).replace(tzinfo=None)
        window = {"opens": local.isoformat(), "closes": (local + timedelta(hours=3)).isoformat()}
        return {
            "externalId": f"order-{i}",
            "hubId": hub["id"],
            "dropoff": {
                "lat": hub["lat"] + 0.002 * (i + 1),
                "lon": hub["lon"],
                "address": f"Calle {i}",
                "name": "Luz Pizarro",
                "phone": "+56911111111",
            },
            "packages": [{"weightG": 900, "lengthMm": 300, "widthMm": 200, "heightMm": 100}],
            "pickupWindow": window,
            "dropoffWindow": window,
        } | changes

    async def post(self, *rows: dict[str, Any]) -> Any:
        """Posts rows and lets them be bundled and offered."""
        posted = await self.shipper(
            "post_batch",
            marketId=self.seeded.market_id,
            deliveries=list(rows),
            idempotencyKey=self.shipper.key(),
        )
        await self.background()
        return posted


@pytest.fixture
async def story(
    fresh_url: str, fresh_database: AsyncpgDBClient, clock: ManualClock, tmp_path: Path, town: Town
) -> AsyncIterator[Story]:
    """A market in a hurry, which asks drivers together, with a shipper, a hub and two of the crowd who are offline."""
    async with open_story(fresh_url, fresh_database, clock, tmp_path, town) as told:
        yield told


@asynccontextmanager
async def open_story(
    fresh_url: str,
    fresh_database: AsyncpgDBClient,
    clock: ManualClock,
    tmp_path: Path,
    town: Town,
    *,
    shippers: int = 1,
    hubs: int = 1,
) -> AsyncIterator[Story]:
    """The story's market, with more shippers or hubs where a test wants them."""
    async with (
        open_simulated_stripe() as stripe,
        open_test_marketplace(
            fresh_url, fresh_database, clock, tmp_path, town, provider=stripe.provider
        ) as marketplace,
    ):
        plan = SeedPlan(
            shippers=shippers,
            hubs=hubs,
            drivers=2,
            operators=1,
            is_online=False,
            kinds=("CROWDSOURCED",),
            dials={"broadcast_below_ttls": 10_000, "broadcast_fill_percent": 100, "match_time_limit_ms": 100},
        )
        seeded = await seed_market(marketplace, plan)
        market_id = from_wire("market", seeded.market_id)
        await fund_platform(marketplace.provider, market_id=market_id, currency=plan.currency)
        await open_accounts(marketplace, stripe, [from_wire("driver", driver["id"]) for driver in seeded.drivers])
        transport = httpx.ASGITransport(build_app(marketplace))
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as http:
            yield Story(marketplace, stripe, seeded, http, clock)


async def go_online(story: Story) -> None:
    hub = story.seeded.hubs[0]
    for driver in story.drivers:
        gone = await driver("go_online", point={"lat": hub["lat"], "lon": hub["lon"]}, idempotencyKey=driver.key())
        assert gone["driver"]["presence"] == "AVAILABLE"
    await story.background()


async def test_from_post_to_pay(story: Story) -> None:
    shipper, (ana, bruno) = story.shipper, story.drivers

    # Two drivers come online; a shipper asks for a price and posts at that price.
    await go_online(story)
    quote = await shipper(
        "quote_batch",
        marketId=story.seeded.market_id,
        deliveries=[story.row(0, requirements=["PIN_AT_DROPOFF"]), story.row(1, requirements=["PHOTO_AT_DROPOFF"])],
        idempotencyKey=shipper.key(),
    )
    assert (len(quote["rows"]), quote["problems"], quote["isDegraded"]) == (2, [], False)
    posted = await shipper("post_batch", quoteId=quote["id"], idempotencyKey=shipper.key())
    assert [row["isNew"] for row in posted["rows"]] == [True, True]
    await story.background()

    # The matcher has bundled both stops into one route, and both drivers are asked. They see areas, no addresses.
    [offer] = await ana("my_offers")
    [same] = await bruno("my_offers")
    assert offer["route"]["id"] == same["route"]["id"]
    assert offer["route"]["stopCount"] == 3
    assert offer["payMinor"] == sum(line["amountMinor"] for line in offer["lines"])
    assert "Calle" not in str(offer)
    assert "Luz" not in str(offer)

    # Ana is first; Bruno hears so, and it is not his fault.
    accepted = await ana("accept_offer", offerId=offer["id"], idempotencyKey=ana.key())
    late = await bruno("accept_offer", offerId=same["id"], idempotencyKey=bruno.key())
    assert accepted["route"]["state"] == "ASSIGNED"
    assert late["code"] == "OFFER_TAKEN"
    assert accepted["route"]["guaranteeMinor"] == offer["payMinor"]

    # Now she sees where to go, drives, and proves both hand-overs.
    batch = await shipper("batch", id=posted["batchId"])
    pins = {delivery["id"]: delivery["pin"] for delivery in batch["deliveries"]}
    await drive(story, ana, accepted["route"], pins)
    batch = await shipper("batch", id=posted["batchId"])
    assert [delivery["state"] for delivery in batch["deliveries"]] == ["DELIVERED", "DELIVERED"]
    assert batch["priceMinor"] == quote["totalMinor"]
    await story.background()

    # Her pay is itemised, at least what was promised, and paid out; the books balance.
    earnings = await ana("my_earnings")
    assert earnings["availableMinor"] >= offer["payMinor"]
    statements = await ana("my_statements")
    [statement] = [edge["node"] for edge in statements["edges"]]
    assert statement["totalMinor"] == sum(line["amountMinor"] for line in statement["lines"])
    requested = await ana("request_payout", idempotencyKey=ana.key())
    assert requested["payout"]["amountMinor"] == earnings["availableMinor"]
    await story.background()
    await story.some_days_pass_at_the_bank()
    paid = await ana("my_earnings")
    assert (paid["availableMinor"], paid["paidMinor"]) == (0, earnings["availableMinor"])
    await books_balance(story)

    # Operations see the day in figures.
    market = await story.operator("market", id=story.seeded.market_id)
    figures = market["headline"]
    assert (figures["posted"], figures["delivered"], figures["onTime"]) == (2, 2, 2)
    assert (figures["offersSent"], figures["offersAccepted"], figures["paidMinor"]) == (2, 1, paid["paidMinor"])


async def drive(story: Story, driver: Caller, route: dict[str, Any], pins: dict[str, str]) -> None:
    """Drives a route to its end as the app would: start, arrive, pick up, hand over with what is asked for."""
    sent = 0

    async def report(operation: str, **arguments: Any) -> dict[str, Any]:
        nonlocal sent
        sent += 1
        taken: dict[str, Any] = await driver(
            operation, clientEventId=f"{route['id']}-{sent}", occurredAt=story.now(), **arguments
        )
        assert "code" not in taken, taken
        assert taken["flag"] is None
        return taken

    current: dict[str, Any] | None = (await report("start_route", routeId=route["id"]))["route"]
    while current is not None:
        stop = next(stop for stop in current["stops"] if stop["state"] in {"PENDING", "EN_ROUTE"})
        story.clock.advance(seconds=stop["legS"] + 60)
        where = {"stopId": stop["id"], "point": {"lat": stop["lat"], "lon": stop["lon"]}}
        await report("arrive_at_stop", **where)
        story.clock.advance(seconds=90)
        if stop["kind"] == "PICKUP":
            current = (await report("pick_up", **where))["route"]
            continue
        [task] = stop["tasks"]
        needs = task["delivery"]["requirements"]
        proofs = [await upload_photo(story, driver, stop["id"])] if "PHOTO_AT_DROPOFF" in needs else []
        pin = pins.get(task["delivery"]["id"]) if "PIN_AT_DROPOFF" in needs else None
        current = (await report("drop_off", pin=pin, proofIds=proofs, **where))["route"]


async def upload_photo(story: Story, driver: Caller, stop_id: str) -> str:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "seagreen").save(picture, "JPEG")
    body = picture.getvalue()
    upload = await driver(
        "create_proof_upload", stopId=stop_id, kind="PHOTO", contentType="image/jpeg", sizeBytes=len(body)
    )
    answer = await story.http.put(httpx.URL(upload["url"]).path, content=body, headers={"content-type": "image/jpeg"})
    assert answer.status_code == 201, answer.text
    proof_id: str = upload["proofId"]
    return proof_id


async def books_balance(story: Story) -> None:
    market_id = MarketId(from_wire("market", story.seeded.market_id))
    async with story.marketplace.works.open() as work:
        report = await check_ledger(work, market_id=market_id)
    assert report.is_sound, report


async def test_a_repeated_posting_is_answered_word_for_word(story: Story) -> None:
    rows = [story.row(0), story.row(1, packages=[])]
    first = await story.shipper("post_batch", marketId=story.seeded.market_id, deliveries=rows, idempotencyKey="monday")

    again = await story.shipper("post_batch", marketId=story.seeded.market_id, deliveries=rows, idempotencyKey="monday")
    other = await story.shipper(
        "post_batch", marketId=story.seeded.market_id, deliveries=rows[:1], idempotencyKey="monday"
    )

    assert again == first
    assert [row["problem"] and row["problem"]["code"] for row in first["rows"]] == [None, "BAD_DELIVERY"]
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_nobody_answers_and_the_route_comes_back_with_a_raise(story: Story) -> None:
    await go_online(story)
    await story.post(story.row(0))
    [first] = await story.drivers[0]("my_offers")

    story.clock.advance(seconds=61)
    await story.background()

    [second] = await story.drivers[0]("my_offers")
    assert second["id"] != first["id"]
    assert second["raiseMinor"] == 300
    assert second["payMinor"] == first["payMinor"] + 300


async def test_a_failed_handover_comes_back_as_a_paid_return(story: Story) -> None:
    await go_online(story)
    posted = await story.post(story.row(0))
    driver = story.drivers[0]
    [offer] = await driver("my_offers")
    route = (await driver("accept_offer", offerId=offer["id"], idempotencyKey=driver.key()))["route"]
    pickup, dropoff = sorted(route["stops"], key=lambda stop: stop["place"])
    await driver("start_route", routeId=route["id"], clientEventId="1", occurredAt=story.now())
    await driver("pick_up", stopId=pickup["id"], clientEventId="2", occurredAt=story.now())
    story.clock.advance(seconds=600)

    failed = await driver(
        "fail_stop",
        stopId=dropoff["id"],
        reason="RECIPIENT_UNAVAILABLE",
        clientEventId="3",
        occurredAt=story.now(),
    )
    await story.background()

    assert failed["route"]["state"] == "STARTED"
    route = await driver("my_route")
    back = next(stop for stop in route["stops"] if stop["kind"] == "RETURN")
    story.clock.advance(seconds=back["legS"])
    done = await driver("drop_off", stopId=back["id"], clientEventId="4", occurredAt=story.now())
    await story.background()
    assert done["route"] is None
    batch = await story.shipper("batch", id=posted["batchId"])
    states = {delivery["returnOf"] is not None: delivery["state"] for delivery in batch["deliveries"]}
    assert states == {False: "RETURNED", True: "DELIVERED"}
    earnings = await driver("my_earnings")
    assert earnings["availableMinor"] > offer["payMinor"]
    await books_balance(story)


async def test_a_cancelled_delivery_takes_its_offer_back(story: Story) -> None:
    await go_online(story)
    posted = await story.post(story.row(0))
    [offer] = await story.drivers[0]("my_offers")

    cancelled = await story.shipper(
        "cancel_delivery",
        deliveryId=posted["rows"][0]["deliveryId"],
        reason="SHIPPER_REQUESTED",
        idempotencyKey=story.shipper.key(),
    )
    await story.background()

    assert cancelled["delivery"]["state"] == "CANCELLED"
    assert await story.drivers[0]("my_offers") == []
    late = await story.drivers[0]("accept_offer", offerId=offer["id"], idempotencyKey="late")
    assert late["code"] == "ROUTE_CHANGED"


async def test_the_payout_run_pays_everybody_once(story: Story) -> None:
    await go_online(story)
    await story.post(story.row(0))
    driver = story.drivers[0]
    [offer] = await driver("my_offers")
    route = (await driver("accept_offer", offerId=offer["id"], idempotencyKey=driver.key()))["route"]
    await drive(story, driver, route, {})
    await story.background()
    market_id = MarketId(from_wire("market", story.seeded.market_id))

    for _ in range(2):
        async with story.marketplace.works.open() as work:
            await work.execute("UPDATE market SET next_payout_at = $1", work.now)
            await schedule_payouts(work, market_id=market_id)
        await story.background()
        await story.some_days_pass_at_the_bank()

    earnings = await driver("my_earnings")
    payouts = await driver("my_payouts")
    assert [edge["node"]["state"] for edge in payouts["edges"]] == ["PAID"]
    assert earnings["availableMinor"] == 0
    await books_balance(story)
