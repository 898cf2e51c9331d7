"""What pay tests begin with: routes that were driven, and drivers who have something to be paid."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.accounts.models import Operator
from marketplace.core.ids import DriverId, MarketId, OperatorId, PayoutId, RouteId, StatementId
from marketplace.core.work import Work
from marketplace.fleet.models import Driver
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.payments import OperationKind
from marketplace.payouts import issue_statement
from marketplace.payouts.models import PayoutAccount
from marketplace.routes.models import Route
from marketplace.routes.states import RouteState
from marketplace.shippers.models import Shipper
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

ARRIVE = """
UPDATE stop SET state = 'COMPLETED', arrived_at = $2::timestamptz + place * interval '10 minutes',
                ended_at = $2::timestamptz + place * interval '10 minutes' + $3 * interval '1 second'
WHERE route_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayWorld:
    """A market with a shipper and a hub, in which routes can be driven."""

    market: Market
    shipper: Shipper
    hub: Hub

    @property
    def market_id(self) -> MarketId:
        """The market's id."""
        return MarketId(self.market.id)


async def make_pay_world(work: Work, **changes: Any) -> PayWorld:
    """A market in which nothing has happened yet."""
    market = await make_market(work, **changes)
    return PayWorld(market=market, shipper=await make_shipper(work, market), hub=await make_hub(work, market))


async def make_driven_route(
    work: Work,
    world: PayWorld,
    driver: Driver,
    *,
    state: RouteState = RouteState.COMPLETED,
    engaged: timedelta = timedelta(minutes=25),
    stop_time_s: int = 120,
    guarantee_minor: int = 0,
    **changes: Any,
) -> Route:
    """A route of a pickup and two drop-offs, 2 km apart, whose driver came 1.5 km to the pickup.

    Under pay policy 1 of the builders: base 900, 5.5 km 990, 25 min 1500, 3 stops 750, together 4140.
    """
    batch = await make_batch(work, world.market, world.shipper)
    deliveries = [await make_delivery(work, world.market, world.shipper, world.hub, batch) for _ in range(2)]
    values = {"accepted_at": work.now - engaged, "ended_at": work.now, "approach_m": 1500} | changes
    route, _ = await make_route(
        work, world.market, deliveries, driver=driver, state=state, guarantee_minor=guarantee_minor, **values
    )
    await work.execute(ARRIVE, route.id, values["accepted_at"], stop_time_s)
    return route


async def make_paid_driver(
    work: Work, world: PayWorld, *, routes: int = 1, has_account: bool = True
) -> tuple[DriverId, list[StatementId]]:
    """A driver with payable statements of 4140 each, and an account of their own that money may go to."""
    driver = await make_driver(work, world.market)
    if has_account:
        await open_account(work, world, driver.id)
    statements = []
    for _ in range(routes):
        route = await make_driven_route(work, world, driver)
        statements.append(await issue_statement(work, route_id=RouteId(route.id)))
    return DriverId(driver.id), statements


async def payout_row(work: Work, payout_id: PayoutId) -> dict[str, Any]:
    """A payout as it stands in the database."""
    row = await work.fetch_row("SELECT * FROM payout WHERE id = $1", payout_id)
    assert row is not None
    return dict(row)


async def statement_row(work: Work, statement_id: StatementId) -> dict[str, Any]:
    """A statement as it stands in the database."""
    row = await work.fetch_row("SELECT * FROM pay_statement WHERE id = $1", statement_id)
    assert row is not None
    return dict(row)


async def wallet_minor(work: Work, world: PayWorld, driver_id: DriverId) -> tuple[int, int]:
    """What the wallet can give, and what is on hold there."""
    row = await work.fetch_row(
        "SELECT credits_posted - debits_posted - debits_pending AS available, debits_pending FROM account"
        " WHERE market_id = $1 AND code LIKE '%' || $2 || ':wallet'",
        world.market.id,
        str(driver_id),
    )
    return (row["available"], row["debits_pending"]) if row else (0, 0)


async def open_account(work: Work, world: PayWorld, driver_id: UUID, **changes: Any) -> str:
    """An account that the provider has opened and verified, with a bank that can be paid."""
    account = f"acct_{driver_id.hex[-12:]}"
    values: dict[str, Any] = {
        "payee_id": driver_id,
        "driver_id": driver_id,
        "market_id": world.market.id,
        "account": account,
        "can_receive": True,
        "can_pay_out": True,
        "is_submitted": True,
        "currently_due": [],
        "target": "bank-1",
        "created_at": work.now,
        "changed_at": work.now,
    }
    await PayoutAccount.create(using_db=work.db, **values | changes)
    return account


async def end_operation(
    work: Work,
    kind: OperationKind,
    payout_id: UUID,
    *,
    object_state: str | None = None,
    error_code: str | None = None,
    **facts: Any,
) -> None:
    """The latest operation of a kind has ended, as the errand that sends it would have written it."""
    row = await work.fetch_row(
        "SELECT * FROM stripe_operation WHERE kind = $1 AND subject_id = $2 ORDER BY number DESC LIMIT 1",
        kind.value,
        payout_id,
    )
    assert row is not None, "this was never wanted"
    state = "REJECTED" if error_code else "DONE"
    made = None if error_code else f"{kind.value.lower()[:2]}_{row['id'].hex}"
    await work.execute(
        "UPDATE stripe_operation SET state = $2, object_id = $3, error_code = $4, ended_at = $5 WHERE id = $1",
        *(row["id"], state, made, error_code, work.now),
    )
    if made is not None:
        await work.execute(
            "INSERT INTO stripe_object (id, market_id, kind, account, operation_id, subject_id, state, rank, facts,"
            " seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8::jsonb, $9)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state, facts = excluded.facts",
            *(made, row["market_id"], MADE[kind], row["account"], row["id"], payout_id, object_state or "created"),
            *(orjson.dumps(facts).decode(), work.now),
        )


MADE = {OperationKind.TRANSFER: "transfer", OperationKind.PAYOUT: "payout", OperationKind.CREATE_ACCOUNT: "account"}


async def wanted(work: Work, payout_id: UUID) -> list[tuple[str, int, str]]:
    """The operations that were wanted for a payout or a driver, in order."""
    rows = await work.fetch(
        "SELECT kind, number, state FROM stripe_operation WHERE subject_id = $1 ORDER BY kind DESC, number", payout_id
    )
    return [(row["kind"], row["number"], row["state"]) for row in rows]


async def make_operator(work: Work, market_id: UUID | None) -> OperatorId:
    """An operator of a market, or of all of them."""
    made = await Operator.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        email=f"{work.new_id()}@example.com",
        name="Olga",
        created_at=work.now,
    )
    return OperatorId(made.id)
