"""The names of the sums that a day's figures are kept as; every ratio is worked out from them when it is asked for."""

from marketplace.analytics.drivetrains import DRIVETRAINS

SUMS = (
    "posted", "delivered", "failed", "returned", "cancelled", "transfers", "on_time", "delivered_2h", "on_time_2h",
    "delivered_4h", "on_time_4h", "delivered_first", "attempted_first", "attempts", "filled", "fill_s", "hub_in",
    "hub_out", "stops", *(f"{one.column}_m" for one in DRIVETRAINS), "empty_m", "driven_s", "load_l", "capacity_l",
    *(f"{one.column}_delivered" for one in DRIVETRAINS), "billed_minor", "credited_minor", "penalty_minor",
    "claim_minor", "refunded_minor", "driver_minor", "attempt_minor", "return_minor", "transfer_minor", "fuel_minor",
    "vehicle_minor", "support_minor", "actions", "routes_ppm", "offers_sent_ppm", "offers_accepted_ppm",
    "offers_declined_ppm", "offers_expired_ppm", "drivers", "eta_arrivals", "eta_covered",
)  # fmt: skip
SHARED_SUMS = ("drivers", "online_s", "engaged_s", "offers", "pay_minor", "gini_ppm", "gini_days")
"""Those of how work was shared among drivers, by contract kind."""
