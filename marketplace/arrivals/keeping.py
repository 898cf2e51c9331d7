"""Keeps what is expected: rows where there is news, events where people should hear of it, predictions to learn from.

Most timings say what is known already; then nothing is written. News is a shown window that moves, an arrival that
shifts by more than a few seconds, a risk that changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.arrivals.events import ArrivalChanged, LateRiskRaised
from marketplace.arrivals.foresee import Outlook
from marketplace.arrivals.law import Stage
from marketplace.arrivals.reading import Picture
from marketplace.arrivals.showing import shown_window
from marketplace.arrivals.states import BITS, PredictionMoment
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.routes import StopState

SHIFT = timedelta(seconds=20)
RISK_SHIFT = 0.02
"""Less than this is no news."""
TEN_MINUTES = timedelta(minutes=10)
HALF_HOUR = (timedelta(minutes=20), timedelta(minutes=30))
"""Half an hour away is what is no nearer and no farther than this when it is looked at."""

# Closes the race of two timings of one route: who claimed it later has raised the number, and this one writes nothing.
LOCK_CLAIMS = """
SELECT t.route_id FROM route_timing t JOIN unnest($1::uuid[], $2::int[]) AS mine(route_id, claim)
  ON mine.route_id = t.route_id AND mine.claim = t.claim
ORDER BY t.route_id FOR UPDATE OF t
"""
KNOWN = """
SELECT delivery_id, route_id, stop_id, pickup_stop_id, p10, p50, p90, shown_opens_at, shown_closes_at, late_probability,
       raised_for, moments
FROM arrival WHERE delivery_id = ANY($1) OR route_id = ANY($2)
"""
KEEP = """
INSERT INTO arrival AS a (delivery_id, market_id, route_id, stop_id, pickup_stop_id, p10, p50, p90,
    pickup_p10, pickup_p50, pickup_p90, shown_opens_at, shown_closes_at, late_probability, raised_for, moments,
    computed_at)
SELECT delivery_id, $1, route_id, stop_id, pickup_stop_id, p10, p50, p90, pickup_p10, pickup_p50, pickup_p90,
    opens_at, closes_at, late_probability, raised_for, moments, $2
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
    $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::float8[],
    $16::timestamptz[], $17::int[])
  AS t(delivery_id, route_id, stop_id, pickup_stop_id, p10, p50, p90, pickup_p10, pickup_p50, pickup_p90,
       opens_at, closes_at, late_probability, raised_for, moments)
ON CONFLICT (delivery_id) DO UPDATE SET route_id = excluded.route_id, stop_id = excluded.stop_id,
    pickup_stop_id = excluded.pickup_stop_id, p10 = excluded.p10, p50 = excluded.p50, p90 = excluded.p90,
    pickup_p10 = excluded.pickup_p10, pickup_p50 = excluded.pickup_p50, pickup_p90 = excluded.pickup_p90,
    shown_opens_at = excluded.shown_opens_at, shown_closes_at = excluded.shown_closes_at,
    late_probability = excluded.late_probability, raised_for = excluded.raised_for, moments = excluded.moments,
    computed_at = excluded.computed_at
"""
FORGET = "DELETE FROM arrival WHERE delivery_id = ANY($1) AND route_id = ANY($2)"
FORGET_ROUTES = "DELETE FROM route_timing WHERE route_id = ANY($1)"
KEEP_LEGS = """
UPDATE route_timing t SET legs = new.legs::jsonb FROM unnest($1::uuid[], $2::text[]) AS new(route_id, legs)
WHERE t.route_id = new.route_id AND t.legs <> new.legs::jsonb
"""
KEEP_PREDICTIONS = """
INSERT INTO arrival_prediction (id, market_id, route_id, delivery_id, stop_id, moment, stage, predicted_at,
    counted_from, eta_at, p10, p50, p90, shown_opens_at, shown_closes_at, late_probability)
SELECT id, $1, route_id, delivery_id, stop_id, moment, stage, $2, counted_from, eta_at, p10, p50, p90, opens_at,
    closes_at, late_probability
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[],
    $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
    $15::timestamptz[], $16::float8[])
  AS t(id, route_id, delivery_id, stop_id, moment, stage, counted_from, eta_at, p10, p50, p90, opens_at, closes_at,
       late_probability)
