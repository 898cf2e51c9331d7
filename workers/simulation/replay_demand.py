"""The demand of a recorded day as it is posted again: the same moments, places, sizes and windows, under no names."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.analytics import RecordedDay, RecordedDelivery
from marketplace.batches import DeliveryRequest, FailurePolicy, LocalWindow, PackageRequest, Place, Requirement
from marketplace.core.geo import Point
from marketplace.core.window import Window
from workers.simulation.peak import PEAK
from workers.simulator.chance import chance

SENDER, RECIPIENT = "Pickup", "Door"
"""What stands for the addresses that are not copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedBatch:
    """What a shipper posts at one moment, in the order in which it was posted, each by a reference of the replay's."""

    posted_at: datetime
    shipper: int
    is_quoted: bool
    deliveries: Mapping[str, RecordedDelivery]


def batches_of(day: RecordedDay) -> list[ReplayedBatch]:
    """The batches of a recorded day in order of time."""
    by_number: defaultdict[int, list[RecordedDelivery]] = defaultdict(list)
    for delivery in day.deliveries:
        by_number[delivery.batch].append(delivery)
    return [_batch(f"replay-{number}", some) for number, some in sorted(by_number.items())]


def with_peak(batches: Sequence[ReplayedBatch], *, times: float, seed: int) -> list[ReplayedBatch]:
    """The batches of a day, and those that a peak adds: as others of the same hours, at other moments, to other doors.

    The hours are those shares of the time from the first posting to the last in which a made-up day has its peak.
    """
    first, last = batches[0].posted_at, batches[-1].posted_at
    begins, ends = (first + share * (last - first) for share in PEAK)
    within = [batch for batch in batches if begins <= batch.posted_at < ends]
    wanted = round((times - 1) * sum(len(batch.deliveries) for batch in within))
    if not wanted:
        return list(batches)
    source = chance(seed, "peak")
    doors = [delivery.dropoff for batch in batches for delivery in batch.deliveries.values()]
    source.shuffle(doors)
    following, added = cycle(doors), list[ReplayedBatch]()
    for template in cycle(within):
        if wanted <= 0:
            break
        later = _moment(source, begins, ends) - template.posted_at
        some = [_moved(one, later, next(following)) for one in [*template.deliveries.values()][:wanted]]
        wanted -= len(some)
        added.append(_batch(f"replay-peak{len(added)}", some))
    return sorted([*batches, *added], key=lambda batch: batch.posted_at)


def request_of(reference: str, delivery: RecordedDelivery, hub_of: Callable[[int, Point], UUID]) -> DeliveryRequest:
    """A recorded parcel as it is asked for again."""
    return DeliveryRequest(
        external_id=reference,
        hub_id=None if delivery.hub is None else hub_of(delivery.hub, delivery.dropoff),
        pickup=Place(point=delivery.pickup, address=SENDER) if delivery.hub is None else None,
        dropoff=Place(point=delivery.dropoff, address=RECIPIENT),
        packages=[
            PackageRequest(weight_g=grams, length_mm=length, width_mm=width, height_mm=height)
            for grams, length, width, height in delivery.packages
        ],
        pickup_window=_local(delivery.pickup_window, delivery.time_zone),
        dropoff_window=_local(delivery.dropoff_window, delivery.time_zone),
        requirements=[Requirement(name) for name in delivery.requirements],
        service_level=delivery.service_level,
        priority=delivery.priority,
        failure_policy=FailurePolicy(delivery.failure_policy),
        max_attempts=delivery.max_attempts,
    )


def _batch(name: str, deliveries: Sequence[RecordedDelivery]) -> ReplayedBatch:
    first = deliveries[0]
    return ReplayedBatch(
        posted_at=first.posted_at,
        shipper=first.shipper,
        is_quoted=first.is_quoted,
        deliveries={f"{name}-{number}": delivery for number, delivery in enumerate(deliveries)},
    )


def _moment(source: Random, begins: datetime, ends: datetime) -> datetime:
    return begins + source.random() * (ends - begins)


def _moved(delivery: RecordedDelivery, later: timedelta, door: Point) -> RecordedDelivery:
    """The same parcel at another moment and for another door, of which nothing was recorded."""
    return replace(
        delivery,
        posted_at=delivery.posted_at + later,
        dropoff=door,
        pickup_window=Window(delivery.pickup_window.opens_at + later, delivery.pickup_window.closes_at + later),
        dropoff_window=Window(delivery.dropoff_window.opens_at + later, delivery.dropoff_window.closes_at + later),
        cancelled_after_s=None,
        failure=None,
        hand_over_s=None,
    )


def _local(window: Window, time_zone: str) -> LocalWindow:
    zone = ZoneInfo(time_zone)
    opens, closes = (moment.astimezone(zone).replace(tzinfo=None) for moment in (window.opens_at, window.closes_at))
    return LocalWindow(opens=opens, closes=closes)
