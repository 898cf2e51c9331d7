"""Explanations of what was decided: why a delivery waits, why an offer is as it is, why a driver was not asked.

They are read from what each search kept (`choices`) and each look at the market counted, not worked out afterwards;
only whether one driver could be asked at this moment is judged anew. For operations, within their market, in the shape
of the API with ids in their wire form.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.states import UNASSIGNED_WORDS, UnassignedReason
from marketplace.core.errors import NotFound
from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.matching.counting import failed_rules
from marketplace.offers.candidates import find_needs, judge_driver
from marketplace.offers.states import RULE_WORDS, Outcome, RuledOut

SEARCHES_AT_MOST = 10
"""So many of the latest searches for a route's driver are told."""

CHOICES = """
SELECT c.id, c.route_id, c.outcome, c.model_version, c.slack_s, c.raise_minor, c.raises, c.candidates, c.ruled_out,
       c.decided_at, w.number, w.state AS wave_state, r.currency
FROM choice c JOIN route r ON r.id = c.route_id LEFT JOIN wave w ON w.id = c.wave_id
WHERE c.route_id = ANY($1) AND ($2::uuid IS NULL OR c.wave_id = $2)
ORDER BY c.decided_at DESC, c.id DESC LIMIT $3
"""
DELIVERY = """
SELECT id, market_id, state, unassigned_reason, unassigned_counts, plan_after, route_id FROM delivery
WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2)
"""
# The route it is on, and those it was on that nobody took: they are dissolved, and their tasks stay.
ROUTES_OF = """
SELECT DISTINCT s.route_id FROM task t JOIN stop s ON s.id = t.stop_id WHERE t.delivery_id = $1
"""
OFFER = """
SELECT id, market_id, route_id, wave_id, driver_id, state, end_reason, pay_minor, raise_minor, currency, lines,
       accept_prob, model_version, rank, approach_m, approach_s, sent_at, expires_at FROM offer
WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2) AND ($3::uuid IS NULL OR driver_id = $3)
"""
ROUTE = "SELECT id FROM route WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2)"
DRIVER = "SELECT id FROM driver WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2)"

OUTCOME_WORDS = {
    Outcome.ASSIGNED: "Given to a dedicated driver without asking.",
    Outcome.EXCLUSIVE: "Asked of one driver alone, for there was time for several answers.",
    Outcome.BROADCAST: "Asked of several drivers together: by the market's dials there was no time to ask one by one.",
    Outcome.BY_HAND: "Asked of one driver, whom an operator has chosen.",
    Outcome.GIVEN_UP: "Nobody was left to ask, and the route was dissolved.",
}
STATE_WORDS = {
    "CREATED": "It is not to be planned yet.",
    "SCHEDULED": "It waits to be planned.",
    "OFFERING": "It is on a route that looks for its driver.",
    "DELIVERED": "It has been handed over.",
    "ATTEMPTED": "Its hand-over did not happen.",
    "RETURNING": "It is on its way back.",
    "RETURNED": "It is back where it came from.",
    "CANCELLED": "It was called off.",
    "EXPIRED": "Its window closed before it had a driver.",
    "FAILED": "It was lost or damaged.",
}


