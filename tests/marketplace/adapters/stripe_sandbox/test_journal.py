"""What the stand-in has answered is still true after kill -9."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest
import stripe

from marketplace.adapters.stripe_sandbox import Sandbox
from marketplace.core.errors import CannotStart
from tests.contracts.stripe_scenarios.world import StripeWorld, close_client, make_client
from tests.marketplace.adapters.stripe_sandbox.asking import Asker, paying
from tests.processes import GUARD

START_PATIENCE_S = 60


def test_a_restart_goes_on_where_it_stood(tmp_path: Path) -> None:
    asker = Asker(Sandbox(folder=tmp_path))
    asker.float()
    driver = asker.driver()
    asker.post("/v1/payment_intents", **paying(50_000))
    transfer = asker.post("/v1/transfers", amount=700, currency="usd", destination=driver, key="op")
    asker.post("/v1/payouts", amount=700, currency="usd", account=driver)
    tables = {name: dict(rows) for name, rows in asker.sandbox.store.tables.items() if rows}
    moment = asker.sandbox.clock.now()
    asker.sandbox.close()

    again = Sandbox(folder=tmp_path)

    assert {name: dict(rows) for name, rows in again.store.tables.items() if rows} == tables
    assert (again.clock.now(), again.clock.rate) == (moment, 0)
    back = Asker(again)
    assert back.post("/v1/transfers", amount=700, currency="usd", destination=driver, key="op")["id"] == transfer["id"]
    back.pass_time(3 * 86_400)
    assert [one["status"] for one in back.get("/v1/payouts", account=driver)["data"]] == ["paid"]
    assert {one["status"] for one in back.get("/v1/balance_transactions")["data"]} == {"available"}
    again.close()


def test_a_line_that_a_kill_has_cut_short_is_dropped(tmp_path: Path) -> None:
    asker = Asker(Sandbox(folder=tmp_path))
    first = asker.post("/v1/customers")
    asker.sandbox.close()
    journal = tmp_path / "stripe-sandbox.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'[["customer","cus_1",{"id":')

    again = Asker(Sandbox(folder=tmp_path))

    assert [one["id"] for one in again.get("/v1/customers")["data"]] == [first["id"]]
    again.post("/v1/customers")
    again.sandbox.close()
    assert len(Asker(Sandbox(folder=tmp_path)).get("/v1/customers")["data"]) == 2


def test_two_stand_ins_do_not_share_a_folder(tmp_path: Path) -> None:
    first = Sandbox(folder=tmp_path)

    with pytest.raises(CannotStart, match="another folder"):
        Sandbox(folder=tmp_path)
    first.close()


async def start(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    """The command in a process of its own, and where it answers."""
    process = await asyncio.create_subprocess_exec(
        *(*GUARD, sys.executable, "-m", "marketplace", "stripe-sandbox", "--port", "0", "--folder", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    async with asyncio.timeout(START_PATIENCE_S):
        said = (await process.stdout.readline()).decode()
    found = re.search(r"http://\S+?(?=;)", said)
    assert found is not None, said
    return process, found[0]


async def test_transfers_outlive_a_killed_process(tmp_path: Path) -> None:
    process, url = await start(tmp_path)
    client = make_client("sk_test_stand_in", url, retries=0)
    world = StripeWorld(client, None)
    await world.float()
    driver = await world.driver()
    asked = {"amount": 1_000, "currency": "usd", "destination": driver}
    answered: dict[str, str] = {}

    async def pay() -> None:
        for number in range(1_000):
            transfer = await world.v1.transfers.create_async(asked, {"idempotency_key": f"op-{number}"})
            answered[f"op-{number}"] = transfer.id
            if number == 20:
                process.send_signal(signal.SIGKILL)

    with pytest.raises(stripe.APIConnectionError):
        await pay()
    await process.wait()
    await close_client(client)

    process, url = await start(tmp_path)
    client = make_client("sk_test_stand_in", url)
    again = client.v1
    for key, transfer in answered.items():
        assert (await again.transfers.create_async(asked, {"idempotency_key": key})).id == transfer  # type: ignore[arg-type]
    kept = [one.id async for one in (await again.transfers.list_async({"limit": 100})).auto_paging_iter()]
    process.send_signal(signal.SIGTERM)

    assert len(answered) >= 21
    assert set(kept) >= set(answered.values())
    assert len(kept) <= len(answered) + 1
    assert await process.wait() == 0
    await close_client(client)
