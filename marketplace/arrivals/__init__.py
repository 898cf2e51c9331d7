"""When drivers arrive: for every open stop a time with its spread, shown as a window that narrows and holds still.

What is left of a route is timed leg by leg at each leg's own time of day, with service times that the market has learnt
from its own stops. How far such times are off is learnt too, from what was predicted and what then happened: so the
spread says what it means.

In order of life: `retime_route` after something has happened on a route, `retime_due` every so often for all that are
under way; `arrivals_of` reads what is expected of deliveries; `learn_all_arrivals` learns from what has happened, and
`drop_old_predictions` removes what nobody needs any more. `forecasts_since` and `arrivals_by` are for who measures.
"""

from marketplace.arrivals.forecasts import Forecast, arrivals_by, forecasts_since
from marketplace.arrivals.forget import drop_old_predictions
from marketplace.arrivals.law import HORIZONS_MIN
from marketplace.arrivals.learn import learn_all_arrivals, learn_arrivals
from marketplace.arrivals.queries import Arrival, Quantiles, arrivals_of
from marketplace.arrivals.retime import retime_due, retime_route
from marketplace.arrivals.states import PredictionMoment

__all__ = [
    "HORIZONS_MIN",
    "Arrival",
    "Forecast",
    "PredictionMoment",
    "Quantiles",
    "arrivals_by",
    "arrivals_of",
    "drop_old_predictions",
    "forecasts_since",
    "learn_all_arrivals",
    "learn_arrivals",
    "retime_due",
    "retime_route",
]
