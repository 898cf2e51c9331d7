"""What is expected of deliveries: the read that later packages and the API use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from marketplace.core.ids import DeliveryId, MarketId, RouteId, StopId
from marketplace.core.window import Window
from marketplace.core.work import Work

DELIVERIES_AT_ONCE = 1_000

ARRIVALS = """
SELECT delivery_id, market_id, route_id, stop_id, pickup_stop_id, p10, p50, p90, pickup_p10, pickup_p50, pickup_p90,
       shown_opens_at, shown_closes_at, late_probability, computed_at
FROM arrival WHERE delivery_id = ANY($1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """An expected moment: of ten outcomes one is before `p10`, five before `p50`, nine before `p90`."""

    p10: datetime
    p50: datetime
    p90: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is expected of an open delivery.

    `arrives` is at the drop-off, `picked_up` at the pickup while it is still to come. `shown` is the window to tell
    people, `late_probability` the chance that the hand-over is after the end of the promised window.
    """

    delivery_id: DeliveryId
    market_id: MarketId
    route_id: RouteId
    stop_id: StopId
    pickup_stop_id: StopId | None
    arrives: Quantiles
    picked_up: Quantiles | None
    shown: Window
    late_probability: float
    computed_at: datetime


async def arrivals_of(work: Work, delivery_ids: Iterable[DeliveryId]) -> dict[DeliveryId, Arrival]:
    """What is expected of deliveries; one of which nothing is known, or that has ended, is left out.

    Asks for at most `DELIVERIES_AT_ONCE`; the caller has checked that the deliveries are its own.
    """
    wanted = list(delivery_ids)
    assert len(wanted) <= DELIVERIES_AT_ONCE, "ask in parts"
    rows = await work.fetch(ARRIVALS, wanted)
    return {
        row["delivery_id"]: Arrival(
            delivery_id=row["delivery_id"],
            market_id=row["market_id"],
            route_id=row["route_id"],
            stop_id=row["stop_id"],
            pickup_stop_id=row["pickup_stop_id"],
            arrives=Quantiles(p10=row["p10"], p50=row["p50"], p90=row["p90"]),
            picked_up=Quantiles(p10=row["pickup_p10"], p50=row["pickup_p50"], p90=row["pickup_p90"])
            if row["pickup_p50"]
            else None,
            shown=Window(row["shown_opens_at"], row["shown_closes_at"]),
            late_probability=row["late_probability"],
            computed_at=row["computed_at"],
        )
        for row in rows
    }
