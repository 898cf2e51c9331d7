"""The day on which a rural zone is served: which one a delivery gets, and that another window keeps to it. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from marketplace.batches.request import BadDelivery, DeliveryRequest
from marketplace.batches.tiers import Promised, first_day, promised_windows
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window, local_window, zone
from marketplace.hubs import Opening
from marketplace.rural import RuralZone, local_day
from marketplace.shippers import ServiceLevel


class UnservedDay(Invalid):
    """A window on a day on which a rural zone is not served, or no longer; the message names the next one."""

    code = "UNSERVED_DAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a delivery comes from, as far as its windows depend on it; what lies at a hub can be fetched any day."""

    place: Point
    opening: Opening
    time_zone: str
    is_hub: bool


def served_windows(
    terms: RuralZone, level: ServiceLevel | None, request: DeliveryRequest, *, origin: Origin, now: datetime
) -> Promised:
    """The windows of a row that ends in a rural zone: its own, on a day that is served, or the next such day's hours.

    With a tier that is the next served day from the first one on which the tier could go.
    """
    if request.dropoff_window is None:
        dropoff = _next_hours(terms, level, origin, now)
    else:
        dropoff = _own_window(level, request, origin, now)
        check_served_day(terms, dropoff, now=now, time_zone=origin.time_zone)
    pickup = terms.pickup_window(dropoff, origin.time_zone)
    if request.pickup_window is not None:
        pickup = local_window(request.pickup_window.opens, request.pickup_window.closes, origin.time_zone)
        if origin.is_hub:
            pickup = Window(min(pickup.opens_at, dropoff.closes_at), max(pickup.closes_at, dropoff.closes_at))
        elif local_day(pickup.closes_at, origin.time_zone) < local_day(dropoff.opens_at, origin.time_zone):
            raise BadDelivery("the pickup is over before the day of the zone; leave it out", field="pickupWindow")
    return Promised(pickup=pickup, dropoff=dropoff)


def check_served_day(
    terms: RuralZone, window: Window, *, now: datetime, time_zone: str, promised: datetime | None = None
) -> None:
    """Refuses a window that is not on one served day, or is narrower than the zone has them.

    A day that was promised before stays possible after its cut-off.
    """
    day = local_day(window.opens_at, time_zone)
    is_promised = promised is not None and day == local_day(promised, time_zone)
    is_one_day = day == local_day(window.closes_at, time_zone)
    if not is_one_day or not (is_promised or terms.serves(day, now=now, time_zone=time_zone)):
        raise UnservedDay(f"{terms.says}; {_next(terms, now, time_zone)}", field="dropoffWindow")
    if terms.window_s is not None and (window.closes_at - window.opens_at).total_seconds() < terms.window_s:
        raise UnservedDay(
            f"windows in {terms.name} are at least {terms.window_s // 60} minutes wide", field="dropoffWindow"
        )


def _own_window(level: ServiceLevel | None, request: DeliveryRequest, origin: Origin, now: datetime) -> Window:
    if level is not None:
        return promised_windows(level, request, opening=origin.opening, time_zone=origin.time_zone, now=now).dropoff
    assert request.dropoff_window is not None, "asked before"
    return local_window(request.dropoff_window.opens, request.dropoff_window.closes, origin.time_zone)


def _next_hours(terms: RuralZone, level: ServiceLevel | None, origin: Origin, now: datetime) -> Window:
    local = now.astimezone(zone(origin.time_zone)).replace(tzinfo=None)
    earliest = first_day(level, origin.opening, local) if level is not None else local.date()
    day = None
    if earliest is not None:
        day = terms.next_day(
            earliest,
            now=now,
            time_zone=origin.time_zone,
            is_open=lambda one: bool(origin.opening.windows_on(one, time_zone=origin.time_zone)),
        )
    if day is None:
        raise UnservedDay(f"{terms.says}; on none of the next such days it can be sent", field="dropoffWindow")
    hours = terms.hours(day, origin.time_zone)
    return Window(min(max(hours.opens_at, now), hours.closes_at), hours.closes_at)


def _next(terms: RuralZone, now: datetime, time_zone: str) -> str:
    day: date | None = terms.next_day(local_day(now, time_zone), now=now, time_zone=time_zone)
    return f"the next served day is {day.isoformat()}" if day is not None else "no day can be ordered now"
