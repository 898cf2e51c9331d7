"""Recurring batches as their shippers see them: how they stand, what comes next, and what became of days before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.hubs import Opening, hubs_open_to
from marketplace.markets import dials
from marketplace.recurring_batches.queries import FIND, PAGE, ROWS, RUNS, SETTLED_AHEAD, openings_of
from marketplace.recurring_batches.rule import BadRecurrence
from marketplace.recurring_batches.states import RecurringState
from marketplace.recurring_batches.terms import Terms

NEXT_SHOWN = 10
MOST_PREVIEWED, MOST_HUBS = 100, 20


async def page_recurring_batches(
    work: Work, *, shipper_id: UUID, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A shipper's recurring batches, newest first; their rows only one by one."""
    return await _trees(work, await work.fetch(PAGE, shipper_id, before, limit))


async def find_recurring_batch(work: Work, *, recurring_batch_id: UUID, shipper_id: UUID) -> dict[str, Any] | None:
    """One of a shipper's recurring batches, with its rows as they are on the day that it starts."""
    row = await work.fetch_row(FIND, recurring_batch_id, shipper_id)
    if row is None:
        return None
    [tree] = await _trees(work, [row])
    wishes = orjson.loads(await work.fetch_value(ROWS, row["id"], row["version"]))
    return tree | {"deliveries": [_row(wish) for wish in wishes]}


async def preview_recurrence(
    work: Work, *, shipper_id: UUID, market_id: UUID, terms: Terms, hub_ids: Sequence[UUID], count: int
) -> list[dict[str, Any]]:
    """The days that such terms would have from their start on, before anything is made."""
    if not 1 <= count <= MOST_PREVIEWED or len(hub_ids) > MOST_HUBS:
        raise BadRecurrence(f"1 to {MOST_PREVIEWED} days are shown, by at most {MOST_HUBS} hubs", field="first")
    hubs = await hubs_open_to(work, shipper_id=shipper_id, hub_ids=hub_ids)
    if any(hub_id not in hubs or hubs[hub_id]["market_id"] != market_id for hub_id in hub_ids):
        raise NotFound("there is no such hub", field="hubIds")
    time_zone = (await dials(work, market_id=market_id)).time_zone
    days = terms.recurrence(time_zone).days_from(terms.starts_at.date(), at_most=count)
    return _occurrences(terms, time_zone, days, list((await openings_of(work, hub_ids)).values()))


async def _trees(work: Work, rows: Sequence[asyncpg.Record]) -> list[dict[str, Any]]:
    openings = await openings_of(work, sorted({hub_id for row in rows for hub_id in row["hub_ids"]}))
    runs: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for run in await work.fetch(RUNS, [row["id"] for row in rows]):
        runs[run["recurring_batch_id"]].append(_run(run))
    settled: dict[UUID, set[date]] = defaultdict(set)
    for ahead in await work.fetch(SETTLED_AHEAD, [row["id"] for row in rows]):
        settled[ahead["recurring_batch_id"]].add(ahead["day"])
    return [
        _tree(row, runs[row["id"]]) | {"next_occurrences": _next(row, settled[row["id"]], openings)} for row in rows
    ]


def _next(row: asyncpg.Record, settled: set[date], openings: Mapping[UUID, Opening]) -> list[dict[str, Any]]:
    if row["state"] == RecurringState.ENDED:
        return []
    terms = Terms.of(row)
    days = terms.recurrence(row["time_zone"]).days_from(row["next_day"], at_most=NEXT_SHOWN, without=settled)
    return _occurrences(terms, row["time_zone"], days, [openings[hub_id] for hub_id in row["hub_ids"]])


def _occurrences(
    terms: Terms, time_zone: str, days: Sequence[date], openings: Sequence[Opening]
) -> list[dict[str, Any]]:
    found = []
    for day in days:
        falls_on = terms.falls_on(day, openings)
        found.append(
            {
                "day": day,
                "falls_on": falls_on,
                "posts_at": terms.posts_at(falls_on, time_zone) if falls_on is not None else None,
            }
        )
    return found


def _tree(row: asyncpg.Record, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": to_wire("recurring_batch", row["id"]),
        "market_id": to_wire("market", row["market_id"]),
        "name": row["name"],
        "state": row["state"],
        "version": row["version"],
        "refusals": row["refusals"],
        "starts_at": row["starts_at"],
        "rule": row["rule"],
        "except_days": row["except_days"],
        "lead_s": row["lead_s"],
        "on_closed_day": row["on_closed_day"],
        "may_split": row["may_split"],
        "time_zone": row["time_zone"],
        "delivery_count": row["delivery_count"],
        "deliveries": [],
        "last_runs": list(runs),
        "created_at": row["created_at"],
    }


def _run(run: asyncpg.Record) -> dict[str, Any]:
    return {
        "day": run["day"],
        "falls_on": run["moved_to"] or run["day"],
        "version": run["version"],
        "outcome": run["outcome"],
        "reason": run["reason"],
        "message": run["message"],
        "batch_id": to_wire("batch", run["batch_id"]) if run["batch_id"] else None,
        "posted_count": run["posted_count"],
        "problems": orjson.loads(run["problems"]),
        "happened_at": run["created_at"],
    }


def _row(wish: dict[str, Any]) -> dict[str, Any]:
    """A row of the template as the API shows it."""
    places = {
        name: {
            "lat": (place["point"] or {}).get("lat"),
            "lon": (place["point"] or {}).get("lon"),
            "address": place["address"],
            "name": place["name"],
            "phone": place["phone"],
        }
        for name in ("pickup", "dropoff")
        if (place := wish[name]) is not None
    }
    return wish | {
        "pickup": places.get("pickup"),
        "dropoff": places["dropoff"],
        "hub_id": to_wire("hub", UUID(wish["hub_id"])) if wish["hub_id"] else None,
        "waived_requirements": wish["waived"],
    }
