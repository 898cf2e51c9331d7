"""Says how far the ready times of a request are to be trusted: how much earlier a driver should leave than is due.

A kitchen that always says twenty minutes gives an estimate. Food is ready earlier as often as later, and what stands
ready waits for a whole drive, so drivers set off early for estimates; for times that are known they would only wait.
"""

from collections.abc import Sequence

from marketplace.matching.request import PlanDelivery

FOR_ESTIMATES_S = 480
"""The head start where origins give the same preparation time for everything they prepare."""
FOR_UNKNOWN_S = 360
"""The head start where nothing tells, as long as drivers are plenty."""
PLENTY = 2
"""Drivers are plenty where more than so many for each delivery are idle: then who waits is hardly missed."""


def head_start_s(now: int, deliveries: Sequence[PlanDelivery], idle_drivers: int) -> int:
    """The seconds by which drivers leave earlier than the ready times ask for; none where the times differ."""
    prepared_in: dict[int, list[int]] = {}
    for delivery in deliveries:
        ready_at, posted_at = delivery.pickup.ready_at, delivery.posted_at
        if ready_at is not None and posted_at is not None and ready_at > now:
            prepared_in.setdefault(delivery.pickup.location, []).append(ready_at - posted_at)
    if any(len(set(times)) > 1 for times in prepared_in.values()):
        return 0
    if any(len(times) > 1 for times in prepared_in.values()):
        return FOR_ESTIMATES_S
    return FOR_UNKNOWN_S if prepared_in and idle_drivers > PLENTY * len(deliveries) else 0
