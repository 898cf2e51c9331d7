"""The stock of a line is given back and that of another is promised in its place, in one transaction."""

from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.hubs import ReservationState, StockLine, lock_promised, reserve_stock, step_promised
from marketplace.hubs.stock import Shelf, lock_shelves
from marketplace.substitutions.events import SubstitutionSettled
from marketplace.substitutions.states import SubstitutionState

# The line of a delivery under its lock, with the codes as the shipper knows them.
LOCK_LINE = """
SELECT u.*, k.code, b.code AS by_code FROM substitution u
JOIN sku k ON k.id = u.sku_id LEFT JOIN sku b ON b.id = u.by_sku_id
WHERE u.delivery_id = $1 AND k.code = $2 FOR UPDATE OF u
"""
SETTLE = "UPDATE substitution SET state = $2, by_sku_id = $3, answer_due_at = NULL, settled_at = $4 WHERE id = $1"


async def settle(work: Work, line: asyncpg.Record, by_sku_id: UUID, by_code: str, *, is_wanted: bool) -> bool:
    """Sends the other thing, or nothing where it is not wanted or is gone itself; says whether it goes."""
    promised = next((row for row in await lock_promised(work, [line["delivery_id"]]) if _is_of(row, line)), None)
    is_taken = is_wanted and promised is not None and await _swap(work, promised, by_sku_id, by_code)
    if promised is not None and not is_taken:
        await step_promised(work, [(promised, ReservationState.RELEASED)])
    state = SubstitutionState.TAKEN if is_taken else SubstitutionState.LEFT_OUT
    await work.execute(SETTLE, line["id"], state.value, by_sku_id, work.now)
    work.emit(
        SubstitutionSettled(
            market_id=line["market_id"],
            shipper_id=line["shipper_id"],
            delivery_id=line["delivery_id"],
            sku=line["code"],
            substitute=by_code,
            quantity=line["quantity"],
            outcome=state.value,
        )
    )
    return is_taken


def _is_of(row: asyncpg.Record, line: asyncpg.Record) -> bool:
    """What has left the hub already can no longer be exchanged."""
    return bool(row["sku_id"] == line["sku_id"] and row["state"] == ReservationState.RESERVED)


async def _swap(work: Work, promised: asyncpg.Record, by_sku_id: UUID, by_code: str) -> bool:
    market_id, hub_id = promised["market_id"], promised["hub_id"]
    other = StockLine(shelf=Shelf(by_sku_id, hub_id), code=by_code, quantity=promised["quantity"])
    # Both shelves at once, in their order: two who exchange the one for the other wait in no circle.
    shelves = [Shelf(promised["sku_id"], hub_id), other.shelf]
    level = (await lock_shelves(work, market_id=market_id, shelves=shelves)).get(other.shelf)
    if level is None or level.free < other.quantity:
        return False
    await step_promised(work, [(promised, ReservationState.RELEASED)])
    await reserve_stock(work, market_id=market_id, lines={promised["delivery_id"]: [other]})
    return True
