"""A shipper with a hub that has milk brought on certain days, and a worker that may be late."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.batches import CreditGate, DeliveryRequest, LocalWindow
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.hubs import Opening
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.recurring_batches import PostOccurrence, Template, Terms, create_recurring_batch
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order

TOMORROW = datetime(2026, 3, 3, 9)
"""A Tuesday; the clock of the tests stands at noon of the Monday before, in Chile."""
RUNS = "SELECT day, outcome, reason, posted_count FROM recurring_run ORDER BY day"
POSTED = "SELECT external_id, dropoff_opens_at FROM delivery ORDER BY dropoff_opens_at, external_id"


def door(says: Exception | None = None) -> CreditGate:
    """A credit gate that lets everybody in, or says why not."""

    async def gate(work: Work, *, shipper_id: UUID, market_id: UUID, wanted: Money) -> None:
        if says is not None:
            raise says

    return gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Dairy:
    """Who has milk brought, and from where."""

    works: Works
    market: Market
    shipper: Shipper
    hub: Hub

    def row(self, external_id: str = "milk", starts_at: datetime = TOMORROW, **changes: Any) -> DeliveryRequest:
        """A parcel of the morning, from one to three hours after the beginning."""
        morning = LocalWindow(opens=starts_at + timedelta(hours=1), closes=starts_at + timedelta(hours=3))
        values: dict[str, Any] = {"hub_id": self.hub.id, "pickup_window": morning, "dropoff_window": morning}
        return order(external_id, **values | changes)

    def template(self, *rows: DeliveryRequest, **terms: Any) -> Template:
        """Milk on every day from tomorrow on, unless it says otherwise."""
        values: dict[str, Any] = {"starts_at": TOMORROW, "rule": "FREQ=DAILY"} | terms
        return Template(name="Milk", terms=Terms(**values), rows=rows or [self.row(starts_at=values["starts_at"])])

    async def keep(self, *rows: DeliveryRequest, **terms: Any) -> UUID:
        """A recurring batch."""
        async with self.works.open() as work:
            return await create_recurring_batch(
                work,
                shipper_id=self.shipper.id,
                market_id=self.market.id,
                template=self.template(*rows, **terms),
            )

    def errand(self, recurring_id: UUID, gate: CreditGate = check_credit) -> PostOccurrence:
        """What a worker does."""
        return PostOccurrence(router=ROUTER, gate=gate, recurring_batch_id=recurring_id)

    async def look(self, recurring_id: UUID, gate: CreditGate = check_credit) -> None:
        """A worker settles all days that are due."""
        while await run_errand(self.works, self.errand(recurring_id, gate)):
            continue

    async def runs(self) -> list[tuple[date, str, str | None, int]]:
        """What became of each day."""
        async with self.works.open() as work:
            return [tuple(row.values()) for row in await work.fetch(RUNS)]

    async def posted(self) -> list[tuple[str, datetime]]:
        """The deliveries that there are."""
        async with self.works.open() as work:
            return [tuple(row.values()) for row in await work.fetch(POSTED)]

    async def standing(self, recurring_id: UUID) -> tuple[str, date | None, int]:
        """State, next day and refusals in a row."""
        async with self.works.open() as work:
            row = await work.fetch_row(
                "SELECT state, next_day, refusals FROM recurring_batch WHERE id = $1", recurring_id
            )
        assert row is not None
        return row["state"], row["next_day"], row["refusals"]

    async def told(self) -> list[tuple[str, str]]:
        """What was said of recurring batches: names of events, and why."""
        async with self.works.open() as work:
            rows = await work.fetch(
                "SELECT name, payload ->> 'reason' AS reason FROM event WHERE payload ? 'recurring_batch_id'"
                " ORDER BY ordinal"
            )
        return [(row["name"], row["reason"] or "") for row in rows]


async def make_dairy(works: Works, *, opening: Opening | None = None) -> Dairy:
    """A shipper and a hub with those hours."""
    async with works.open() as work:
        market = await make_market(work)
        kept = orjson.loads(orjson.dumps(opening.as_json())) if opening else None
        return Dairy(
            works=works,
            market=market,
            shipper=await make_shipper(work, market),
            hub=await make_hub(work, market, opening=kept),
        )
