"""A delivered parcel in a market in dollars, the stand-in, and what the workers would do for its tip."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from marketplace.batches.models import Delivery
from marketplace.core.ids import DeliveryId, DriverId
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.ledger import LedgerAccount, balance_of
from marketplace.tips import TipState, give_tip, settle_tip
from tests.builders import make_driver
from tests.marketplace.payouts.world import PayWorld, make_driven_route, make_pay_world
from tests.payment_worlds import PaymentWorld, payments

__all__ = ["payments"]

BACK_URL = "https://example.com/t/back"


@dataclass(slots=True, kw_only=True)
class TipWorld:
    """One delivered parcel, and the provider."""

    works: Works
    payments: PaymentWorld
    world: PayWorld
    delivery_id: DeliveryId
    driver_id: DriverId

    async def give(self, minor: int = 300, currency: str = "USD") -> UUID:
        """The recipient names an amount."""
        async with self.works.open() as work:
            return await give_tip(work, delivery_id=self.delivery_id, amount=Money(minor, currency), back_url=BACK_URL)

    async def go_on(self, *tip_ids: UUID) -> None:
        """Sends, hears and settles what there is."""
        await self.payments.settle()
        for tip_id in tip_ids:
            async with self.works.open() as work:
                await settle_tip(work, tip_id=tip_id)

    async def tip(self, tip_id: UUID) -> dict[str, Any]:
        """The tip as it stands."""
        async with self.works.open() as work:
            row = await work.fetch_row("SELECT * FROM tip WHERE id = $1", tip_id)
        assert row is not None
        return dict(row)

    async def state(self, tip_id: UUID) -> TipState:
        """Where it is."""
        return TipState((await self.tip(tip_id))["state"])

    async def pay(self, tip_id: UUID, card: str = "visa", action: str = "pay") -> dict[str, Any]:
        """What its payer does on the page."""
        session_id = (await self.tip(tip_id))["session_id"]
        return await self.payments.control("POST", f"/checkout/{session_id}/pay", card=card, action=action)

    async def paid(self, minor: int = 300, card: str = "visa") -> UUID:
        """A tip that was given, paid and heard of."""
        tip_id = await self.give(minor)
        await self.go_on(tip_id)
        await self.pay(tip_id, card)
        await self.go_on(tip_id)
        return tip_id

    async def balance(self, account: LedgerAccount) -> int:
        """What stands on an account."""
        async with self.works.open() as work:
            return (await balance_of(work, market_id=self.world.market_id, account=account, currency="USD")).minor


@pytest.fixture
async def tips(works: Works, payments: PaymentWorld) -> TipWorld:
    """The world of one tip."""
    async with works.open() as work:
        world = await make_pay_world(work, currency="USD")
        driver = await make_driver(work, world.market)
        route = await make_driven_route(work, world, driver)
        delivery_id = await work.fetch_value("SELECT id FROM delivery WHERE route_id = $1 LIMIT 1", route.id)
        await (
            Delivery.filter(id=delivery_id)
            .using_db(work.db)
            .update(state="DELIVERED", changed_at=work.now, currency="USD")
        )
    return TipWorld(
        works=works,
        payments=payments,
        world=world,
        delivery_id=DeliveryId(delivery_id),
        driver_id=DriverId(driver.id),
    )
