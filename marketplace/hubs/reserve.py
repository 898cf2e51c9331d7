"""Stock is promised to deliveries, and goes the way that they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.hubs.states import RESERVATION_STEPS, ReservationState, StockReason
from marketplace.hubs.stock import Movement, Shelf, move_stock, open_shelf

LOCK_PROMISED = """
SELECT r.id, r.market_id, r.hub_id, r.sku_id, r.delivery_id, r.quantity, r.state, t.id AS transfer_id, t.to_hub_id
FROM stock_reservation r LEFT JOIN stock_transfer t ON t.delivery_id = r.delivery_id
WHERE r.delivery_id = ANY($1) ORDER BY r.sku_id, r.hub_id, r.id FOR UPDATE OF r
"""
STEP = """
UPDATE stock_reservation r SET state = now.state, changed_at = $1
FROM unnest($2::uuid[], $3::text[]) AS now(id, state) WHERE r.id = now.id
"""
END_TRANSFERS = "UPDATE stock_transfer SET ended_at = $2 WHERE id = ANY($1) AND ended_at IS NULL"


INSERT_TRANSFER = """
INSERT INTO stock_transfer (id, market_id, delivery_id, from_hub_id, to_hub_id, replenishment_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (replenishment_id) WHERE replenishment_id IS NOT NULL AND ended_at IS NULL DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """So many of a SKU, by its code too, at a hub that go with one delivery."""

    shelf: Shelf
    code: str
    quantity: int


async def reserve_stock(work: Work, *, market_id: UUID, lines: Mapping[UUID, Sequence[StockLine]]) -> None:
    """Promises stock to deliveries; a search under lock has found it to be there."""
    columns = ("id", "market_id", "hub_id", "sku_id", "delivery_id", "quantity", "state", "changed_at")
    rows, movements = [], []
    for delivery_id, wished in lines.items():
        for line in wished:
            shelf, state = line.shelf, ReservationState.RESERVED.value
            rows.append(
                (work.new_id(), market_id, shelf.hub_id, shelf.sku_id, delivery_id, line.quantity, state, work.now)
            )
            movements.append(
                Movement(shelf=shelf, reason=StockReason.RESERVED, reserved=line.quantity, delivery_id=delivery_id)
            )
    await work.insert_many("stock_reservation", columns, rows)
    await move_stock(work, market_id=market_id, movements=movements)


async def lock_promised(work: Work, delivery_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """What is promised to deliveries, or went with them, under its lock."""
    return await work.fetch(LOCK_PROMISED, list(delivery_ids))


async def step_promised(work: Work, goals: Sequence[tuple[asyncpg.Record, ReservationState]]) -> None:
    """Takes promised stock to where its delivery has taken it; the rows are locked, and all of one market."""
    movements: list[Movement] = []
    rows, states = [], []
    for row, goal in goals:
        movements += [_movement(row, state) for state in _way(ReservationState(row["state"]), goal)]
        rows.append(row["id"])
        states.append(goal.value)
        if goal is ReservationState.ARRIVED:
            await open_shelf(work, market_id=row["market_id"], shelf=Shelf(row["sku_id"], row["to_hub_id"]))
    if not rows:
        return
    await work.execute(STEP, work.now, rows, states)
    await move_stock(work, market_id=goals[0][0]["market_id"], movements=movements)


async def add_transfer(
    work: Work,
    *,
    market_id: UUID,
    delivery_id: UUID,
    from_hub_id: UUID,
    to_hub_id: UUID,
    replenishment_id: UUID | None,
) -> bool:
    """Has what is promised to a delivery arrive at another hub; False where the shortage has raised a transfer."""
    values = (delivery_id, from_hub_id, to_hub_id, replenishment_id, work.now)
    return bool(await work.execute(INSERT_TRANSFER, work.new_id(), market_id, *values))


async def end_transfers(work: Work, transfer_ids: Sequence[UUID]) -> None:
    """Closes transfers whose deliveries have ended, so that a shortage can raise another."""
    if transfer_ids:
        await work.execute(END_TRANSFERS, list(transfer_ids), work.now)


def _way(state: ReservationState, goal: ReservationState) -> list[ReservationState]:
    """The steps from here to there: what came back was shipped before, even if nobody has seen it."""
    if goal in RESERVATION_STEPS[state]:
        return [goal]
    check_step(RESERVATION_STEPS, state, ReservationState.SHIPPED)
    check_step(RESERVATION_STEPS, ReservationState.SHIPPED, goal)
    return [ReservationState.SHIPPED, goal]


def _movement(row: asyncpg.Record, state: ReservationState) -> Movement:
    quantity, shelf = row["quantity"], Shelf(row["sku_id"], row["hub_id"])
    reason, delivery_id = StockReason(state.value), row["delivery_id"]
    match state:
        case ReservationState.RELEASED:
            return Movement(shelf=shelf, reason=reason, reserved=-quantity, delivery_id=delivery_id)
        case ReservationState.SHIPPED:
            return Movement(shelf=shelf, reason=reason, on_hand=-quantity, reserved=-quantity, delivery_id=delivery_id)
        case ReservationState.ARRIVED:
            there = Shelf(row["sku_id"], row["to_hub_id"])
            return Movement(shelf=there, reason=reason, on_hand=quantity, delivery_id=delivery_id)
        case _:
            return Movement(shelf=shelf, reason=reason, on_hand=quantity, delivery_id=delivery_id)
