"""Every read for recipients: one delivery, found by the id that its link is bound to and by nothing else."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from marketplace.batches import DeliveryState
from marketplace.batches.at_point import NEVER_AT_A_POINT
from marketplace.batches.change_promise import CHANGEABLE
from marketplace.core.currencies import decimals
from marketplace.core.geo import Point, cell_centre
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.points import CollectionState
from marketplace.pricing import smallest_tip, suggested_tips
from marketplace.recipients.states import (
    ENGAGED,
    IN_PERSON,
    PASSED,
    STATUS_AT_POINT,
    STATUS_OF,
    STEP_AT_POINT,
    WISHES_HEARD,
    Language,
    RecipientAction,
    TrackedStatus,
)
from marketplace.recipients.wording import headline, reason_in_words, step_at_point
from marketplace.substitutions.queries import SUBSTITUTIONS

POSITION_GOOD_FOR = timedelta(minutes=5)
"""An older place is shown to nobody: the driver may be anywhere by now."""
BLURRED_FOR = timedelta(minutes=10)
"""After the door it is still of use to know whether the driver is about: who was missed may run after the van."""
TIMELINE_AT_MOST = 50
TIPS_AT_MOST = 20

# Where the driver is leaves the database only when the recipient may see it: the route is under way, the delivery is on
# it, and few enough stops come before; or for a moment after the door, and then no nearer than its cell, for the driver
# is on the way to somebody else. First names only; other stops are counted and never told.
TRACKED = f"""
SELECT json_build_object(
    'id', 'dlv_' || replace(d.id::text, '-', ''), 'state', d.state, 'sequence', d.sequence,
    'shipper_name', s.name, 'time_zone', d.time_zone, 'currency', d.currency,
    'promised_window', json_build_object('opens_at', d.dropoff_opens_at, 'closes_at', d.dropoff_closes_at),
    'planned_window', (SELECT json_build_object('opens_at', a.shown_opens_at, 'closes_at', a.shown_closes_at)
        FROM arrival a WHERE a.delivery_id = d.id),
    'address', d.dropoff_address, 'lat', d.dropoff_lat, 'lon', d.dropoff_lon,
    'pin', CASE WHEN d.state = ANY($3) THEN d.pin END,
    'requirements', d.requirements, 'instructions', coalesce(d.recipient_instructions, ''),
    'may_choose_again', d.state = 'ATTEMPTED' AND d.answer_due_at > $6,
    'may_claim', d.state IN ('DELIVERED', 'RETURNED', 'FAILED')
        AND d.changed_at + m.claim_within_s * interval '1 second' >= $6
        AND NOT EXISTS (SELECT FROM claim WHERE delivery_id = d.id AND state <> 'WITHDRAWN'),
    'substitutions', {SUBSTITUTIONS},
    'collection', (SELECT json_build_object('id', c.id, 'state', c.state, 'name', p.name, 'address', p.address,
        'lat', p.lat, 'lon', p.lon, 'due_at', c.due_at)
        FROM collection c JOIN hand_over_point p ON p.id = c.point_id
        WHERE c.delivery_id = d.id AND c.state <> 'RELEASED'),
    'safe_place', d.safe_place, 'failure_reason', d.failure_reason, 'changed_at', d.changed_at,
    'driver', CASE WHEN r.state = 'STARTED' OR d.state = 'DELIVERED' THEN json_build_object(
        'first_name', split_part(v.name, ' ', 1), 'vehicle', v.vehicle) END,
    'stops_before', CASE WHEN is_near THEN before.stops END,
    'position', CASE WHEN (is_near OR was_near) AND p.position_at > $2 THEN json_build_object(
        'lat', p.lat, 'lon', p.lon, 'occurred_at', p.position_at, 'is_blurred', NOT is_near) END,
    'rating', (SELECT json_build_object('stars', stars, 'reasons', reasons) FROM rating WHERE delivery_id = d.id),
    'tips', CASE WHEN d.state = 'DELIVERED' THEN json_build_object(
        'limit_minor', m.tip_limit_minor, 'is_in_time', d.changed_at + m.tip_within_s * interval '1 second' >= $6,
        'given', (SELECT coalesce(json_agg(json_build_object(
            'id', 'tip_' || replace(t.id::text, '-', ''), 'amount_minor', t.amount_minor, 'state', t.state,
            'url', t.url) ORDER BY t.id DESC), '[]') FROM (
                SELECT id, amount_minor, state, url FROM tip WHERE delivery_id = d.id ORDER BY id DESC LIMIT $7) AS t),
        'taken_minor', (SELECT coalesce(sum(amount_minor), 0) FROM tip
            WHERE delivery_id = d.id AND state = 'PAID')) END,
    'pictures', CASE WHEN d.state = 'DELIVERED' THEN (
        SELECT coalesce(json_agg(f.id ORDER BY f.id), '[]') FROM proof f JOIN task t ON t.stop_id = f.stop_id
        WHERE t.delivery_id = d.id AND f.kind = 'PHOTO' AND f.named_at IS NOT NULL AND f.object_key IS NOT NULL)
        ELSE '[]' END,
    'timeline', (SELECT coalesce(json_agg(
        json_build_object('name', name, 'state', state, 'occurred_at', occurred_at)), '[]') FROM (
        SELECT e.name, e.payload ->> 'state' AS state, e.occurred_at FROM event e
        WHERE e.delivery_id = d.id AND e.payload ->> 'state' IS NOT NULL
        ORDER BY e.ordinal DESC LIMIT $4) AS told))