async def explain_delivery(work: Work, *, delivery_id: UUID, market_id: UUID | None) -> dict[str, Any]:
    """Why a delivery has no driver yet, or how it found one: reason, counts of the last look, and the searches."""
    row = await work.fetch_row(DELIVERY, delivery_id, market_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    reason, waits = row["unassigned_reason"], row["state"] == "SCHEDULED"
    # Counts are of the matcher's looks; for a delivery that came back from a route they are of an earlier one.
    counts = orjson.loads(row["unassigned_counts"] or "{}") if waits and reason != "NOBODY_ACCEPTED" else {}
    routes = [one["route_id"] for one in await work.fetch(ROUTES_OF, delivery_id)]
    return {
        "delivery_id": to_wire("delivery", row["id"]),
        "state": row["state"],
        "code": reason if waits else None,
        "words": _why(row["state"], reason),
        "look_again_at": row["plan_after"] if waits else None,
        "drivers_able": counts.pop("ABLE", None),
        "failed_rules": failed_rules(counts),
        "searches": await _searches(work, routes),
    }


async def explain_offer(
    work: Work, *, offer_id: UUID, market_id: UUID | None, driver_id: UUID | None = None
) -> dict[str, Any]:
    """Why an offer was made and what it pays; a driver hears of the own offer, and of its pay alone."""
    row = await work.fetch_row(OFFER, offer_id, market_id, driver_id)
    if row is None:
        raise NotFound("there is no such offer", field="offerId")
    told: dict[str, Any] = {
        "offer_id": to_wire("offer", row["id"]),
        "state": row["state"],
        "pay_minor": row["pay_minor"],
        "raise_minor": row["raise_minor"],
        "currency": row["currency"],
        "lines": orjson.loads(row["lines"]),
        "approach_m": row["approach_m"],
        "approach_s": row["approach_s"],
        "words": _pay_words(row),
        "driver_id": None,
        "rank": None,
        "accept_prob": None,
        "model_version": None,
        "search": None,
    }
    if driver_id is not None:
        return told
    searches = await _searches(work, [row["route_id"]], wave_id=row["wave_id"])
    return told | {
        "driver_id": to_wire("driver", row["driver_id"]),
        "rank": row["rank"],
        "accept_prob": row["accept_prob"],
        "model_version": row["model_version"],
        "search": searches[0] if searches else None,
    }


async def explain_driver(work: Work, *, driver_id: UUID, route_id: UUID, market_id: UUID | None) -> dict[str, Any]:
    """Why a driver was, or was not, asked for a route: at the latest search that kept it, and as things are now."""
    if await work.fetch_value(DRIVER, driver_id, market_id) is None:
        raise NotFound("there is no such driver", field="driverId")
    if await work.fetch_value(ROUTE, route_id, market_id) is None:
        raise NotFound("there is no such route", field="routeId")
    searches = await _searches(work, [route_id])
    looks = [look for one in searches if (look := _look_at(one, to_wire("driver", driver_id))) is not None]
    now = await _rule_now(work, driver_id, route_id)
    return {
        "driver_id": to_wire("driver", driver_id),
        "route_id": to_wire("route", route_id),
        "could_be_asked_now": now is None,
        "code_now": now.value if now else None,
        "words_now": RULE_WORDS[now] if now else "The driver could be asked.",
        "looks": looks,
    }


async def _rule_now(work: Work, driver_id: UUID, route_id: UUID) -> RuledOut | None:
    needs = await find_needs(work, route_id=route_id)
    assert needs is not None, "the route was found a moment ago"
    settings = await dials(work, market_id=needs.market_id)
    candidate, rule = await judge_driver(work, needs, driver_id=driver_id, open_offers=settings.open_offers_per_driver)
    return rule if candidate is None else None


def _look_at(search: Mapping[str, Any], driver_id: str) -> dict[str, Any] | None:
    """What a search says of one driver; None where it only counted."""
    look = {"decided_at": search["decided_at"], "outcome": search["outcome"], "candidate": None, "code": None}
    for candidate in search["candidates"]:
        if candidate["driver_id"] == driver_id:
            words = "Asked." if candidate["is_asked"] else "Could have been asked, but others cost less."
            return look | {"candidate": candidate, "words": words}
    for exclusion in search["ruled_out"]:
        if driver_id in exclusion["driver_ids"]:
            return look | {"code": exclusion["code"], "words": exclusion["words"]}
    return None


async def _searches(work: Work, route_ids: Sequence[UUID], wave_id: UUID | None = None) -> list[dict[str, Any]]:
    """The latest searches for drivers of these routes, latest first, or the one that sent a wave."""
    return [_search(row) for row in await work.fetch(CHOICES, route_ids, wave_id, SEARCHES_AT_MOST)]


def _search(row: asyncpg.Record) -> dict[str, Any]:
    outcome = Outcome(row["outcome"])
    return {
        "route_id": to_wire("route", row["route_id"]),
        "decided_at": row["decided_at"],
        "outcome": outcome.value,
        "words": OUTCOME_WORDS[outcome],
        "wave_number": row["number"],
        "wave_state": row["wave_state"],
        "slack_s": row["slack_s"],
        "raise_minor": row["raise_minor"],
        "currency": row["currency"],
        "model_version": row["model_version"],
        "raises": orjson.loads(row["raises"]),
        "candidates": [
            one | {"driver_id": to_wire("driver", UUID(one["driver_id"]))} for one in orjson.loads(row["candidates"])
        ],
        "ruled_out": [
            {
                "code": one["rule"],
                "words": RULE_WORDS[RuledOut(one["rule"])],
                "drivers": one["drivers"],
                "driver_ids": [to_wire("driver", UUID(each)) for each in one["driver_ids"]],
            }
            for one in orjson.loads(row["ruled_out"])
        ],
    }


def _why(state: str, reason: str | None) -> str:
    if state == "SCHEDULED" and reason is not None:
        return UNASSIGNED_WORDS[UnassignedReason(reason)]
    return STATE_WORDS.get(state, "It has its driver.")


def _pay_words(row: asyncpg.Record) -> str:
    raised = f", {row['raise_minor']} of it because nobody took the route before" if row["raise_minor"] else ""
    return (
        f"It pays {row['pay_minor']} {row['currency']}{raised}: the lines say for what, the way to the first stop"
        f" ({row['approach_m']} m, {row['approach_s']} s) included. It may only become more."
    )
