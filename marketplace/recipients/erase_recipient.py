"""Erases what the market knows of a recipient: name, phone, address, words, PIN, pictures, and every copy of them.

Money rows stay: they hold ids and amounts and no person. So do events, which never held one. What is left of the place
is a kilometre's neighbourhood, for figures by area. A picture goes even where another delivery was handed over at the
same stop: privacy weighs more than evidence. The pictures themselves are removed from the object store within a minute,
by the sweep that removes pictures which nothing names.

A delivery that is under way cannot be brought to nobody, nor one that waits at a hand-over point be collected by
nobody: it has to end first.
"""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.accounts import Principal, PrincipalKind, revoke_tracking_links
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.work import Work
from marketplace.recipients.events import RecipientErased
from marketplace.recurring_batches import forget_recipient_rows

ERASED_AT_ONCE = 500
SHORTEST_PHONE = 6
SHORTEST_TRACE = 4
"""A shorter name is looked for nowhere but in its own columns: it would be found in many a word."""

# The rows are locked in order of id, like everywhere; what drives or bills them meanwhile waits for this.
LOCK = """
SELECT id, market_id, shipper_id, external_id, recipient_name, recipient_phone, dropoff_address,
       state IN ('DELIVERED', 'RETURNED', 'CANCELLED', 'EXPIRED', 'FAILED') AND NOT EXISTS (
           SELECT FROM collection c WHERE c.delivery_id = delivery.id AND c.state IN ('PROMISED', 'WAITING')
       ) AS has_ended
FROM delivery
WHERE return_of IS NULL AND ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR recipient_phone = $2)
  AND ($3::uuid IS NULL OR shipper_id = $3) AND ($4::uuid IS NULL OR market_id = $4)
ORDER BY id LIMIT $5 FOR UPDATE
"""
# The digest of what was posted goes too: whoever guesses a phone could have checked the guess against it.
ERASE_DELIVERIES = """
UPDATE delivery SET recipient_name = '', recipient_phone = '', dropoff_address = '', instructions = '',
       recipient_instructions = NULL, safe_place = NULL, pin = NULL, digest = $2,
       dropoff_lat = round(dropoff_lat::numeric, 2), dropoff_lon = round(dropoff_lon::numeric, 2),
       given_lat = NULL, given_lon = NULL
WHERE id = ANY($1)
"""
ERASE_RETURNS = """
UPDATE delivery SET pickup_name = '', pickup_phone = '', pickup_address = '', instructions = '', digest = $2,
       pickup_lat = round(pickup_lat::numeric, 2), pickup_lon = round(pickup_lon::numeric, 2)
WHERE return_of = ANY($1)
"""
ERASE_PACKAGES = "UPDATE package SET description = '' WHERE delivery_id = ANY($1)"
DOORS = """
SELECT DISTINCT s.id, s.route_id, s.place FROM task t JOIN stop s ON s.id = t.stop_id
WHERE t.delivery_id = ANY($1) AND s.kind = 'DROPOFF'
"""
BLUR_DOORS = """
UPDATE stop SET lat = round(lat::numeric, 2), lon = round(lon::numeric, 2), path = NULL WHERE id = ANY($1)
"""
FORGET_WAYS = """
UPDATE stop SET path = NULL FROM unnest($1::uuid[], $2::int[]) AS door(route_id, place)
WHERE stop.route_id = door.route_id AND stop.place = door.place + 1
"""
BLUR_HOLDS = """
UPDATE window_hold SET dropoff_lat = round(dropoff_lat::numeric, 2), dropoff_lon = round(dropoff_lon::numeric, 2)
WHERE delivery_id = ANY($1)
"""
# What drivers have taught of a door goes with its last visit.
FORGET_VISITS = "DELETE FROM drop_visit WHERE stop_id = ANY($1) RETURNING drop_point_id"
FORGET_DROP_POINTS = """
DELETE FROM drop_point p WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM drop_visit v WHERE v.drop_point_id = p.id)
"""
FORGET_REPORTED_PLACES = "UPDATE stop_report SET lat = NULL, lon = NULL WHERE stop_id = ANY($1)"
GIVE_UP_PICTURES = """
UPDATE proof SET named_at = NULL, left_in = NULL, state = CASE WHEN object_key IS NULL THEN state ELSE 'SWEPT' END
WHERE stop_id = ANY($1)
"""
# What was said and shown in a claim goes, by whomever; the reason of whoever decided stays with the amounts.
GIVE_UP_CLAIM_PICTURES = """
UPDATE proof SET named_at = NULL, state = CASE WHEN object_key IS NULL THEN state ELSE 'SWEPT' END
WHERE id IN (SELECT unnest(e.proof_ids) FROM claim_entry e JOIN claim c ON c.id = e.claim_id
    WHERE c.delivery_id = ANY($1))
"""
ERASE_CLAIMS = """
UPDATE claim_entry SET text = '', proof_ids = '{}'
WHERE by_kind <> 'operator' AND claim_id IN (SELECT id FROM claim WHERE delivery_id = ANY($1))
"""
FORGET_PAPERS = """
UPDATE custody SET identity_mark = NULL WHERE delivery_id = ANY($1) AND identity_mark IS NOT NULL
"""
ERASE_MESSAGES = """
UPDATE notification SET address = '', text = '' WHERE delivery_id = ANY($1) AND audience = 'recipient'
"""
FORGET_BROWSERS = "DELETE FROM browser WHERE delivery_id = ANY($1)"
ERASE_QUOTES = """
UPDATE quote SET request = (
    SELECT jsonb_agg(CASE WHEN wish ->> 'external_id' = ANY($2) OR wish -> 'dropoff' ->> 'phone' = ANY($3)
        THEN wish || jsonb_build_object('instructions', '', 'dropoff', (wish -> 'dropoff') || jsonb_build_object(
            'address', '', 'name', '', 'phone', '', 'point', jsonb_build_object(
                'lat', round((wish -> 'dropoff' -> 'point' ->> 'lat')::numeric, 2),
                'lon', round((wish -> 'dropoff' -> 'point' ->> 'lon')::numeric, 2))),
            'packages', (SELECT coalesce(jsonb_agg(package || '{"description": ""}'), '[]')
                FROM jsonb_array_elements(wish -> 'packages') AS package))
        ELSE wish END ORDER BY place)
    FROM jsonb_array_elements(request) WITH ORDINALITY AS rows(wish, place))
WHERE shipper_id = $1 AND EXISTS (
    SELECT FROM jsonb_array_elements(request) AS wish
    WHERE wish ->> 'external_id' = ANY($2) OR wish -> 'dropoff' ->> 'phone' = ANY($3))
"""
# What a job last failed with may repeat what it was given, such as a phone that could not be reached.
ERASE_FAILURES = """
UPDATE job SET error = 'erased with its recipient' WHERE error IS NOT NULL AND (
    subject = ANY($1) OR subject IN (SELECT id::text FROM event WHERE delivery_id = ANY($1::uuid[]))
    OR EXISTS (SELECT FROM unnest($2::text[]) AS trace WHERE strpos(error, trace) > 0))
"""
FORGET_ANSWERS = "DELETE FROM idempotency WHERE principal_id = ANY($1)"
NOTE = """
INSERT INTO erasure (id, market_id, delivery_id, erased_by_kind, erased_by, erased_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]), (VALUES ($4, $5::uuid, $6::timestamptz)) AS who
"""


