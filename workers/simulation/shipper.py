"""A shipper on the stage: posts batches, by a quote or directly, passes PINs on, and calls some deliveries off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.batches import (
    CancelReason,
    DeliveryRequest,
    LocalWindow,
    PackageRequest,
    Place,
    PostBatch,
    PostResult,
    QuoteBatch,
    Requirement,
    TooLateToCancel,
    cancel_delivery,
    find_batch,
)
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point
from marketplace.core.ids import ShipperId
from marketplace.core.window import Window
from workers.simulation.nearer_hub import NearerHub
from workers.simulation.world import World
from workers.simulator.demand import Parcel, Posting
from workers.simulator.shipper_app import EXPRESS_WITHIN, PICKUP_WITHIN, STANDARD_WITHIN

EXPRESS_PRIORITY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipper:
    """One shipper of one day; `hub_ids` are the hubs by their position in the world."""

    world: World
    shipper_id: ShipperId
    hub_ids: Sequence[UUID]
    time_zone: str
    hubs: NearerHub | None = None
    """Which hub parcels come from where another one has been opened."""

    async def carry_out(self, posting: Posting) -> None:
        """Posts a batch, and notes which of its deliveries will be called off, and when."""
        requests = [self._request(parcel, posting) for parcel in posting.parcels]
        posted = await self.post(requests, is_quoted=posting.is_quoted)
        ids = {row.external_id: row.delivery_id for row in posted.rows}
        for parcel in posting.parcels:
            delivery_id = ids[parcel.external_id]
            if parcel.cancels_after_s is not None and delivery_id is not None:
                self.call_off_later(delivery_id, parcel.cancels_after_s)

    async def post(self, requests: Sequence[DeliveryRequest], *, is_quoted: bool = False) -> PostResult:
        """Posts deliveries, after a quote if one is asked for, and passes PINs on to the recipients."""
        world = self.world
        router, works = world.marketplace.router, world.marketplace.works
        posting = PostBatch(
            router=router, gate=check_credit, shipper_id=self.shipper_id, market_id=world.market_id, requests=requests
        )
        if is_quoted:
            asked = QuoteBatch(router=router, shipper_id=self.shipper_id, market_id=world.market_id, requests=requests)
            quote = await run_errand(works, asked)
            assert quote is not None, "a quote is always answered"
            posting = PostBatch(router=router, gate=check_credit, shipper_id=self.shipper_id, quote_id=quote.quote_id)
        posted = await run_errand(works, posting)
        windows = {request.external_id: (request.pickup_window, request.dropoff_window) for request in requests}
        assert posted is not None, "a posting is always answered"
        for row in posted.rows:
            if row.problem is not None:
                world.record.refused(row.problem.code)
            elif row.delivery_id is not None:
                pickup, dropoff = windows[row.external_id]
                assert pickup is not None, "simulated orders have no tier"
                assert dropoff is not None, "simulated orders have no tier"
                promised = Window(self._instant(dropoff.opens), self._instant(dropoff.closes))
                world.record.promise(row.delivery_id, promised, self._instant(pickup.opens))
        if posted.batch_id is not None and any(Requirement.PIN_AT_DROPOFF in r.requirements for r in requests):
            await self._pass_pins_on(posted.batch_id)
        return posted

    def _instant(self, local: datetime) -> datetime:
        return local.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    async def _pass_pins_on(self, batch_id: UUID) -> None:
        async with self.world.marketplace.works.read() as connection:
            batch = await find_batch(connection, batch_id=batch_id, shipper_id=self.shipper_id)
        assert batch is not None, "the batch was posted a moment ago"
        pins = {delivery["id"]: delivery["pin"] for delivery in batch["deliveries"] if delivery["pin"] is not None}
        self.world.doors.pins.update(pins)

    def call_off_later(self, delivery_id: UUID, after_s: float) -> None:
        """Calls a delivery off some time from now, if it is not too late by then."""

        async def call_off() -> None:
            try:
                async with self.world.marketplace.works.open() as work:
                    reason = CancelReason.RECIPIENT_REQUESTED
                    await cancel_delivery(work, shipper_id=self.shipper_id, delivery_id=delivery_id, reason=reason)
            except TooLateToCancel as refusal:
                self.world.record.refused(refusal.code)

        self.world.stage.after(after_s, call_off)

    def _hub_of(self, parcel: Parcel, posting: Posting) -> UUID:
        usual = self.hub_ids[posting.hub]
        if self.hubs is None:
            return usual
        return self.hubs.hub_for(usual, Point(lat=parcel.home["lat"], lon=parcel.home["lon"]))

    def _request(self, parcel: Parcel, posting: Posting) -> DeliveryRequest:
        """A delivery as it is posted: its windows are by the clock that hangs in the hub."""
        opens = self.world.stage.now.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None, second=0, microsecond=0)
        is_express = parcel.is_express and parcel.pickup_address is None
        within = EXPRESS_WITHIN if is_express else STANDARD_WITHIN
        return DeliveryRequest(
            external_id=parcel.external_id,
            hub_id=None if parcel.pickup_address else self._hub_of(parcel, posting),
            pickup=_place(parcel.pickup_address, "Taller") if parcel.pickup_address else None,
            dropoff=_place(parcel.home, parcel.recipient),
            packages=[PackageRequest(weight_g=parcel.weight_g, length_mm=300, width_mm=200, height_mm=150)],
            pickup_window=_window(opens, min(within, PICKUP_WITHIN)),
            dropoff_window=_window(opens, within),
            requirements=[Requirement(name) for name in parcel.requirements],
            service_level="EXPRESS" if is_express else "STANDARD",
            priority=EXPRESS_PRIORITY if is_express else 0,
        )


def _place(address: Mapping[str, Any], name: str) -> Place:
    return Place(point=Point(lat=address["lat"], lon=address["lon"]), address=address["address"], name=name)


def _window(opens: datetime, lasts: timedelta) -> LocalWindow:
    return LocalWindow(opens=opens, closes=opens + lasts)
