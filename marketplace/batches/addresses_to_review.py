"""Deliveries whose addresses were not found surely enough: what operations look at before anything is planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.addresses import Candidate, kept_answer
from marketplace.core.work import Work

FIND = """
SELECT id, shipper_id, external_id, dropoff_address, dropoff_closes_at FROM delivery
WHERE market_id = $1 AND state = 'CREATED' AND needs_review ORDER BY dropoff_closes_at, id LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtedAddress:
    """An address as it was written, and the places that it may mean."""

    delivery_id: UUID
    shipper_id: UUID
    external_id: str
    address: str
    closes_at: datetime
    candidates: Sequence[Candidate]


async def addresses_to_review(work: Work, *, market_id: UUID, geocoder: str | None, limit: int) -> list[DoubtedAddress]:
    """The deliveries of a market that wait for somebody to say where they go, the most urgent first."""
    rows = await work.fetch(FIND, market_id, limit)
    return [
        DoubtedAddress(
            delivery_id=row["id"],
            shipper_id=row["shipper_id"],
            external_id=row["external_id"],
            address=row["dropoff_address"],
            closes_at=row["dropoff_closes_at"],
            candidates=await kept_answer(work, geocoder=geocoder, market_id=market_id, text=row["dropoff_address"])
            or []
            if geocoder
            else [],
        )
        for row in rows
    ]
