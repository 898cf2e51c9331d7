"""Figures, read only: what happened in a market is counted by local day, and shown beside what is under way now."""

from marketplace.analytics.attempts import BadDays, Days, attempt_figures
from marketplace.analytics.count_kpis import count_kpis
from marketplace.analytics.eta_quality import EtaFigures, EtaQuality, eta_quality
from marketplace.analytics.fairness import (
    Fairness,
    FairnessFigures,
    OwnFairness,
    OwnFigures,
    fairness,
    own_fairness,
)
from marketplace.analytics.headline import Headline, headline
from marketplace.analytics.kpi_row import COLUMNS, CostKind, CostPart, KpiRow, SharedWork, VehicleFigures
from marketplace.analytics.kpi_table import kpi_lines
from marketplace.analytics.kpis import KpiGroup, kpis
from marketplace.analytics.overview import markets_overview
from marketplace.analytics.recorded_day import (
    NothingRecorded,
    RecordedDay,
    RecordedDelivery,
    RecordedDriver,
    RecordedHub,
    RecordedShipper,
    recorded_day,
)
from marketplace.analytics.recount import Recount, recount_market
from marketplace.analytics.roll_up import roll_up, roll_up_all
from marketplace.analytics.surge_figures import SurgeFigures, surge_figures

__all__ = [
    "COLUMNS",
    "BadDays",
    "CostKind",
    "CostPart",
    "Days",
    "EtaFigures",
    "EtaQuality",
    "Fairness",
    "FairnessFigures",
    "Headline",
    "KpiGroup",
    "KpiRow",
    "NothingRecorded",
    "OwnFairness",
    "OwnFigures",
    "RecordedDay",
    "RecordedDelivery",
    "RecordedDriver",
    "RecordedHub",
    "RecordedShipper",
    "Recount",
    "SharedWork",
    "SurgeFigures",
    "VehicleFigures",
    "attempt_figures",
    "count_kpis",
    "eta_quality",
    "fairness",
    "headline",
    "kpi_lines",
    "kpis",
    "markets_overview",
    "own_fairness",
    "recorded_day",
    "recount_market",
    "roll_up",
    "roll_up_all",
    "surge_figures",
]
