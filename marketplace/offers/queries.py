"""Every read of offers: one statement each, for the driver who was asked and nobody else."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.offers.states import OfferState

OFFER_STATE = "SELECT state FROM offer WHERE id = $1 AND driver_id = $2"

# Before a driver accepts, a stop is an area: the middle of a cell of a hundredth of a degree, about 1.1 km wide. The
# same place always gives the same cell, so asking often tells nothing more.
MY_OFFERS = """
SELECT coalesce(json_agg(json_build_object(
    'id', 'off_' || replace(o.id::text, '-', ''), 'state', o.state,
    'pay_minor', o.pay_minor, 'raise_minor', o.raise_minor, 'currency', o.currency, 'lines', o.lines,
    'approach_m', o.approach_m, 'approach_s', o.approach_s, 'sent_at', o.sent_at, 'expires_at', o.expires_at,
    'route', json_build_object(
        'id', 'rte_' || replace(r.id::text, '-', ''), 'version', r.version,
        'distance_m', r.distance_m + o.approach_m, 'duration_s', r.duration_s + o.approach_s,
        'starts_at', r.starts_at, 'is_degraded', r.is_degraded,
        'stop_count', s.stop_count, 'delivery_count', s.delivery_count, 'requirements', s.requirements,
        'stops', s.stops)
    ) ORDER BY o.expires_at, o.id), '[]')
FROM offer o
JOIN route r ON r.id = o.route_id
CROSS JOIN LATERAL (
    SELECT count(*) AS stop_count,
           (SELECT count(*) FROM delivery d WHERE d.route_id = r.id) AS delivery_count,
           (SELECT coalesce(json_agg(DISTINCT need), '[]') FROM delivery d, unnest(d.requirements) need
             WHERE d.route_id = r.id) AS requirements,
           json_agg(json_build_object('place', st.place, 'kind', st.kind,
               'area', json_build_object('lat', floor(st.lat * 100) / 100 + 0.005,
                                         'lon', floor(st.lon * 100) / 100 + 0.005),
               'planned_arrival', st.planned_arrival) ORDER BY st.place) AS stops
    FROM stop st WHERE st.route_id = r.id) s
WHERE o.driver_id = $1 AND o.state IN ('SENT', 'VIEWED')
"""


async def my_offers(connection: asyncpg.Connection, *, driver_id: UUID) -> list[dict[str, Any]]:
    """A driver's open offers with coarse areas only: no street, name or phone before acceptance.

    One whose deadline has just passed may still be among them until the waker ends it; it can no longer be accepted.
    """
    text = await connection.fetchval(MY_OFFERS, driver_id)
    offers: list[dict[str, Any]] = orjson.loads(text)
    return offers


async def offer_sent(work: Work, *, offer_id: UUID) -> tuple[UUID, datetime]:
    """The route of an offer, and until when it can be taken."""
    row = await work.fetch_row("SELECT route_id, expires_at FROM offer WHERE id = $1", offer_id)
    assert row is not None, "an offer is never removed"
    return row["route_id"], row["expires_at"]


async def offer_of_driver(work: Work, *, offer_id: UUID, driver_id: UUID) -> OfferState:
    """The state of a driver's offer."""
    state = await work.fetch_value(OFFER_STATE, offer_id, driver_id)
    if state is None:
        raise NotFound("there is no such offer", field="offerId")
    return OfferState(state)
