"""Exponential smoothing with a season of a week (Holt-Winters), by statsmodels; loaded by who needs it only."""

import warnings
from collections.abc import Sequence

import numpy as np
from statsmodels.tsa.holtwinters import ExponentialSmoothing

WEEK_HOURS = 168


def holt_winters(series: Sequence[float], horizon: int) -> list[float]:
    """The next hours of a series of at least two weeks: a level and a week that follow what came, and no trend.

    A trend of eight weeks that is drawn on for another one makes a busy fortnight a rush without end.
    """
    with warnings.catch_warnings():
        # That the search for the best weights stopped early is no news: what it found is measured on held-out hours.
        warnings.simplefilter("ignore")
        model = ExponentialSmoothing(
            np.asarray(series, dtype=float),
            trend=None,
            seasonal="add",
            seasonal_periods=WEEK_HOURS,
            initialization_method="legacy-heuristic",
        )
        return [float(stops) for stops in model.fit(optimized=True).forecast(horizon)]
