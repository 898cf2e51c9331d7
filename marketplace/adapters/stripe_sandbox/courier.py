"""The courier: sends signed events to their endpoints when they are due, and lets time pass when nobody asks."""

import asyncio
import hmac
from hashlib import sha256

import httpx
import orjson

from marketplace.adapters.stripe_sandbox.deliveries import GIVEN_UP, record_try
from marketplace.adapters.stripe_sandbox.records import Record, copy_of, plain
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox
from marketplace.core.clock import machine

PATIENCE_S = 10.0
LONGEST_SLEEP_S = 30.0
OTHER_VERSION = "2019-02-19"
SIGNED_LATER_S = {"old_timestamp": -3_600, "future_timestamp": 86_400}
STRANGERS_SECRET = "whsec_somebody_else"  # noqa: S105 - signs the forged events


class Courier:
    """Delivers one event after the other, in the order in which they are due."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._woken = asyncio.Event()
        self._turn = asyncio.Lock()
        self._http = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False)
        sandbox.on_change = self._woken.set

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._woken.clear()
            self._sandbox.catch_up()
            await self.deliver_due()
            try:
                async with asyncio.timeout(self._rest_s()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def deliver_due(self) -> int:
        """Sends everything that is due by now, each once, and returns how many that were."""
        async with self._turn:
            now, tried = self._sandbox.clock.now(), 0
            while rows := self._due(now):
                for row in rows:
                    await self._deliver(row)
                tried += len(rows)
            return tried

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    def _due(self, now: int) -> list[Record]:
        rows = self._sandbox.store.tables["delivery"]
        due = [rows[key] for key in self._sandbox.waiting if rows[key]["at"] <= now]
        return sorted(due, key=lambda row: (row["at"], row["place"]))

    async def _deliver(self, row: Record) -> None:
        tables = self._sandbox.store.tables
        endpoint, event = tables["webhook_endpoint"].get(row["endpoint"]), tables["event"].get(row["event"])
        if endpoint is None or event is None:
            self._sandbox.change(lambda call: _give_up(call.draft.get("delivery", row["id"])))
            return
        body, headers = signed(plain(event), endpoint["_secret"], row["fault"])
        try:
            answer = await self._http.post(endpoint["url"], content=body, headers=headers)
            status = answer.status_code
        except httpx.HTTPError:
            status = None
        self._sandbox.change(lambda call: record_try(call, row["id"], status=status))

    def _rest_s(self) -> float:
        rows = self._sandbox.store.tables["delivery"]
        moments = [rows[key]["at"] for key in self._sandbox.waiting]
        if self._sandbox.next_due is not None:
            moments.append(self._sandbox.next_due)
        waits = [self._sandbox.clock.machine_seconds_until(moment) for moment in moments]
        return min((wait for wait in waits if wait is not None), default=LONGEST_SLEEP_S)


def signed(event: Record, secret: str, fault: str | None) -> tuple[bytes, dict[str, str]]:
    """The body and headers of one try, made wrong where its fault wants it."""
    content = copy_of(event)
    if fault == "forged":
        secret = STRANGERS_SECRET
        if isinstance(content["data"]["object"].get("amount"), int):
            content["data"]["object"]["amount"] *= 100
    if fault == "other_version":
        content["api_version"] = OTHER_VERSION
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    moment = int(machine().timestamp()) + SIGNED_LATER_S.get(fault or "", 0)
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={moment},v1={signature}",
        "User-Agent": "Stripe/1.0 (the stand-in)",
    }
    return body, headers


def _give_up(delivery: Record | None) -> None:
    if delivery is not None:
        delivery["state"] = GIVEN_UP
