"""A simulated shipper: posts batches through the day, passes PINs on, calls a few off, and follows all to their end."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from workers.simulator.client import ApiClient, Refused
from workers.simulator.clock import MarketClock
from workers.simulator.demand import Parcel, Posting, Repeat
from workers.simulator.event_socket import EventSocket, Stream
from workers.simulator.network import Unreachable
from workers.simulator.recipients import Answer, Recipients
from workers.simulator.tally import Tally
from workers.simulator.tipping import give_tip

LOOK_EVERY_S = 15.0
"""Machine seconds after which open batches are read, in case something was not heard."""
AFTER_FAILURE_S = 2.0
TIPS_WITHIN_S = 20.0
PICKUP_WITHIN = timedelta(hours=3)
STANDARD_WITHIN = timedelta(hours=4)
EXPRESS_WITHIN = timedelta(minutes=100)
AGAIN_WITHIN = timedelta(minutes=70)
"""How long the window of another try is open."""
STOCK_EVERY = 5
"""Of so many batches one names things of the shop's stock, wherever they lie, in place of a hub."""
FINAL = frozenset({"DELIVERED", "RETURNED", "CANCELLED", "EXPIRED", "FAILED"})

Row = dict[str, Any]


class ShipperApp:
    """One shipper for one day."""

    def __init__(
        self,
        api: ApiClient,
        *,
        market_id: str,
        hub_ids: Sequence[str],
        run: str,
        clock: MarketClock,
        recipients: Recipients,
        tally: Tally,
        sku: str | None = None,
    ) -> None:
        """`hub_ids` are the hubs by their position in the world; `run` makes keys unique among several days."""
        self.states: dict[str, str] = {}
        self._api = api
        self._market_id = market_id
        self._hub_ids = hub_ids
        self._run = run
        self._clock = clock
        self._recipients = recipients
        self._tally = tally
        self._sku = sku
        self._sequences: dict[str, int] = {}
        self._open_batches: dict[str, set[str]] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._to_post = 0
        self._links: dict[str, str] = {}
        self._references: dict[str, str] = {}
        self._asked: set[asyncio.Task[None]] = set()
        self._tipping: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._is_over = False

    @property
    def is_settled(self) -> bool:
        """Whether everything is posted and has come to its end."""
        return self._to_post == 0 and all(state in FINAL for state in self.states.values())

    @property
    def counts(self) -> Counter[str]:
        """How many of the shipper's deliveries are in which state; returns are no deliveries of the shipper's own."""
        return Counter(self.states.values())

    def end_day(self) -> None:
        """The shipper follows no longer."""
        self._is_over = True
        self._bell.set()

    async def work(self, postings: Sequence[Posting], *, starts_at: datetime) -> None:
        """Carries out the postings and follows them until all have come to an end, or until `end_day`."""
        self._to_post = len(postings)
        hubs = await self._api.ask("hubs", {"marketId": self._market_id})
        self._zones = {hub["id"]: ZoneInfo(hub["timeZone"]) for hub in hubs}
        stream = Stream("delivery_events", {"marketId": self._market_id})
        socket = EventSocket(self._api, [stream], on_event=self._hear, on_gap=self._bell.set)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(socket.run())]
            tasks += [group.create_task(self._carry_out(posting, starts_at)) for posting in postings]
            while not (self.is_settled or self._is_over):
                await self._follow()
            if self._tipping:
                await asyncio.wait(self._tipping, timeout=TIPS_WITHIN_S)
            for task in (*tasks, *self._asked, *self._tipping):
                task.cancel()

    async def _follow(self) -> None:
        """Waits for news; without any for a while, reads what is open."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._bell.wait()
                self._bell.clear()
                return
        for batch_id, open_ids in list(self._open_batches.items()):
            if open_ids:
                await self._read_batch(batch_id)

    async def _carry_out(self, posting: Posting, starts_at: datetime) -> None:
        """Posts one batch when its time has come, however often it takes, and calls off what is to be called off."""
        await self._clock.sleep_until(starts_at + timedelta(seconds=posting.at_s))
        rows = [self._row(parcel, posting) for parcel in posting.parcels]
        posted = await self._post(posting, rows)
        self._tally.batches_posted += 1
        await self._take_up(posted)
        self._to_post -= 1
        self._bell.set()
        if posting.repeat is not None:
            await self._repeat(posting, rows, posted)
        ids = {row["externalId"]: row["deliveryId"] for row in posted["rows"]}
        for parcel in sorted(posting.parcels, key=lambda parcel: parcel.cancels_after_s or 0.0):
            if parcel.cancels_after_s is not None and ids.get(parcel.external_id) is not None:
                await self._cancel(ids[parcel.external_id], parcel.cancels_after_s)

    async def _post(self, posting: Posting, rows: list[Row]) -> dict[str, Any]:
        variables = await self._to_be_posted(posting, rows)
        answer: dict[str, Any] = await self._insist("post_batch", variables | {"idempotencyKey": self._key(posting)})
        return answer

    async def _to_be_posted(self, posting: Posting, rows: list[Row]) -> dict[str, Any]:
        """The rows themselves, or a quote of them."""
        wanted = {"marketId": self._market_id, "deliveries": rows}
        if not posting.is_quoted:
            return wanted
        quote = await self._insist("quote_batch", wanted | {"idempotencyKey": self._key(posting) + "-quote"})
        self._tally.rows_refused.update(problem["code"] for problem in quote["problems"])
        return {"quoteId": quote["id"]}

    async def _repeat(self, posting: Posting, rows: list[Row], posted: dict[str, Any]) -> None:
        """Posts the same again, as an app does that has not heard the answer; nothing may come of it twice."""
        self._tally.repeats += 1
        if posting.repeat is Repeat.SAME_KEY:
            again = await self._post(posting, rows)
        else:
            taken = {row["externalId"] for row in posted["rows"] if row["deliveryId"]}
            wanted = {"marketId": self._market_id, "deliveries": [row for row in rows if row["externalId"] in taken]}
            again = await self._insist("post_batch", wanted | {"idempotencyKey": self._key(posting) + "-again"})
        first = {row["externalId"]: row["deliveryId"] for row in posted["rows"]}
        self._tally.repeats_doubled += sum(
            row["deliveryId"] != first.get(row["externalId"]) for row in again["rows"] if row["deliveryId"]
        )

    async def _take_up(self, posted: dict[str, Any]) -> None:
        """Remembers what was posted and passes PINs on to the recipients."""
        for row in posted["rows"]:
            if row["deliveryId"] is None:
                self._tally.rows_refused[row["problem"]["code"]] += 1
        ids = [row["deliveryId"] for row in posted["rows"] if row["deliveryId"]]
        for row in posted["rows"]:
            if row["deliveryId"]:
                self._references[row["deliveryId"]] = row["externalId"]
                if row.get("trackingUrl"):
                    self._links[row["deliveryId"]] = row["trackingUrl"]
        for delivery_id in ids:
            self.states.setdefault(delivery_id, "SCHEDULED")
        if posted["batchId"] is not None:
            self._open_batches[posted["batchId"]] = set(ids)
            await self._read_batch(posted["batchId"])

    async def _read_batch(self, batch_id: str) -> None:
        batch = await self._insist("batch", {"id": batch_id})
        for delivery in batch["deliveries"]:
            if delivery["returnOf"] is not None:
                continue
            self._note(delivery["id"], delivery["sequence"], delivery["state"])
            if delivery["pin"] is not None:
                self._recipients.tell_pin(delivery["id"], delivery["pin"])

    async def _cancel(self, delivery_id: str, after_s: float) -> None:
        await self._clock.sleep(after_s)
        variables = {"deliveryId": delivery_id, "reason": "RECIPIENT_REQUESTED", "idempotencyKey": f"off-{delivery_id}"}
        try:
            await self._insist("cancel_delivery", variables)
        except Refused as refusal:
            if refusal.code != "TOO_LATE_TO_CANCEL":
                raise
            self._tally.cancelled_too_late += 1

    async def _insist(self, name: str, variables: dict[str, Any]) -> Any:
        """Asks until there is an answer, with the same key: the business of a shipper does not depend on one try."""
        while True:
            try:
                return await self._api.ask(name, variables)
            except Unreachable:
                await asyncio.sleep(AFTER_FAILURE_S)

    def _hear(self, event: dict[str, Any]) -> None:
        # What is expected of a delivery, or was erased, is told without a step of its own.
        if event["sequence"] is not None and event["deliveryId"] in self.states:
            self._note(event["deliveryId"], event["sequence"], event["state"])
            self._bell.set()
            if event.get("name") == "DeliveryAttempted" and event["deliveryId"] in self._references:
                answering = asyncio.create_task(self._choose_window(event["deliveryId"]))
                self._asked.add(answering)
                answering.add_done_callback(self._asked.discard)
            if event.get("name") == "DeliveryDelivered" and event["deliveryId"] in self._references:
                tipping = asyncio.create_task(self._tip(event["deliveryId"]))
                self._tipping.add(tipping)
                tipping.add_done_callback(self._tipping.discard)

    async def _tip(self, delivery_id: str) -> None:
        """The recipient tips a little later, or does not."""
        choice, link = self._recipients.tips(self._references[delivery_id]), self._links.get(delivery_id)
        if choice is not None and link is not None:
            await give_tip(self._api.as_recipient(link.rpartition("/")[2]), self._tally, choice=choice)

    async def _choose_window(self, delivery_id: str) -> None:
        """Somebody chooses another window after an attempt: the recipient by the link, the shop, or nobody."""
        answer, after_s = self._recipients.answer_to(self._references[delivery_id])
        if answer is Answer.NONE:
            return
        await self._clock.sleep(after_s)
        zone = next(iter(self._zones.values()))
        opens = self._clock.now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        chosen = {"window": _window(opens, AGAIN_WITHIN), "idempotencyKey": uuid4().hex}
        link = self._links.get(delivery_id)
        try:
            if answer is Answer.BY_LINK and link is not None:
                await self._api.as_recipient(link.rpartition("/")[2]).ask("choose_redelivery", chosen)
            else:
                await self._api.ask("reschedule_delivery", chosen | {"deliveryId": delivery_id})
        except Refused as refusal:
            self._tally.answers_refused[refusal.code] += 1
        except Unreachable:
            return
        else:
            self._tally.windows_chosen[answer.value] += 1

    def _note(self, delivery_id: str, sequence: int, state: str) -> None:
        """Notes a state unless a later one is known: a read and an event may cross."""
        if sequence > self._sequences.get(delivery_id, 0):
            self._sequences[delivery_id] = sequence
            self.states[delivery_id] = state
            if state in FINAL:
                for open_ids in self._open_batches.values():
                    open_ids.discard(delivery_id)

    def _row(self, parcel: Parcel, posting: Posting) -> Row:
        """A delivery as it is posted: its windows are by the clock that hangs in the hub."""
        hub_id = self._hub_ids[posting.hub]
        opens = self._clock.now.astimezone(self._zones[hub_id]).replace(tzinfo=None, second=0, microsecond=0)
        is_express = parcel.is_express and parcel.pickup_address is None
        within = EXPRESS_WITHIN if is_express else STANDARD_WITHIN
        is_from_stock = self._sku is not None and posting.number % STOCK_EVERY == 0 and parcel.pickup_address is None
        return {
            "externalId": parcel.external_id,
            "hubId": hub_id if parcel.pickup_address is None and not is_from_stock else None,
            "items": [{"sku": self._sku, "quantity": 1}] if is_from_stock else [],
            "pickup": _address(parcel.pickup_address, "Taller") if parcel.pickup_address else None,
            "dropoff": _address(parcel.home, parcel.recipient),
            "packages": [{"weightG": parcel.weight_g, "lengthMm": 300, "widthMm": 200, "heightMm": 150}],
            "pickupWindow": _window(opens, min(within, PICKUP_WITHIN)),
            "dropoffWindow": _window(opens, within),
            "requirements": list(parcel.requirements),
            "serviceLevel": "EXPRESS" if is_express else "STANDARD",
            "priority": 20 if is_express else 0,
        }

    def _key(self, posting: Posting) -> str:
        return f"{self._run}-{posting.number}"


def _address(place: Any, name: str) -> dict[str, Any]:
    return {"lat": place["lat"], "lon": place["lon"], "address": place["address"], "name": name, "phone": ""}


def _window(opens: datetime, lasts: timedelta) -> dict[str, str]:
    return {"opens": opens.isoformat(), "closes": (opens + lasts).isoformat()}
