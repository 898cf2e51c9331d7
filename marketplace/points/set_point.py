"""Operations open a hand-over point, or say anew where it is, when it opens and how much it holds."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.accounts import Tokens, digest_of_key
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.hubs import Opening

MOST_PLACES = 10_000
LONGEST_KEPT_DAYS = 14
LONGEST_NAME, LONGEST_ADDRESS = 80, 100

LOCK = "SELECT taken FROM hand_over_point WHERE id = $1 AND market_id = $2 FOR NO KEY UPDATE"
FIND_SHIPPER = "SELECT id FROM shipper WHERE id = $1"
INSERT = """
INSERT INTO hand_over_point (id, market_id, shipper_id, name, address, lat, lon, opening, places, taken, kept_days,
    is_open, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, 0, $10, $11, $12, $12)
"""
CHANGE = """
UPDATE hand_over_point SET shipper_id = $3, name = $4, address = $5, lat = $6, lon = $7, opening = $8::jsonb,
       places = $9, kept_days = $10, is_open = $11, changed_at = $12
WHERE id = $1 AND market_id = $2
"""
GIVE_KEY = "UPDATE hand_over_point SET key_digest = $3, changed_at = $4 WHERE id = $1 AND market_id = $2 RETURNING id"


class BadPoint(Invalid):
    """A hand-over point that nobody could use."""

    code = "BAD_HAND_OVER_POINT"


class PlacesTaken(Conflict):
    """More parcels have a place there than it is to hold."""

    code = "PLACES_TAKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """What operations say of a point; of its opening hours and holidays count, by the market's clock."""

    name: str
    address: str
    place: Point
    opening: Opening
    places: int
    kept_days: int = 7
    is_open: bool = True
    shipper_id: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= LONGEST_NAME:
            raise BadPoint(f"a name has 1 to {LONGEST_NAME} characters", field="name")
        if not 1 <= len(self.address) <= LONGEST_ADDRESS:
            raise BadPoint(f"an address has 1 to {LONGEST_ADDRESS} characters", field="address")
        if not 1 <= self.places <= MOST_PLACES:
            raise BadPoint(f"a point holds 1 to {MOST_PLACES} parcels", field="places")
        if not 1 <= self.kept_days <= LONGEST_KEPT_DAYS:
            raise BadPoint(f"parcels are kept 1 to {LONGEST_KEPT_DAYS} days", field="keptDays")
        if not self.opening.hours:
            raise BadPoint("a point opens on some day of the week", field="hours")


async def set_hand_over_point(work: Work, *, market_id: UUID, facts: PointFacts, point_id: UUID | None = None) -> UUID:
    """Opens a point, or changes one; parcels that have a place there keep it."""
    if facts.shipper_id is not None and await work.fetch_value(FIND_SHIPPER, facts.shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if point_id is not None:
        # Closes the race against somebody who takes a place meanwhile.
        taken = await work.fetch_value(LOCK, point_id, market_id)
        if taken is None:
            raise NotFound("there is no such hand-over point", field="pointId")
        if taken > facts.places:
            raise PlacesTaken(f"{taken} parcels have a place there; give it at least as many", field="places")
    key = point_id or work.new_id()
    await work.execute(
        CHANGE if point_id is not None else INSERT,
        key,
        market_id,
        facts.shipper_id,
        facts.name,
        facts.address,
        facts.place.lat,
        facts.place.lon,
        orjson.dumps(facts.opening.as_json()).decode(),
        facts.places,
        facts.kept_days,
        facts.is_open,
        work.now,
    )
    return key


async def give_keeper_key(work: Work, *, market_id: UUID, point_id: UUID, tokens: Tokens) -> UUID:
    """Gives the keeper of a point a new key, whose id this is; the one before is no good any more."""
    key_id = work.new_id()
    digest = digest_of_key(tokens.keeper_key(key_id))
    if await work.fetch_value(GIVE_KEY, point_id, market_id, digest, work.now) is None:
        raise NotFound("there is no such hand-over point", field="pointId")
    return key_id