ON CONFLICT (stop_id, delivery_id, moment) DO NOTHING
"""
# A delivery that was planned anew has lost its row; that its shipper has heard of this promise, the history knows.
RAISED_BEFORE = """
SELECT DISTINCT delivery_id FROM event JOIN unnest($1::uuid[], $2::text[]) AS risk(id, promise)
  ON event.delivery_id = risk.id AND event.payload->>'promised_closes_at' = risk.promise
WHERE event.name = 'LateRiskRaised'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a row will say: the outlook, what people are shown, and what has been told and noted."""

    outlook: Outlook
    shown: Window
    raised_for: datetime | None
    moments: int


async def keep_outlooks(work: Work, picture: Picture, outlooks: Sequence[Outlook], *, has_new_legs: bool) -> int:
    """Writes what is new about the routes of a picture and tells it; returns how many deliveries got news."""
    mine = await _still_mine(work, picture)
    own = [one for one in outlooks if one.route_id in mine]
    rows = await work.fetch(KNOWN, [one.task.delivery_id for one in own], sorted(mine))
    known = {row["delivery_id"]: row for row in rows}
    kept = [_kept(one, known.get(one.task.delivery_id), picture) for one in own]
    kept = await _raise_risks(work, picture, kept)
    news = [one for one in kept if _is_news(one, known.get(one.outlook.task.delivery_id))]
    await _write(work, picture, news)
    await _note_predictions(work, picture, kept, known)
    for one in news:
        _tell_window(work, picture, one, known.get(one.outlook.task.delivery_id))
    gone = sorted(known.keys() - {one.task.delivery_id for one in own})
    if gone:
        await work.execute(FORGET, gone, sorted(mine))
    if over := sorted(mine - {route.id for route in picture.routes}):
        await work.execute(FORGET_ROUTES, over)
    if has_new_legs:
        await _keep_legs(work, picture, mine)
    return len(news)


async def _still_mine(work: Work, picture: Picture) -> set[UUID]:
    rows = await work.fetch(LOCK_CLAIMS, list(picture.claims), list(picture.claims.values()))
    return {row["route_id"] for row in rows}


def _kept(one: Outlook, before: asyncpg.Record | None, picture: Picture) -> Kept:
    shown = Window(before["shown_opens_at"], before["shown_closes_at"]) if before else None
    if shown is None or one.stop_state is not StopState.ARRIVED:
        shown = shown_window(shown, p10=one.arrives.p10, p50=one.arrives.p50, p90=one.arrives.p90)
    is_same_stop = before is not None and before["stop_id"] == one.stop_id
    moments = before["moments"] if before is not None and is_same_stop else 0
    for moment in _moments_of(one, picture.read_at):
        moments |= BITS[moment]
    return Kept(outlook=one, shown=shown, raised_for=before["raised_for"] if before else None, moments=moments)


def _moments_of(one: Outlook, now: datetime) -> list[PredictionMoment]:
    """The telling moments that a prediction is made at or after."""
    if one.stop_state is StopState.ARRIVED:
        return []
    if one.stage is Stage.WAITING:
        return [PredictionMoment.PLANNED]
    moments = [PredictionMoment.DISPATCH]
    if one.task.is_aboard:
        moments.append(PredictionMoment.PICKUP)
    if HALF_HOUR[0] <= one.arrives.p50 - now <= HALF_HOUR[1]:
        moments.append(PredictionMoment.HALF_HOUR)
    if one.stop_state is StopState.EN_ROUTE:
        moments.append(PredictionMoment.NEXT)
    if one.arrives.p50 <= now + TEN_MINUTES:
        moments.append(PredictionMoment.TEN_MINUTES)
    return moments


def _is_news(one: Kept, before: asyncpg.Record | None) -> bool:
    if before is None:
        return True
    outlook = one.outlook
    return (
        (before["route_id"], before["stop_id"], before["pickup_stop_id"])
        != (outlook.route_id, outlook.stop_id, outlook.pickup_stop_id)
        or (before["shown_opens_at"], before["shown_closes_at"]) != (one.shown.opens_at, one.shown.closes_at)
        or (before["raised_for"], before["moments"]) != (one.raised_for, one.moments)
        or abs(before["p50"] - outlook.arrives.p50) >= SHIFT
        or abs(before["p10"] - outlook.arrives.p10) >= SHIFT
        or abs(before["p90"] - outlook.arrives.p90) >= SHIFT
        or abs(before["late_probability"] - outlook.late_probability) >= RISK_SHIFT
    )


async def _raise_risks(work: Work, picture: Picture, kept: Sequence[Kept]) -> list[Kept]:
    """Tells which promises are in danger, each once."""
    threshold = picture.dials.late_risk_percent / 100
    risky = {
        one.outlook.task.delivery_id: one.outlook
        for one in kept
        if one.outlook.late_probability >= threshold and one.raised_for != one.outlook.task.dropoff_closes_at
    }
    if not risky:
        return list(kept)
    promises = [one.task.dropoff_closes_at.isoformat() for one in risky.values()]
    told = {row["delivery_id"] for row in await work.fetch(RAISED_BEFORE, list(risky), promises)}
    for delivery_id, outlook in risky.items():
        if delivery_id not in told:
            work.emit(
                LateRiskRaised(
                    market_id=picture.market_id,
                    shipper_id=outlook.task.shipper_id,
                    delivery_id=delivery_id,
                    route_id=outlook.route_id,
                    late_percent=round(100 * outlook.late_probability),
                    expected_at=outlook.arrives.p50,
                    promised_closes_at=outlook.task.dropoff_closes_at,
                )
            )
    return [
        replace(one, raised_for=one.outlook.task.dropoff_closes_at) if one.outlook.task.delivery_id in risky else one
        for one in kept
    ]


def _tell_window(work: Work, picture: Picture, one: Kept, before: asyncpg.Record | None) -> None:
    opens_at, closes_at = (before["shown_opens_at"], before["shown_closes_at"]) if before else (None, None)
    if (opens_at, closes_at) != (one.shown.opens_at, one.shown.closes_at):
        work.emit(
            ArrivalChanged(
                market_id=picture.market_id,
                shipper_id=one.outlook.task.shipper_id,
                delivery_id=one.outlook.task.delivery_id,
                route_id=one.outlook.route_id,
                opens_at=one.shown.opens_at,
                closes_at=one.shown.closes_at,
                previous_opens_at=opens_at,
                previous_closes_at=closes_at,
            )
        )


async def _write(work: Work, picture: Picture, news: Sequence[Kept]) -> None:
    if not news:
        return
    rows = sorted((_row(one) for one in news), key=lambda row: row[0])
    await work.execute(KEEP, picture.market_id, picture.read_at, *map(list, zip(*rows, strict=True)))


def _row(one: Kept) -> tuple[Any, ...]:
    outlook, picked_up = one.outlook, one.outlook.picked_up
    pickup = (picked_up.p10, picked_up.p50, picked_up.p90) if picked_up else (None, None, None)
    return (
        outlook.task.delivery_id, outlook.route_id, outlook.stop_id, outlook.pickup_stop_id,
        outlook.arrives.p10, outlook.arrives.p50, outlook.arrives.p90, *pickup,
        one.shown.opens_at, one.shown.closes_at, outlook.late_probability, one.raised_for, one.moments,
    )  # fmt: skip


async def _note_predictions(
    work: Work, picture: Picture, kept: Sequence[Kept], known: Mapping[UUID, asyncpg.Record]
) -> None:
    """Keeps what is predicted at moments that have come since the last timing."""
    rows: list[tuple[Any, ...]] = []
    for one in kept:
        outlook, before = one.outlook, known.get(one.outlook.task.delivery_id)
        noted = before["moments"] if before is not None and before["stop_id"] == outlook.stop_id else 0
        rows += [
            (work.new_id(), outlook.route_id, outlook.task.delivery_id, outlook.stop_id, moment.value,
             outlook.stage.value, outlook.counted_from, outlook.eta_at,
             outlook.arrives.p10, outlook.arrives.p50, outlook.arrives.p90, one.shown.opens_at, one.shown.closes_at,
             outlook.late_probability)
            for moment, bit in BITS.items() if one.moments & bit & ~noted
        ]  # fmt: skip
    if rows:
        await work.execute(KEEP_PREDICTIONS, picture.market_id, picture.read_at, *map(list, zip(*rows, strict=True)))


async def _keep_legs(work: Work, picture: Picture, mine: set[UUID]) -> None:
    """Has routes remember their legs; only those of stops to come."""
    routes = [route for route in picture.routes if route.id in mine]
    legs = []
    for route in routes:
        to_come = {str(stop.id) for stop in route.stops}
        legs.append(orjson.dumps({key: list(leg) for key, leg in route.legs.items() if key in to_come}).decode())
    await work.execute(KEEP_LEGS, [route.id for route in routes], legs)