class StillUnderWay(Conflict):
    """The delivery has not ended."""

    code = "STILL_UNDER_WAY"


class BadErasure(Invalid):
    """Neither a delivery nor a phone, or both."""

    code = "BAD_ERASURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased, and how many deliveries to that phone are still under way."""

    delivery_ids: list[UUID]
    under_way: int


async def erase_recipient(
    work: Work,
    *,
    by: Principal,
    delivery_id: DeliveryId | None = None,
    phone: str | None = None,
    market_id: MarketId | None = None,
) -> Erased:
    """Erases the recipient of one delivery, or of all ended deliveries to a phone, at most 500 in one call.

    A shipper reaches its own deliveries, an operator those of `market_id`. Erasing twice leaves what is erased.
    """
    if (delivery_id is None) == (phone is None):
        raise BadErasure("name a delivery or a phone", field="deliveryId")
    if phone is not None and len(phone.strip()) < SHORTEST_PHONE:
        raise BadErasure("give the whole phone number, as it was posted", field="phone")
    shipper_id = by.shipper_id if by.kind is PrincipalKind.SHIPPER else None
    assert shipper_id is not None or market_id is not None, "an operator names a market"
    found = await work.fetch(LOCK, delivery_id, phone and phone.strip(), shipper_id, market_id, ERASED_AT_ONCE)
    ended = [row for row in found if row["has_ended"]]
    if delivery_id is not None and not found:
        raise NotFound("there is no such delivery", field="deliveryId")
    if delivery_id is not None and not ended:
        raise StillUnderWay("this delivery is under way; call it off or let it end first", field="deliveryId")
    if ended:
        await _erase(work, ended)
        await _note(work, ended, by)
    return Erased(delivery_ids=[row["id"] for row in ended], under_way=len(found) - len(ended))


