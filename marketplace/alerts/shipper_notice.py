"""Which message tells a shipper of what happened to itself: to a webhook, or to a batch that it has posted again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.alerts.compose import Alert
from marketplace.alerts.policy import AlertPolicy
from marketplace.alerts.states import Audience, Cause
from marketplace.alerts.wording import NOTHING, reason_in, words_for
from marketplace.core.ids import to_wire
from marketplace.core.notifier import Channel

BY_ITS_OWNER = "SHIPPER"
PARTLY, TOO_MANY = "SOME_ROWS_NOT_TAKEN", "REFUSALS"


def notice_about(
    name: str, payload: Mapping[str, Any], policy: AlertPolicy, names: dict[str, str], now: datetime
) -> Sequence[Alert]:
    """The notice to the shipper by e-mail; to operations where it left none. Its owner's own doing is no news."""
    told = _told(name, payload)
    if told is None:
        return []
    cause, occasion, reason, values = told
    audience = Audience.SHIPPER if policy.email else Audience.DISPATCHER
    if not policy.wants(cause, audience):
        return []
    filled = NOTHING | names | values | {"reason": reason_in(policy.language, reason)}
    text = words_for(policy, cause, audience, filled)
    assert text is not None, "both readers have words"
    return [
        Alert(
            cause=cause,
            occasion=occasion,
            audience=audience,
            channel=Channel.EMAIL if policy.email else Channel.OPERATORS,
            address=policy.email or "operations",
            text=text,
            # A mailbox has no night, and every hour of waiting is an hour of which the shipper knows nothing.
            not_before=now,
        )
    ]


def _told(name: str, payload: Mapping[str, Any]) -> tuple[Cause, str, str, dict[str, str]] | None:
    """Cause, occasion, reason and what else the words need; None for what is no news."""
    match name, payload.get("reason"):
        case "WebhookDisabled", reason if reason != BY_ITS_OWNER:
            webhook = to_wire("webhook", UUID(payload["webhook_id"]))
            return Cause.WEBHOOK_DISABLED, webhook, str(reason), {"webhook": webhook}
        case "OccurrenceRefused", reason:
            return Cause.OCCURRENCE_REFUSED, payload["day"], str(reason), {"day": payload["day"]}
        case "OccurrencePosted", _ if payload["refused_count"]:
            return Cause.OCCURRENCE_REFUSED, payload["day"], PARTLY, {"day": payload["day"]}
        case "RecurringBatchChanged", reason if reason == TOO_MANY:
            return Cause.RECURRING_PAUSED, to_wire("recurring_batch", UUID(payload["recurring_batch_id"])), TOO_MANY, {}
        case _:
            return None
