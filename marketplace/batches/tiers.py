"""What a tier promises a delivery: pure, from its terms, the hub's days of opening and the moment it was asked for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from marketplace.batches.request import DeliveryRequest, LocalWindow
from marketplace.core.errors import Invalid
from marketplace.core.window import Window, local_window, zone
from marketplace.hubs import Opening
from marketplace.shippers import ServiceLevel, Tier

DAYS_AHEAD = 14
"""A hub that does not open within so many days promises nothing."""
PICKUP_LEAD = timedelta(hours=2)
"""How long before its window a parcel can be fetched, where the shipper says nothing."""


class BadTier(Invalid):
    """A tier that the shipper does not have here, or with a window that it does not give."""

    code = "BAD_TIER"


class CutOffPassed(Invalid):
    """Asked for too late for this tier; the message names the next day on which it could go."""

    code = "CUT_OFF_PASSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """The pickup and the drop-off window that follow from a tier."""

    pickup: Window
    dropoff: Window


def promised_windows(
    level: ServiceLevel, request: DeliveryRequest, *, opening: Opening, time_zone: str, now: datetime
) -> Promised:
    """The windows that the tier gives a row asked for now; refused where its day cannot be kept any more."""
    local = now.astimezone(zone(time_zone)).replace(tzinfo=None)
    if level.tier is Tier.SCHEDULED:
        wanted = _scheduled(level, request, opening, local)
        dropoff = local_window(wanted.opens, wanted.closes, time_zone)
    elif request.dropoff_window is not None:
        raise BadTier(f"the window of {level.tier} follows from the tier; leave yours out", field="dropoffWindow")
    else:
        dropoff = _given(level, _own_day(level, opening, local), time_zone, now)
    own = request.pickup_window
    if own is not None:
        return Promised(pickup=local_window(own.opens, own.closes, time_zone), dropoff=dropoff)
    fetched_from = min(max(dropoff.opens_at - PICKUP_LEAD, now), dropoff.closes_at)
    return Promised(pickup=Window(fetched_from, dropoff.closes_at), dropoff=dropoff)


def first_day(level: ServiceLevel, opening: Opening, local: datetime) -> date | None:
    """The first local day on which the tier can go, asked for at that local time; None where the hub stays closed."""
    is_late = level.cutoff is not None and local.time() > level.cutoff
    day = local.date() + timedelta(days=level.tier.days_ahead + is_late)
    days = (day + timedelta(days=more) for more in range(DAYS_AHEAD))
    return next((one for one in days if is_open_on(opening, one)), None)


def is_open_on(opening: Opening, day: date) -> bool:
    """Whether a hub serves at all on a local day."""
    return day not in opening.holidays and any(hours.day == day.isoweekday() for hours in opening.hours)


def _own_day(level: ServiceLevel, opening: Opening, local: datetime) -> date:
    """The tier's own day; a day later would not be what its name says."""
    day = first_day(level, opening, local)
    if day != local.date() + timedelta(days=level.tier.days_ahead):
        raise CutOffPassed(f"too late for {level.tier}; {_next(day)}", field="tier")
    return day


def _next(day: date | None) -> str:
    return f"the next day is {day.isoformat()}" if day is not None else f"no day of the next {DAYS_AHEAD} is open"


def _given(level: ServiceLevel, day: date, time_zone: str, now: datetime) -> Window:
    width = timedelta(seconds=level.window_s)
    opens = datetime.combine(day, level.opens)
    window = local_window(opens, opens + width, time_zone)
    if level.tier is Tier.EXPRESS:
        # From now on by the instant: an hour that the clock repeats would otherwise end before it began.
        starts = max(window.opens_at, now)
        return Window(starts, starts + width)
    return Window(min(max(window.opens_at, now), window.closes_at), window.closes_at)


def _scheduled(level: ServiceLevel, request: DeliveryRequest, opening: Opening, local: datetime) -> LocalWindow:
    wanted = request.dropoff_window
    if wanted is None:
        raise BadTier("SCHEDULED needs the window that you want", field="dropoffWindow")
    if wanted.closes - wanted.opens < timedelta(seconds=level.window_s):
        raise BadTier(f"your SCHEDULED windows are at least {level.window_s // 60} minutes wide", field="dropoffWindow")
    day = first_day(level, opening, local)
    if day is None or wanted.opens.date() < day:
        raise CutOffPassed(f"too late for SCHEDULED on that day; {_next(day)}", field="dropoffWindow")
    if not is_open_on(opening, wanted.opens.date()):
        raise BadTier("the hub is closed on that day", field="dropoffWindow")
    return wanted
