"""When drivers arrive: for every open stop a time with its spread, shown as a window that narrows and holds still.

What is left of a route is timed leg by leg at each leg's own time of day, with service times that the market has learnt
from its own stops. How far such times are off is learnt too, from what was predicted and what then happened: so the
spread says what it means. `arrivals_of` reads what is expected of deliveries.
"""

from marketplace.arrivals.queries import Arrival, Quantiles, arrivals_of
from marketplace.arrivals.states import PredictionMoment

__all__ = ["Arrival", "PredictionMoment", "Quantiles", "arrivals_of"]
