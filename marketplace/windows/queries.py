"""Reads of places in windows, in the shape of the API."""

from typing import Any
from uuid import UUID

import orjson

from marketplace.core.work import Work

HOLD = """
SELECT json_build_object(
    'id', 'whd_' || replace(id::text, '-', ''), 'delivery_id', 'dlv_' || replace(delivery_id::text, '-', ''),
    'state', state, 'window', json_build_object('opens_at', opens_at, 'closes_at', closes_at),
    'difference_minor', difference_minor, 'currency', currency, 'is_charged', is_charged, 'reason', reason,
    'extra_m', extra_m, 'extra_s', extra_s, 'expires_at', CASE WHEN state = 'HELD' THEN expires_at END)
FROM window_hold
WHERE id = $1 AND ($2::uuid IS NULL OR shipper_id = $2) AND ($3::uuid IS NULL OR delivery_id = $3)
"""


async def find_hold(
    work: Work, *, hold_id: UUID, shipper_id: UUID | None, delivery_id: UUID | None
) -> dict[str, Any] | None:
    """A place in a window as its shipper, or the recipient of its delivery, sees it."""
    text = await work.fetch_value(HOLD, hold_id, shipper_id, delivery_id)
    return orjson.loads(text) if text else None
