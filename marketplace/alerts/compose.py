"""Which messages follow from what happened to a delivery, or is seen coming: a pure rule from a row to texts.

A word about what is still to come is left out when the delivery has moved on meanwhile. A return is told of by its
original. The tracking link of a text and the code of a parcel that waits at a hand-over point are filled in when it
leaves: who holds them may see the delivery, or collect it, so no table holds them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from marketplace.alerts.policy import AlertPolicy
from marketplace.alerts.states import Audience, Cause
from marketplace.alerts.wording import NOTHING, reason_in, words_for
from marketplace.batches.states import DeliveryState as D
from marketplace.core.notifier import Channel
from marketplace.core.window import zone

LINK = "{link}"
CODE = "{code}"
BROWSERS = "browsers"

CAUSE_OF: Mapping[str, Cause] = {
    "DeliveryAssigned": Cause.DRIVER_FOUND,
    "DeliveryMoved": Cause.ON_THE_WAY,
    "LateRiskRaised": Cause.LATE,
    "WindowChanged": Cause.WINDOW_CHANGED,
    "DeliveryDelivered": Cause.DELIVERED,
    "DeliveryAttempted": Cause.ATTEMPTED,
    "ParcelWaits": Cause.READY_TO_COLLECT,
    "ParcelUncollected": Cause.UNCOLLECTED,
    "DeliveryReturned": Cause.RETURNED,
    "DeliveryExpired": Cause.EXPIRED,
    "DeliveryFailed": Cause.FAILED,
}
"""Why people are told after an event."""

STILL_TRUE: Mapping[Cause, frozenset[D]] = {
    Cause.DRIVER_FOUND: frozenset({D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP, D.PICKED_UP}),
    Cause.ON_THE_WAY: frozenset({D.EN_ROUTE_TO_DROPOFF}),
    Cause.ARRIVING_SOON: frozenset({D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF}),
    Cause.LATE: frozenset(
        {D.OFFERING, D.ASSIGNED, D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP, D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF}
    ),
    Cause.WINDOW_CHANGED: frozenset({D.CREATED, D.SCHEDULED, D.OFFERING, D.ASSIGNED, D.EN_ROUTE_TO_PICKUP,
                                     D.ARRIVED_AT_PICKUP, D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF}),
}  # fmt: skip
"""In which states a word about what is to come is still true; of what has happened one can always tell."""
OF_ONE_PROMISE = frozenset({Cause.DRIVER_FOUND, Cause.ON_THE_WAY, Cause.ARRIVING_SOON, Cause.LATE})
"""What is told once for each promised window; anything else once for each time that it happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a text about a delivery needs; `state` and window are those by now, `at` and `reason` those of the cause."""

    cause: Cause
    state: D
    is_return: bool
    shipper_name: str
    external_id: str
    recipient_phone: str
    pickup_phone: str
    time_zone: str
    opens_at: datetime
    closes_at: datetime
    sequence: int
    has_browsers: bool = False
    at: datetime | None = None
    reason: str = ""
    point: str = ""
    kept_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A text for one reader, when it may leave, and the occasion on which it is told once."""

    cause: Cause
    occasion: str
    audience: Audience
    channel: Channel
    address: str
    text: str
    not_before: datetime


def alerts_about(happened: Happened, policy: AlertPolicy, now: datetime) -> Sequence[Alert]:
    """The messages that follow, for those who want them."""
    if happened.is_return or not is_still_true(happened.cause, happened.state):
        return []
    values = _values(happened, policy.language)
    found = []
    for audience, channel, address in _ways(happened, policy):
        text = words_for(policy, happened.cause, audience, values, channel)
        if happened.point and (happened.cause, audience) == (Cause.DELIVERED, Audience.RECIPIENT):
            continue  # it lies at its point: the recipient is told when it can be collected
        if text is None or not address or not policy.wants_by(channel, happened.cause, audience):
            continue
        found.append(
            Alert(
                cause=happened.cause,
                occasion=_occasion(happened),
                audience=audience,
                channel=channel,
                address=address,
                text=text,
                not_before=policy.earliest(happened.cause, audience, now, happened.time_zone),
            )
        )
    return found


def is_still_true(cause: Cause, state: D) -> bool:
    """Whether a word about what is to come is still worth saying."""
    still = STILL_TRUE.get(cause)
    return still is None or state in still


def happening(name: str, payload: Mapping[str, Any]) -> tuple[Cause, datetime | None, str] | None:
    """The cause that an event is to people, its moment and its reason; None where nobody is told."""
    cause = CAUSE_OF.get(name)
    if cause is None:
        return None
    moment = payload.get("expected_at") or payload.get("occurred_at")
    return cause, datetime.fromisoformat(moment) if moment else None, str(payload.get("reason") or "")


def _ways(happened: Happened, policy: AlertPolicy) -> Iterator[tuple[Audience, Channel, str]]:
    """Who can be told and how. A recipient's browsers are one address: whose they are is looked up when it leaves."""
    yield Audience.RECIPIENT, Channel.SMS, happened.recipient_phone
    if happened.has_browsers:
        yield Audience.RECIPIENT, Channel.PUSH, BROWSERS
    if policy.email:
        yield Audience.SHIPPER, Channel.EMAIL, policy.email
    else:
        yield Audience.SHIPPER, Channel.SMS, happened.pickup_phone
    yield Audience.DISPATCHER, Channel.OPERATORS, "operations"


def _last_day(happened: Happened) -> str:
    if happened.kept_until is None:
        return ""
    return f"{(happened.kept_until - timedelta(seconds=1)).astimezone(zone(happened.time_zone)):%d.%m.}"


def _occasion(happened: Happened) -> str:
    if happened.cause in OF_ONE_PROMISE:
        return f"{happened.closes_at.timestamp():.0f}"
    return f"#{happened.sequence}"


def _values(happened: Happened, language: str) -> Mapping[str, str]:
    def clock(instant: datetime | None) -> str:
        return "" if instant is None else f"{instant.astimezone(zone(happened.time_zone)):%H:%M}"

    return NOTHING | {
        "shipper": happened.shipper_name,
        "external_id": happened.external_id,
        "opens": clock(happened.opens_at),
        "closes": clock(happened.closes_at),
        "at": clock(happened.at),
        "reason": reason_in(language, happened.reason),
        "link": LINK,
        "code": CODE,
        "point": happened.point,
        "last_day": _last_day(happened),
    }
