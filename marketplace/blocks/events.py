"""Facts about blocks: published, signed for, kept, and what became free."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockPublished(Event):
    """A block can be signed up for from `signs_from` on."""

    block_id: UUID
    opens_at: datetime
    closes_at: datetime
    places: int
    signs_from: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockCancelled(Event):
    """A block will not take place."""

    block_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockSignedUp(Event):
    """A driver has a place in a block."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID
    opens_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockPlaceFreed(Event):
    """A place is held for a driver of the waiting line, who answers in time or loses it."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID
    opens_at: datetime
    answer_by: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockLeft(Event):
    """A driver gave a place back; late is after the block's own moment, and no money moves for it."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID
    is_late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockCalledOff(Event):
    """A block of a driver's was cancelled by whoever published it."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID
    opens_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockCheckedIn(Event):
    """A driver was online in the block's area near its beginning."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockMissed(Event):
    """A driver with a place did not come."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockKept(Event):
    """A driver's block is over and settled: time attended, pay of its routes, and what was made up to its floor."""

    block_id: UUID
    sign_up_id: UUID
    driver_id: UUID
    attended_s: int
    earned_minor: int
    top_up_minor: int
    currency: str