async def _erase(work: Work, deliveries: list[asyncpg.Record]) -> None:
    ids = [row["id"] for row in deliveries]
    await work.execute(ERASE_DELIVERIES, ids, work.random.randbytes(32))
    await work.execute(ERASE_RETURNS, ids, work.random.randbytes(32))
    await work.execute(ERASE_PACKAGES, ids)
    doors = await work.fetch(DOORS, ids)
    stop_ids = [door["id"] for door in doors]
    await work.execute(BLUR_DOORS, stop_ids)
    await work.execute(FORGET_WAYS, [door["route_id"] for door in doors], [door["place"] for door in doors])
    await work.execute(BLUR_HOLDS, ids)
    await work.execute(FORGET_REPORTED_PLACES, stop_ids)
    taught = await work.fetch(FORGET_VISITS, stop_ids)
    await work.execute(FORGET_DROP_POINTS, sorted({row["drop_point_id"] for row in taught}))
    await work.execute(GIVE_UP_PICTURES, stop_ids)
    await work.execute(GIVE_UP_CLAIM_PICTURES, ids)
    await work.execute(ERASE_CLAIMS, ids)
    await work.execute(FORGET_PAPERS, ids)
    await work.execute(ERASE_MESSAGES, ids)
    await work.execute(FORGET_BROWSERS, ids)
    for shipper_id in sorted({row["shipper_id"] for row in deliveries}):
        theirs = [row for row in deliveries if row["shipper_id"] == shipper_id]
        phones = [row["recipient_phone"] for row in theirs if row["recipient_phone"]]
        await work.execute(ERASE_QUOTES, shipper_id, [row["external_id"] for row in theirs], phones)
        await forget_recipient_rows(
            work, shipper_id=shipper_id, delivery_ids=[row["id"] for row in theirs], phones=phones
        )
    said = ("recipient_name", "recipient_phone", "dropoff_address")
    traces = {row[column] for row in deliveries for column in said if len(row[column]) >= SHORTEST_TRACE}
    await work.execute(ERASE_FAILURES, [str(one) for one in ids], sorted(traces))
    await work.execute(FORGET_ANSWERS, ids)
    await revoke_tracking_links(work, delivery_ids=ids)


async def _note(work: Work, deliveries: list[asyncpg.Record], by: Principal) -> None:
    """Writes down who erased what, without what it was."""
    await work.execute(
        NOTE,
        [work.new_id() for _ in deliveries],
        [row["market_id"] for row in deliveries],
        [row["id"] for row in deliveries],
        by.kind.value,
        by.id,
        work.now,
    )
    for row in deliveries:
        work.emit(RecipientErased(market_id=row["market_id"], shipper_id=row["shipper_id"], delivery_id=row["id"]))
