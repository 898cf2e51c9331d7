"""An operator has seen to a parcel that was too long out of the cold, and says what was done."""

from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work

LONGEST_NOTE = 200
SETTLE = """
UPDATE cold_breach SET settled_at = coalesce(settled_at, $3), settled_by = coalesce(settled_by, $4),
       note = coalesce(note, $5)
WHERE delivery_id = $1 AND market_id = $2 RETURNING delivery_id
"""


async def settle_cold_breach(work: Work, *, delivery_id: UUID, market_id: UUID, operator_id: UUID, note: str) -> None:
    """Takes it off the queue of operations; who settled it first, and with what words, stays."""
    said = note.strip()
    if not 1 <= len(said) <= LONGEST_NOTE or not said.isprintable():
        raise Invalid(f"say in 1 to {LONGEST_NOTE} printable characters what was done", field="note")
    if await work.fetch_value(SETTLE, delivery_id, market_id, work.now, operator_id, said) is None:
        raise NotFound("there is no such breach", field="deliveryId")
