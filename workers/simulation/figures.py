"""The figures of a simulated day, drawn from its record."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from workers.simulation.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of a day. Times are of the market; None where nothing happened that could be measured.

    Click-to-door runs from the posting to the hand-over, ready-to-pickup from the opening of the pickup window to the
    pickup, time to fill from the posting to the first driver. A driver is engaged from having a route to its end;
    utilisation is that share of the hours online. A window is kept when somebody was at the door within it, of all that
    nobody called off.
    """

    posted: int
    delivered: int
    returned: int
    failed: int
    expired: int
    cancelled: int
    unfinished: int
    click_to_door_min: float | None
    click_to_door_p50_min: float | None
    click_to_door_p90_min: float | None
    ready_to_pickup_min: float | None
    on_time_pct: float | None
    windows_kept_pct: float | None
    time_to_fill_min: float | None
    offers_sent: int
    offers_accepted: int
    offers_declined: int
    offers_expired: int
    routes_completed: int
    cost_per_delivery_minor: float | None
    pay_per_engaged_hour_minor: float | None
    utilisation_pct: float | None
    driven_km: float
    empty_km_pct: float | None
    earned_minor: int
    drivers_paid: int
    paid_minor: int

    def as_dict(self) -> dict[str, Any]:
        """All of them by name, ready for JSON."""
        return asdict(self)


def figures_of(record: Record, *, online_s: float) -> Figures:
    """Adds a record up; `online_s` are the seconds that all drivers together were online."""
    fates = list(record.fates.values())
    ends = [fate.end for fate in fates]
    click_s, wait_s = sorted(click_to_door_s(record)), ready_to_pickup_s(record)
    fill_s = [(fate.assigned_at - fate.posted_at).total_seconds() for fate in fates if fate.assigned_at]
    delivered = ends.count("delivered")
    return Figures(
        posted=len(fates),
        delivered=delivered,
        returned=ends.count("returned"),
        failed=ends.count("failed"),
        expired=ends.count("expired"),
        cancelled=ends.count("cancelled"),
        unfinished=ends.count(None),
        click_to_door_min=minutes(mean(click_s)) if click_s else None,
        click_to_door_p50_min=minutes(quantile(click_s, 0.5)) if click_s else None,
        click_to_door_p90_min=minutes(quantile(click_s, 0.9)) if click_s else None,
        ready_to_pickup_min=minutes(mean(wait_s)) if wait_s else None,
        on_time_pct=share([fate.is_on_time for fate in fates].count(True), delivered),
        windows_kept_pct=windows_kept_pct(record),
        time_to_fill_min=minutes(mean(fill_s)) if fill_s else None,
        offers_sent=record.offers["sent"],
        offers_accepted=record.offers["accepted"],
        offers_declined=record.offers["declined"],
        offers_expired=record.offers["expired"],
        routes_completed=record.routes_completed,
        cost_per_delivery_minor=ratio(record.earned_minor, delivered),
        pay_per_engaged_hour_minor=ratio(3600 * record.earned_minor, record.engaged_s),
        utilisation_pct=share(record.engaged_s, online_s),
        driven_km=round(record.driven_m / 1000, 1),
        empty_km_pct=share(record.empty_m, record.driven_m),
        earned_minor=record.earned_minor,
        drivers_paid=len(record.drivers_paid),
        paid_minor=record.paid_minor,
    )


def windows_kept_pct(record: Record) -> float | None:
    """The share of the promised windows in which somebody was at the door, of those that nobody called off."""
    wanted = [(key, fate) for key, fate in record.fates.items() if key in record.promised and fate.end != "cancelled"]
    kept = sum(
        fate.at_door_at is not None
        and record.promised[key].opens_at <= fate.at_door_at <= record.promised[key].closes_at
        for key, fate in wanted
    )
    return share(kept, len(wanted))


def click_to_door_s(record: Record) -> list[float]:
    """For each delivered parcel the seconds from its posting to its hand-over."""
    return [(one.delivered_at - one.posted_at).total_seconds() for one in record.fates.values() if one.delivered_at]


def ready_to_pickup_s(record: Record) -> list[float]:
    """For each delivered parcel the seconds from the opening of its pickup window to its pickup."""
    return [
        (one.picked_up_at - record.ready_at[key]).total_seconds()
        for key, one in record.fates.items()
        if one.picked_up_at and one.delivered_at and key in record.ready_at
    ]


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value below which that part of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def minutes(seconds: float) -> float:
    """Seconds as minutes, to a hundredth."""
    return round(seconds / 60, 2)


def share(part: float, whole: float) -> float | None:
    """A part of a whole in per cent."""
    return round(100 * part / whole, 2) if whole else None


def ratio(amount: float, count: float) -> float | None:
    """So much for each, to a hundredth."""
    return round(amount / count, 2) if count else None