FROM delivery d
JOIN shipper s ON s.id = d.shipper_id
JOIN market m ON m.id = d.market_id
LEFT JOIN route r ON r.id = d.route_id AND r.state IN ('STARTED', 'COMPLETED')
LEFT JOIN driver v ON v.id = r.driver_id
LEFT JOIN presence p ON p.driver_id = r.driver_id
LEFT JOIN LATERAL (
    SELECT count(*) AS stops FROM stop o
    WHERE o.route_id = r.id AND o.state IN ('PENDING', 'EN_ROUTE', 'ARRIVED') AND o.place < (
        SELECT min(mine.place) FROM task t JOIN stop mine ON mine.id = t.stop_id
        WHERE t.delivery_id = d.id AND mine.route_id = r.id AND mine.kind = 'DROPOFF')) AS before ON true
LEFT JOIN LATERAL (
    SELECT r.state = 'STARTED' AND d.state = ANY($5) AND before.stops <= m.driver_shown_stops AS is_near,
           r.state = 'STARTED' AND d.state = ANY($8) AND d.changed_at > $9 AS was_near) AS sight
    ON true
WHERE d.id = $1
"""


async def tracked_delivery(work: Work, *, delivery_id: DeliveryId, language: Language) -> dict[str, Any] | None:
    """What the recipient of a delivery may know of it now, with its status in words."""
    still_open = [state.value for state in DeliveryState if state in WISHES_HEARD | ENGAGED]
    text = await work.fetch_value(
        TRACKED,
        delivery_id,
        work.now - POSITION_GOOD_FOR,
        still_open,
        TIMELINE_AT_MOST,
        [state.value for state in ENGAGED],
        work.now,
        TIPS_AT_MOST,
        [state.value for state in PASSED],
        work.now - BLURRED_FOR,
    )
    return _in_words(orjson.loads(text), language, work.now) if text else None


def _in_words(found: dict[str, Any], language: Language, now: datetime) -> dict[str, Any]:
    state = DeliveryState(found["state"])
    found |= {"tips": _tips(found)}
    if found["position"] is not None and found["position"]["is_blurred"]:
        around = cell_centre(Point(lat=found["position"]["lat"], lon=found["position"]["lon"]).cell)
        found["position"].update(lat=around.lat, lon=around.lon)
    status = _status(state, found["collection"])
    return found | {
        "read_at": now,
        "status": status,
        "headline": _headline(status, found["collection"], language),
        "digits": decimals(found["currency"]),
        "reason": reason_in_words(found["failure_reason"], language),
        "actions": _actions(state, found),
        "timeline": _timeline(found["timeline"], found["collection"], language),
    }


def _status(state: DeliveryState, collection: dict[str, Any] | None) -> TrackedStatus:
    status = STATUS_OF[state]
    if status is not TrackedStatus.DELIVERED or collection is None:
        return status
    return STATUS_AT_POINT.get(CollectionState(collection["state"]), status)


def _headline(status: TrackedStatus, collection: dict[str, Any] | None, language: Language) -> str:
    if collection is not None and collection["state"] == CollectionState.COLLECTED:
        return step_at_point(status, language, point=collection["name"])
    return headline(status, language)


def _actions(state: DeliveryState, found: dict[str, Any]) -> list[RecipientAction]:
    """What can be done now; each mutation checks again for itself."""
    actions = []
    if state in WISHES_HEARD:
        actions.append(RecipientAction.LEAVE_INSTRUCTIONS)
        if not IN_PERSON & set(found["requirements"]):
            actions.append(RecipientAction.CHOOSE_SAFE_PLACE)
    if state in CHANGEABLE - {DeliveryState.ATTEMPTED} or found["may_choose_again"]:
        actions.append(RecipientAction.RESCHEDULE)
        if found["lat"] is not None and not NEVER_AT_A_POINT & set(found["requirements"]):
            actions.append(RecipientAction.CHOOSE_POINT)
    if state is DeliveryState.DELIVERED and found["rating"] is None:
        actions.append(RecipientAction.RATE)
    if found["tips"] is not None and found["tips"]["suggested_minor"]:
        actions.append(RecipientAction.TIP)
    if found["may_claim"]:
        actions.append(RecipientAction.CLAIM)
    return actions


def _tips(found: dict[str, Any]) -> dict[str, Any] | None:
    """What was given and what may be; what waits for its payer can be replaced, so it takes nothing away."""
    told = found["tips"]
    if told is None:
        return None
    limit = Money(told["limit_minor"], found["currency"])
    left = Money(max(0, limit.minor - told["taken_minor"]) if told["is_in_time"] else 0, limit.currency)
    return {
        "currency": limit.currency,
        "digits": decimals(limit.currency),
        "smallest_minor": smallest_tip(limit).minor,
        "left_minor": left.minor,
        "suggested_minor": [one.minor for one in suggested_tips(limit, left)],
        "given": told["given"],
    }


def _timeline(
    told: list[dict[str, Any]], collection: dict[str, Any] | None, language: Language
) -> list[dict[str, Any]]:
    """The steps in order, oldest first; steps that are one to a recipient are told once, when they began."""
    steps: list[dict[str, Any]] = []
    for step in reversed(told):
        state = DeliveryState(step["state"])
        if state is DeliveryState.DELIVERED and collection is not None:
            status = STEP_AT_POINT.get(step["name"])
            words = step_at_point(status, language, point=collection["name"]) if status else ""
        else:
            status = STATUS_OF[state]
            words = headline(status, language)
        if status and (not steps or steps[-1]["status"] is not status):
            steps.append({"status": status, "headline": words, "occurred_at": step["occurred_at"]})
    return steps
