"""A shipper that pays by card, ahead or by invoice, the stand-in for its money, and the jobs that workers would run.

Jobs are those of `workers.jobs`, chosen by `workers.reactions` from the events as they were stored.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import orjson

from marketplace.app import Marketplace
from marketplace.batches.models import Batch, Delivery
from marketplace.batches.states import DeliveryState
from marketplace.billing import (
    Collects,
    Profile,
    Shortfall,
    Terms,
    billing_attention,
    find_profile,
    set_billing_terms,
    sweep_billing,
    top_up,
)
from marketplace.billing.models import Charge, Invoice, Refund
from marketplace.billing.profile import want_customer
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.core.outbox import PublishedEvent
from marketplace.core.work import Works
from marketplace.hubs.models import Hub
from marketplace.ledger import LedgerAccount, LedgerReport, balance_of, check_ledger
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.payment_worlds import PaymentWorld
from workers.jobs import JOBS
from workers.reactions import jobs_after

ROUNDS_AT_MOST = 60
MONEY_JOBS = frozenset(
    {"accrue_delivery", "settle_profile", "settle_charge", "settle_refund", "settle_invoice", "close_period"}
)
READ_EVENTS = "SELECT id, market_id, name, payload, occurred_at, delivery_id FROM event ORDER BY id"


class _Parts:
    """What the money jobs need of a marketplace."""

    def __init__(self, payments: PaymentWorld) -> None:
        self.works = payments.works
        self.provider = payments.provider


class BillingWorld:
    """One shipper in one market, in US dollars unless said otherwise."""

    market: Market
    shipper: Shipper
    hub: Hub

    def __init__(self, payments: PaymentWorld, clock: ManualClock) -> None:
        self.payments = payments
        self.works: Works = payments.works
        self.clock = clock
        self._seen: set[UUID] = set()
        self._order: Callable[[list[PublishedEvent]], list[PublishedEvent]] = list

    async def open(
        self,
        terms: Terms = Terms.CARD,
        *,
        card: str | None = "pm_card_visa",
        limit_minor: int = 1_000_000,
        currency: str = "USD",
        collects: Collects = Collects.BATCH,
        **market: Any,
    ) -> "BillingWorld":
        """Makes the shipper, and lets it set up a card."""
        async with self.works.open() as work:
            self.market = await make_market(work, currency=currency, **market)
            self.shipper = await make_shipper(work, self.market)
            self.hub = await make_hub(work, self.market)
        await self.set_terms(terms, limit_minor=limit_minor, collects=collects)
        if card is not None:
            await self.give_card(card)
        return self

    async def set_terms(
        self,
        terms: Terms,
        *,
        limit_minor: int = 1_000_000,
        collects: Collects = Collects.BATCH,
        due_days: int = 30,
        shortfall: Shortfall = Shortfall.WAITS,
    ) -> None:
        """Sets the terms as an operator would."""
        async with self.works.open() as work:
            await set_billing_terms(
                work,
                shipper_id=self.shipper.id,
                market_id=self.market.id,
                terms=terms,
                credit_limit=Money(limit_minor, self.market.currency),
                collects=collects,
                due_days=due_days,
                shortfall=shortfall,
            )

    async def give_card(self, card: str) -> None:
        """What the shipper's browser does with the secret of a set-up."""
        async with self.works.open() as work:
            profile = await find_profile(work, shipper_id=self.shipper.id, market_id=self.market.id)
            assert profile is not None
            if profile.customer_id is None:
                await want_customer(work, profile)
        await self.run()
        customer = (await self.profile()).customer_id
        await self.payments.v1.setup_intents.create_async(
            {
                "customer": customer,
                "payment_method": card,
                "confirm": True,
                "usage": "off_session",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        await self.run()

    async def profile(self) -> Profile:
        """The shipper's profile as it is."""
        async with self.works.open() as work:
            profile = await find_profile(work, shipper_id=self.shipper.id, market_id=self.market.id)
        assert profile is not None
        return profile

    async def batch(self, *prices: int, state: DeliveryState = DeliveryState.DELIVERED, **more: Any) -> list[Delivery]:
        """A batch whose deliveries have ended, and not yet billed."""
        async with self.works.open() as work:
            batch: Batch = await make_batch(work, self.market, self.shipper)
            return [
                await make_delivery(
                    work,
                    self.market,
                    self.shipper,
                    self.hub,
                    batch,
                    state=state.value,
                    price_minor=price,
                    currency=self.market.currency,
                    **more,
                )
                for price in prices
            ]

    async def bill(self, *prices: int, **more: Any) -> list[Delivery]:
        """A batch that has ended and is billed, with everything that follows from it."""
        deliveries = await self.batch(*prices, **more)
        for delivery in deliveries:
            await self.job("accrue_delivery", delivery.id)
        await self.run()
        return deliveries

    async def pay_in(self, minor: int) -> None:
        """Tops up what is prepaid."""
        async with self.works.open() as work:
            profile = await find_profile(work, shipper_id=self.shipper.id, market_id=self.market.id)
            assert profile is not None
            await top_up(work, shipper_id=self.shipper.id, billing_id=profile.id, amount_minor=minor)
        await self.run()

    async def job(self, kind: str, subject_id: UUID) -> None:
        """Runs one job as a worker does."""
        await JOBS[kind](cast("Marketplace", _Parts(self.payments)), subject_id)

    async def run(self) -> None:
        """Sends, hears, and runs the jobs that follow, until nothing follows any more."""
        for _ in range(ROUNDS_AT_MOST):
            await self.payments.settle()
            if not await self.react():
                return
        raise AssertionError("billing does not come to rest")

    async def react(self) -> int:
        """Runs the money jobs that follow from events which were not looked at yet."""
        async with self.works.open() as work:
            rows = [row for row in await work.fetch(READ_EVENTS) if row["id"] not in self._seen]
        self._seen |= {row["id"] for row in rows}
        events = [
            PublishedEvent(
                id=row["id"],
                market_id=row["market_id"],
                position=1,
                name=row["name"],
                occurred_at=row["occurred_at"],
                payload=orjson.loads(row["payload"]),
                shipper_id=None,
                driver_id=None,
                delivery_id=row["delivery_id"],
                route_id=None,
            )
            for row in rows
        ]
        wanted = [job for job in jobs_after(events) if job.kind in MONEY_JOBS]
        for job in wanted:
            await self.job(job.kind, UUID(job.subject))
        return len(wanted)

    async def sweep(self) -> list[str]:
        """Runs what the sweep finds, and what follows; returns the kinds of jobs."""
        async with self.works.open() as work:
            due = await sweep_billing(work, market_id=MarketId(self.market.id))
        for one in due:
            await self.job(one.kind, one.subject_id)
        await self.run()
        return [one.kind for one in due]

    async def end_month(self) -> None:
        """Goes to a minute after the month that is due."""
        due_at = (await self.profile()).next_due_at
        self.clock.advance(seconds=(due_at - self.clock.now).total_seconds() + 60)
        await self.sweep()

    async def invoice_paid_by_card(self, *prices: int, card: str = "pm_card_visa") -> Invoice:
        """An invoice over so much that the shipper has paid at the provider with a card."""
        await self.bill(*prices)
        await self.end_month()
        shown = self.payments.rows("invoice")[-1]
        method = await self.payments.v1.payment_methods.attach_async(card, {"customer": shown["customer"]})
        await self.payments.v1.invoices.pay_async(shown["id"], {"payment_method": method.id})
        await self.run()
        return (await self.invoices())[-1]

    async def attention(self) -> list[tuple[str, int, str | None]]:
        """Why something of the market's billing waits for a person: reason, amount and the provider's name of it."""
        async with self.works.open() as work:
            found = await billing_attention(work, market_id=self.market.id)
        return [(one["reason"], one["amount_minor"], one["detail"]) for one in found]

    async def pass_days(self, days: float) -> None:
        """Lets time pass in the market and at the stand-in."""
        self.clock.advance(seconds=days * 86_400)
        await self.payments.pass_time(int(days * 86_400))

    async def charges(self) -> list[Charge]:
        """The shipper's charges, oldest first."""
        async with self.works.open() as work:
            return await Charge.filter(shipper_id=self.shipper.id).using_db(work.db).order_by("id")

    async def refunds(self) -> list[Refund]:
        """The shipper's refunds, oldest first."""
        async with self.works.open() as work:
            return await Refund.filter(shipper_id=self.shipper.id).using_db(work.db).order_by("id")

    async def invoices(self) -> list[Invoice]:
        """The shipper's invoices, oldest first."""
        async with self.works.open() as work:
            return await Invoice.filter(shipper_id=self.shipper.id).using_db(work.db).order_by("number")

    async def balance(self, account: LedgerAccount) -> int:
        """What stands on an account."""
        async with self.works.open() as work:
            return (
                await balance_of(work, market_id=self.market.id, account=account, currency=self.market.currency)
            ).minor

    async def ledger(self) -> LedgerReport:
        """The check of the market's ledger."""
        async with self.works.open() as work:
            return await check_ledger(work, market_id=self.market.id)

    async def make_settled(self) -> None:
        """Makes what was captured available, as if its day had come."""
        day = datetime(2026, 1, 5, tzinfo=UTC)
        async with self.works.open() as work:
            await work.execute(
                "UPDATE stripe_object SET facts = jsonb_set(facts, '{available_on}', to_jsonb($1::int))"
                " WHERE facts ? 'available_on'",
                int(day.timestamp()),
            )
            await work.execute("UPDATE charge SET available_on = $1 WHERE state = 'PAID'", day)
            await work.execute("UPDATE invoice SET available_on = $1 WHERE available_on IS NOT NULL", day)
