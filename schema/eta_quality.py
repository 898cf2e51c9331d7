"""How good arrival times are, for operations."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.analytics import eta_quality
from marketplace.arrivals import PredictionMoment
from marketplace.core.ids import MarketId, from_wire
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query


@strawberry.type(description="Predicted arrivals of one moment, held against what happened.")
class EtaFigures:
    """Errors, coverage and width."""

    moment: PredictionMoment = strawberry.field(description="When the arrival was predicted.")
    horizon_min: int | None = strawberry.field(
        description="Minutes ahead from which these were told: 0, 5, 10, 20, 40 or 80; null for all of the moment."
    )
    arrivals: int = strawberry.field(description="Predictions whose arrival has come.")
    mae_s: float = strawberry.field(description="Mean error, seconds either way.")
    mape_pct: float = strawberry.field(description="Mean error in per cent of the time until the arrival.")
    bias_s: float = strawberry.field(description="Mean error, seconds; positive where arrivals were later than told.")
    covered_pct: float = strawberry.field(description="Arrivals within what should hold 80 of a hundred, per cent.")
    shown_covered_pct: float = strawberry.field(description="Arrivals within the window that was shown, per cent.")
    width_min: float = strawberry.field(description="Mean minutes of that spread.")
    shown_width_min: float = strawberry.field(description="Mean minutes of the shown window.")
    late_pct: float = strawberry.field(description="Arrivals after the end of the shown window, per cent.")


@strawberry.type(description="How good a market's arrival times were on some days.")
class EtaQuality:
    """Figures by moment and horizon, and how still the shown windows held."""

    figures: list[EtaFigures] = strawberry.field(
        description="For each moment all of its predictions, then by horizon.", metadata=usually(30)
    )
    windows_shown: int = strawberry.field(description="Deliveries for which a window was shown for the first time.")
    windows_narrowed: int = strawberry.field(description="Shown windows that became narrower.")
    windows_moved: int = strawberry.field(description="Shown windows that moved, each time counted.")
    late_risks: int = strawberry.field(description="Promises that were told to be in danger.")


@strawberry.type
class Query:
    """Arrival times in hindsight."""

    @query(
        description="How good arrival times were: error, coverage and width, by when and how far ahead they were told."
    )
    async def eta_quality(
        self,
        info: Info,
        market_id: MarketArgument,
        first: Annotated[date, strawberry.argument(description="First local day of the market.")],
        last: Annotated[date, strawberry.argument(description="Last local day, at most a year after the first.")],
    ) -> EtaQuality:
        """Reads the figures of some days."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            quality = await eta_quality(work, market_id=market, first=first, last=last)
        figures = [EtaFigures(**asdict(row)) for row in quality.figures]
        return cast("EtaQuality", {**asdict(quality), "figures": figures})
