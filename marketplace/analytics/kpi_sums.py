"""The names of the sums that a day's figures are kept as; every ratio is worked out from them when it is asked for."""

SUMS = (
    "posted", "delivered", "failed", "returned", "cancelled", "on_time", "delivered_2h", "on_time_2h", "delivered_4h",
    "on_time_4h", "delivered_first", "attempted_first", "attempts", "filled", "fill_s", "hub_in", "hub_out", "stops",
    "bicycle_m", "motorcycle_m", "car_m", "van_m", "empty_m", "driven_s", "load_l", "capacity_l", "bicycle_delivered",
    "motorcycle_delivered", "car_delivered", "van_delivered", "billed_minor", "credited_minor", "refunded_minor",
    "driver_minor", "attempt_minor", "return_minor", "fuel_minor", "vehicle_minor", "support_minor", "actions",
    "routes", "offers_sent", "offers_accepted", "offers_declined", "offers_expired", "drivers", "online_s",
    "engaged_s", "gini_ppm", "gini_days", "eta_arrivals", "eta_covered",
)  # fmt: skip
