"""How a shipper wants people told, as a value; whoever has set nothing gets what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

import asyncpg
import orjson

from marketplace.alerts.states import URGENT, Audience, Cause
from marketplace.core.notifier import Channel
from marketplace.core.window import zone

DAY_MINUTES = 1_440
USUAL_QUIET_FROM, USUAL_QUIET_TO = 21 * 60 + 30, 8 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """Language, quiet hours in minutes after local midnight, what is muted, and words of the shipper's own."""

    language: str = "en"
    quiet_from_minute: int = USUAL_QUIET_FROM
    quiet_to_minute: int = USUAL_QUIET_TO
    email: str = ""
    muted: frozenset[str] = frozenset()
    templates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def wants(self, cause: Cause, audience: Audience) -> bool:
        """Whether this reader is told of this cause."""
        return name_of(cause, audience) not in self.muted

    def wants_by(self, channel: Channel, cause: Cause, audience: Audience) -> bool:
        """Whether this reader is told of this cause by this way; who is not told at all is told by none."""
        return self.wants(cause, audience) and name_of(cause, audience, channel) not in self.muted

    def earliest(self, cause: Cause, audience: Audience, now: datetime, time_zone: str) -> datetime:
        """When a message may leave: now, or after the quiet hours for a person who need not know at once."""
        if audience is Audience.DISPATCHER or cause in URGENT or self.quiet_from_minute == self.quiet_to_minute:
            return now
        local = now.astimezone(zone(time_zone))
        minute = local.hour * 60 + local.minute
        since = (minute - self.quiet_from_minute) % DAY_MINUTES
        quiet = (self.quiet_to_minute - self.quiet_from_minute) % DAY_MINUTES
        if since >= quiet:
            return now
        # By the clock on the wall, so that a night with a change of time ends at the same hour.
        day = local.date() + timedelta(days=int(self.quiet_to_minute <= minute))
        wakes = time(self.quiet_to_minute // 60, self.quiet_to_minute % 60)
        return datetime.combine(day, wakes, tzinfo=zone(time_zone)).astimezone(now.tzinfo)


def name_of(cause: Cause, audience: Audience, channel: Channel = Channel.SMS) -> str:
    """The name under which a message is muted or worded: `DELIVERED:shipper`, or `DELIVERED:recipient:push`."""
    return f"{cause.value}:{audience.value}" + (":push" if channel is Channel.PUSH else "")


def policy_from(row: asyncpg.Record) -> AlertPolicy:
    """The policy of a joined row; the usual one where the shipper has none."""
    if row["language"] is None:
        return AlertPolicy()
    return AlertPolicy(
        language=row["language"],
        quiet_from_minute=row["quiet_from_minute"],
        quiet_to_minute=row["quiet_to_minute"],
        email=row["email"],
        muted=frozenset(row["muted"]),
        templates=orjson.loads(row["templates"]),
    )
