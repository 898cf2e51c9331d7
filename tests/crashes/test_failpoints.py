"""Processes are killed at their most delicate moments: what was answered stays, what was begun is finished, once."""

import signal
from collections import Counter
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from marketplace.app import Servers, open_marketplace
from marketplace.core.failpoints import NAMES
from marketplace.core.ids import to_wire
from marketplace.core.settings import Mode, Settings
from marketplace.core.work import Works
from marketplace.ledger import check_ledger
from marketplace.payouts import request_payout
from tests.clients import Client, token_of_driver
from tests.crashes.towns import make_town, rows_to_post
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave
from tests.marketplace.payouts.world import make_paid_driver, make_pay_world, payout_row
from tests.processes import Stage, free_port
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)

PATIENCE_S = 60.0

ALL_DONE = "SELECT NOT EXISTS (SELECT FROM job) AND NOT EXISTS (SELECT FROM event WHERE position IS NULL)"
JOBS_TIME_PASSES = "UPDATE job SET lease_until = now() WHERE state = 'RUNNING'"
OPERATIONS_TIME_PASSES = "UPDATE stripe_operation SET lease_until = NULL, not_before = NULL"
"""Leases are spared their waiting; that they are waited for is tested elsewhere."""


async def told(works: Works, market_id: UUID) -> Counter[str]:
    """How often each event of a market was told."""
    async with works.open() as work:
        rows = await work.fetch("SELECT name FROM event WHERE market_id = $1", market_id)
    return Counter(row["name"] for row in rows)


async def test_a_payout_survives_five_killed_workers_and_is_sent_once(stage: Stage, stage_works: Works) -> None:
    async with stage.stripe() as stripe:
        await stripe.float(100_000)
        account = await stripe.driver()
        async with stage_works.open() as work:
            world = await make_pay_world(work, currency="USD")
            driver_id, _ = await make_paid_driver(work, world)
            await work.execute("UPDATE payout_account SET account = $1", account)
        async with stage_works.open() as work:
            payout_id = await request_payout(work, driver_id=driver_id)

        seen = {}
        points = ("before_claim", "after_claim", "operation_before_call", "operation_after_call")
        for failpoint in (*points, "operation_before_record:2"):
            worker = await stage.work(failpoint=failpoint)
            assert await worker.ended() == -signal.SIGKILL, worker.log
            sums = await stripe.control("GET", "/sums")
            async with stage_works.open() as work:
                seen[failpoint] = (sums["objects"]["transfer"], sums["objects"]["payout"])
                await work.execute(JOBS_TIME_PASSES)
                await work.execute(OPERATIONS_TIME_PASSES)
        assert seen == {
            "before_claim": (0, 0),
            "after_claim": (0, 0),
            "operation_before_call": (0, 0),
            "operation_after_call": (1, 0),
            "operation_before_record:2": (1, 1),
        }
        survivor = await stage.work()

        async def is_done() -> bool:
            async with stage_works.open() as work:
                is_all_done = await work.fetch_value(ALL_DONE)
                return bool(is_all_done and (await payout_row(work, payout_id))["state"] == "IN_TRANSIT")

        await until(is_done, patience_s=PATIENCE_S)
        await survivor.kill()
        [transfer] = (await stripe.v1.transfers.list_async({"destination": account})).data
        [payout] = (await stripe.v1.payouts.list_async(options={"stripe_account": account})).data
    assert (transfer.amount, payout.amount) == (4140, 4140)
    assert (await told(stage_works, world.market.id))["PayoutTransferred"] == 1
    async with stage_works.open() as work:
        report = await check_ledger(work, market_id=world.market.id)
    assert (report.is_sound, report.open_holds) == (True, 0)


async def test_a_request_repeated_after_a_kill_is_answered_with_what_was_committed(
    stage: Stage, stage_works: Works
) -> None:
    town = await make_town(stage_works)
    batch = {
        "marketId": town.market_id,
        "deliveries": rows_to_post(town, "a", "b", "c"),
        "idempotencyKey": "monday",
    }
    async with stage_works.open() as work:
        world = await make_world(work, drivers=2)
    await send_wave(stage_works, world.route_ids[0])
    async with stage_works.open() as work:
        driver_id, offer_id = next(iter((await open_offers(work, world.route_ids[0])).items()))
        token = await token_of_driver(work, driver_id)
    yes = {"offerId": to_wire("offer", offer_id), "idempotencyKey": "yes"}
    port = free_port()

    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        url = f"http://127.0.0.1:{port}"
        shipper, driver = Client(http, url, "portal", town.shipper_keys[0]), Client(http, url, "driver", token)
        # The batch is committed, and nobody has heard of it.
        dies_first = await stage.serve(port=port, failpoint="commit_before_publish")
        assert await shipper.once("post_batch", **batch) is None
        assert await dies_first.ended() == -signal.SIGKILL
        # The route is given, and its driver has not heard of it.
        dies_next = await stage.serve(port=port, failpoint="after_accept_before_reply")
        posted = await shipper("post_batch", **batch)
        assert await driver.once("accept_offer", **yes) is None
        assert await dies_next.ended() == -signal.SIGKILL
        await stage.serve(port=port)
        accepted = [await driver("accept_offer", **yes) for _ in range(2)]
        assert await shipper("post_batch", **batch) == posted

    assert [row["isNew"] for row in posted["rows"]] == [True, True, True]
    assert await told(stage_works, town.market.id) == {"DeliveryPosted": 3, "BatchPosted": 1}
    assert accepted[0] == accepted[1]
    assert accepted[0]["route"]["id"] == to_wire("route", world.route_ids[0])
    events = await told(stage_works, world.market.id)
    assert (events["OfferAccepted"], events["RouteAssigned"]) == (1, 1)
    async with stage_works.open() as work:
        holder = await work.fetch_value("SELECT driver_id FROM route WHERE id = $1", world.route_ids[0])
    assert holder == driver_id


@pytest.mark.parametrize("name", sorted(NAMES))
async def test_no_failpoint_is_let_into_production(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DOORSTEP_FAILPOINT", name)
    settings = Settings(mode=Mode.PRODUCTION, secret=SecretStr("s" * 32), state_folder=tmp_path).model_copy(
        update={"database_url": stage.database_url, "redis_url": stage.redis_url}
    )
    servers = Servers(database_url=stage.database_url, redis_url=stage.redis_url)

    with pytest.raises(RuntimeError, match="refused in production mode"):
        async with open_marketplace(settings, servers):
            raise AssertionError("it has opened")
