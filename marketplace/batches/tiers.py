"""What a tier promises a delivery: pure, from its terms, the hub's days of opening and the moment it was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from marketplace.batches.request import DeliveryRequest, LocalWindow
from marketplace.core.errors import Invalid
from marketplace.core.window import Window, local_window, zone
from marketplace.hubs import Opening
from marketplace.shippers import KeptLevel, ServiceLevel, Tier

DAYS_AHEAD = 14
"""A hub that does not open within so many days promises nothing."""
WIDEST_S = 43_200
"""The widest window that a hub can be asked for; a day of it is taken as it was posted."""
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


def level_of(request: DeliveryRequest, levels: Mapping[Tier, KeptLevel]) -> KeptLevel:
    """The terms of the tier that a row asks for; refused where its shipper has none."""
    level = levels.get(request.tier) if request.tier is not None else None
    if level is None:
        raise BadTier(f"you have no {request.tier} in this market; see serviceLevels", field="tier")
    return level


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


def windows_within(
    level: ServiceLevel, day: date, *, opening: Opening, time_zone: str, asked_at: datetime, promised: Window
) -> list[Window]:
    """The hub's windows of a day that a tier leaves to a delivery which it has promised, first one first.

    SCHEDULED takes any that are as wide as its terms say, from its first day on: those of the hub are made as wide.
    The others keep to the window that the tier gives on the promised day; EXPRESS, which runs from the order on, to
    what is promised now.
    """
    if level.tier is Tier.SCHEDULED:
        first = first_day(level, opening, asked_at.astimezone(zone(time_zone)).replace(tzinfo=None))
        if first is None or day < first or level.window_s > WIDEST_S:
            return []
        wide = replace(opening, window_s=max(opening.window_s, level.window_s))
        return [one for one in wide.windows_on(day, time_zone=time_zone) if _width_s(one, time_zone) >= level.window_s]
    given = promised
    if level.tier is not Tier.EXPRESS:
        opens = datetime.combine(promised.opens_at.astimezone(zone(time_zone)).date(), level.opens)
        given = local_window(opens, opens + timedelta(seconds=level.window_s), time_zone)
    every = opening.windows_on(day, time_zone=time_zone)
    return [one for one in every if given.opens_at <= one.opens_at and one.closes_at <= given.closes_at]


def _width_s(window: Window, time_zone: str) -> float:
    """How wide a window is by the clock on the wall, as terms say it."""
    opens, closes = (
        moment.astimezone(zone(time_zone)).replace(tzinfo=None) for moment in (window.opens_at, window.closes_at)
    )
    return (closes - opens).total_seconds()


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
