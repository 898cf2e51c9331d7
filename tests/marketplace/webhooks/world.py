"""A shipper with deliveries and webhooks, whose market publishes what happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.adapters.webhooks import HttpCourier
from marketplace.batches.events import DeliveryMoved
from marketplace.batches.models import Delivery
from marketplace.core.ids import MarketId, ShipperId, WebhookId
from marketplace.core.outbox import publish_events
from marketplace.core.work import Works
from marketplace.markets.models import Market
from marketplace.webhooks import WEBHOOK_EVENTS, NewSecret, SecretBox, WebhookSender, register_webhook
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.marketplace.webhooks.receivers import Receiver, open_receiver

BOX = SecretBox("a secret of tests")


@dataclass(slots=True, kw_only=True)
class WebhookWorld:
    """What a test works with."""

    works: Works
    sender: WebhookSender
    receiver: Receiver
    market: Market
    shipper_id: ShipperId
    deliveries: list[Delivery]

    async def register(self, path: str = "/good", *, events: frozenset[str] = WEBHOOK_EVENTS) -> NewSecret:
        """A webhook that goes to a path of the receiver."""
        async with self.works.open() as work:
            return await register_webhook(
                work,
                box=BOX,
                shipper_id=self.shipper_id,
                market_id=MarketId(self.market.id),
                url=self.receiver.url + path,
                events=events,
            )

    async def happen(self, *steps: tuple[int, int], shipper_id: UUID | None = None) -> None:
        """Publishes what happened: pairs of which delivery, and its sequence."""
        async with self.works.open() as work:
            for which, sequence in steps:
                work.emit(self.moved(which, sequence, shipper_id))
        await self.publish()

    def moved(self, which: int, sequence: int, shipper_id: UUID | None = None) -> DeliveryMoved:
        """One step of a delivery."""
        delivery = self.deliveries[which]
        return DeliveryMoved(
            market_id=self.market.id,
            shipper_id=shipper_id or self.shipper_id,
            delivery_id=delivery.id,
            batch_id=delivery.batch_id,
            sequence=sequence,
            state="EN_ROUTE_TO_DROPOFF",
            route_id=UUID(int=5),
            driver_id=UUID(int=6),
            occurred_at=delivery.created_at,
        )

    async def publish(self) -> None:
        """What the relay does."""
        async with self.works.open() as work:
            await publish_events(work, MarketId(self.market.id))

    async def send(self) -> None:
        """Looks, and waits until every message that is due has had its try."""
        await self.sender.look()
        await self.sender.until_sent()

    async def later(self, seconds: float) -> None:
        """Moves everything that waits towards now, as if so much time had gone by."""
        by = timedelta(seconds=seconds)
        async with self.works.open() as work:
            await work.execute(
                "UPDATE webhook SET next_at = next_at - $1::interval, paused_until = paused_until - $1::interval,"
                " lease_until = lease_until - $1::interval, failing_since = failing_since - $1::interval,"
                " previous_until = previous_until - $1::interval",
                by,
            )
            await work.execute(
                "UPDATE webhook_message SET next_at = next_at - $1::interval, ended_at = ended_at - $1::interval", by
            )

    async def row(self, webhook_id: WebhookId) -> asyncpg.Record:
        """The webhook."""
        async with self.works.read() as connection:
            found = await connection.fetchrow("SELECT * FROM webhook WHERE id = $1", webhook_id)
        assert found is not None
        return found

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of any statement."""
        async with self.works.read() as connection:
            return [tuple(row) for row in await connection.fetch(sql)]


@asynccontextmanager
async def open_world(works: Works, *, quick_senders: int = 8, slow_senders: int = 4) -> AsyncIterator[WebhookWorld]:
    """A shipper with four deliveries, and a receiver on this machine."""
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        deliveries = [
            await make_delivery(work, market, shipper, hub, batch, external_id=f"order-{number}") for number in range(4)
        ]
    courier = HttpCourier(may_loop_back=True)
    async with (
        open_receiver() as receiver,
        WebhookSender(works, courier, BOX, quick_senders=quick_senders, slow_senders=slow_senders) as sender,
    ):
        yield WebhookWorld(
            works=works,
            sender=sender,
            receiver=receiver,
            market=market,
            shipper_id=ShipperId(shipper.id),
            deliveries=deliveries,
        )
