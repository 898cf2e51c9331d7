"""Stock moves from one hub to another as a delivery: priced, planned, driven and paid like any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.accounts import note_action
from marketplace.batches.post import CreditGate, PostBatch, ToPost
from marketplace.batches.price import Priced
from marketplace.batches.request import MOST_OF_ONE, DeliveryRequest, ItemRequest, LocalWindow, Place
from marketplace.batches.take_places import CapacityFull, CapacityReserved
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.window import Window, zone
from marketplace.core.work import Work
from marketplace.hubs import (
    HubFull,
    NoTransferWindow,
    OutOfStock,
    TransferSlot,
    add_transfer,
    find_transfer_slot,
    has_dock_for,
    hubs_open_to,
    lock_openings,
    shortage_of,
)
from marketplace.routing import Router


class BadTransfer(Invalid):
    """A transfer that cannot be posted: of nothing, to the same hub, or of more than a delivery takes."""

    code = "BAD_TRANSFER"


class TransferUnderWay(Conflict):
    """The shortage has raised a transfer already, which is not over."""

    code = "TRANSFER_UNDER_WAY"


REFUSALS = {OutOfStock.code: OutOfStock} | {
    full.code: NoTransferWindow for full in (HubFull, CapacityFull, CapacityReserved)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTransfer:
    """The posting that a transfer is, what it has found, and when the other hub takes it in."""

    posting: PostBatch
    found: ToPost
    target: asyncpg.Record
    slot: TransferSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStock:
    """The errand of moving a shipper's stock; `is_free` where the market bears what it costs."""

    router: Router
    gate: CreditGate
    market_id: UUID
    shipper_id: UUID
    from_hub_id: UUID
    to_hub_id: UUID
    units: Mapping[str, int]
    is_free: bool
    replenishment_id: UUID | None = None
    operator_id: OperatorId | None = None

    async def read(self, work: Work) -> ToTransfer:
        """Finds both hubs and writes down what is to be posted."""
        if self.from_hub_id == self.to_hub_id or not self.units:
            raise BadTransfer("a transfer takes something from one hub to another", field="toHubId")
        hubs = await hubs_open_to(work, shipper_id=self.shipper_id, hub_ids=[self.from_hub_id, self.to_hub_id])
        for hub_id, field in ((self.from_hub_id, "fromHubId"), (self.to_hub_id, "toHubId")):
            if hub_id not in hubs or hubs[hub_id]["market_id"] != self.market_id:
                raise NotFound("there is no such hub", field=field)
        origin, target = hubs[self.from_hub_id], hubs[self.to_hub_id]
        slot = await find_transfer_slot(work, origin=origin, target=target)
        request = DeliveryRequest(
            external_id=f"transfer-{work.new_id().hex}",
            hub_id=self.from_hub_id,
            dropoff=Place(
                point=Point(lat=target["lat"], lon=target["lon"]), address=target["address"], name=target["name"]
            ),
            items=[ItemRequest(sku=code, quantity=count) for code, count in sorted(self.units.items())],
            pickup_window=_local(slot.pickup, origin["time_zone"]),
            dropoff_window=_local(slot.dropoff, origin["time_zone"]),
        )
        posting = PostBatch(
            router=self.router,
            gate=self.gate,
            shipper_id=self.shipper_id,
            market_id=self.market_id,
            requests=[request],
            is_transfer=True,
            is_free=self.is_free,
        )
        return ToTransfer(posting=posting, found=await posting.read(work), target=target, slot=slot)

    async def call(self, found: ToTransfer) -> Priced:
        """Asks the router for the drive, which costs the shipper nothing where the market bears it."""
        return await found.posting.call(found.found)

    async def record(self, work: Work, found: ToTransfer, answer: Priced) -> UUID:
        """Posts the delivery with its stock, and writes where that is to arrive; returns the delivery."""
        # Closes the race for the last dock where it arrives; the posting locks the hub that it leaves once more.
        await lock_openings(work, [self.from_hub_id, self.to_hub_id])
        if not await has_dock_for(work, target=found.target, slot=found.slot):
            raise NoTransferWindow("somebody else has taken the dock meanwhile; try again", field="toHubId")
        [row] = (await found.posting.record(work, found.found, answer)).rows
        if row.problem is not None:
            raise REFUSALS.get(row.problem.code, BadTransfer)(row.problem.message, field=row.problem.field)
        assert row.delivery_id is not None, "a row is a delivery or a problem"
        is_added = await add_transfer(
            work,
            market_id=self.market_id,
            delivery_id=row.delivery_id,
            from_hub_id=self.from_hub_id,
            to_hub_id=self.to_hub_id,
            replenishment_id=self.replenishment_id,
        )
        if not is_added:
            raise TransferUnderWay("what is lacking is on its way already", field="replenishmentId")
        if self.operator_id is not None:
            await note_action(
                work,
                operator_id=self.operator_id,
                market_id=MarketId(self.market_id),
                verb="transferStock",
                subject_id=row.delivery_id,
                details={"shipper_id": str(self.shipper_id), "units": dict(self.units)},
            )
        return row.delivery_id


def _local(window: Window, time_zone: str) -> LocalWindow:
    opens, closes = (
        moment.astimezone(zone(time_zone)).replace(tzinfo=None, microsecond=0)
        for moment in (window.opens_at, window.closes_at)
    )
    return LocalWindow(opens=opens, closes=closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replenish:
    """The errand of filling a hub up where a point says so; once for each shortage, however many try."""

    router: Router
    gate: CreditGate
    replenishment_id: UUID

    async def read(self, work: Work) -> tuple[TransferStock, ToTransfer] | None:
        """Looks whether something is lacking still, and what its transfer is."""
        short = await shortage_of(work, replenishment_id=self.replenishment_id)
        if short is None:
            return None
        transfer = TransferStock(
            router=self.router,
            gate=self.gate,
            market_id=short.market_id,
            shipper_id=short.shipper_id,
            from_hub_id=short.source_hub_id,
            to_hub_id=short.hub_id,
            units={short.code: min(short.quantity, MOST_OF_ONE)},
            is_free=short.is_free,
            replenishment_id=short.replenishment_id,
        )
        return transfer, await transfer.read(work)

    async def call(self, found: tuple[TransferStock, ToTransfer]) -> Priced:
        """Asks the router for the drive."""
        transfer, wanted = found
        return await transfer.call(wanted)

    async def record(self, work: Work, found: tuple[TransferStock, ToTransfer], answer: Priced) -> UUID:
        """Posts the transfer; raises where another has been posted, or the source was emptied, meanwhile."""
        transfer, wanted = found
        return await transfer.record(work, wanted, answer)
