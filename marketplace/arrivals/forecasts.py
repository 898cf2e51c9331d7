"""Predictions held against what happened, one by one, and what somebody else's travel times would have said.

This is for who measures: a simulated day, a study of a market's past. The figures of a market are summed up as the
events come, and are in `analytics`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.arrivals.foresee import foresee, wanted_legs
from marketplace.arrivals.legs import ask_for
from marketplace.arrivals.queries import Quantiles
from marketplace.arrivals.reading import look_at_routes
from marketplace.arrivals.states import PredictionMoment
from marketplace.core.ids import MarketId
from marketplace.core.window import Window
from marketplace.core.work import Work, Works
from marketplace.routing import Router

FORECASTS_AT_ONCE = 100_000

FORECASTS = """
SELECT p.id, p.route_id, p.stop_id, p.delivery_id, p.moment, p.predicted_at, p.counted_from, p.eta_at, p.p10, p.p50,
       p.p90, p.shown_opens_at, p.shown_closes_at, s.arrived_at
FROM arrival_prediction p JOIN stop s ON s.id = p.stop_id
WHERE p.market_id = $1 AND p.predicted_at >= $2 ORDER BY p.predicted_at, p.id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One prediction as it was kept, and the arrival if it has turned out; `eta_at` is by travel and service alone."""

    id: UUID
    route_id: UUID
    stop_id: UUID
    delivery_id: UUID
    moment: PredictionMoment
    predicted_at: datetime
    counted_from: datetime
    eta_at: datetime
    arrives: Quantiles
    shown: Window
    arrived_at: datetime | None


async def forecasts_since(work: Work, *, market_id: MarketId, since: datetime) -> list[Forecast]:
    """The predictions of a market from a moment on, oldest first, a bounded number."""
    rows = await work.fetch(FORECASTS, market_id, since, FORECASTS_AT_ONCE)
    return [
        Forecast(
            id=row["id"],
            route_id=row["route_id"],
            stop_id=row["stop_id"],
            delivery_id=row["delivery_id"],
            moment=PredictionMoment(row["moment"]),
            predicted_at=row["predicted_at"],
            counted_from=row["counted_from"],
            eta_at=row["eta_at"],
            arrives=Quantiles(p10=row["p10"], p50=row["p50"], p90=row["p90"]),
            shown=Window(row["shown_opens_at"], row["shown_closes_at"]),
            arrived_at=row["arrived_at"],
        )
        for row in rows
    ]


async def arrivals_by(works: Works, *, router: Router, route_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], datetime]:
    """When routes of one market would be at each stop for each delivery by this router's times; nothing is kept."""
    async with works.open() as work:
        picture = await look_at_routes(work, route_ids=route_ids)
    if picture is None:
        return {}
    await ask_for(router, wanted_legs(picture), now=picture.read_at)
    return {(one.stop_id, one.task.delivery_id): one.eta_at for one in foresee(picture)}
