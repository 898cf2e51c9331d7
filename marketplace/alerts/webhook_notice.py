"""Which message follows when a webhook got nothing for so long that it was disabled, or its receiver ended it."""

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


def notice_about(payload: Mapping[str, Any], shipper_name: str, policy: AlertPolicy, now: datetime) -> Sequence[Alert]:
    """The notice to the shipper by e-mail; to operations where it left none. Its owner's own doing is no news."""
    reason = str(payload["reason"])
    audience = Audience.SHIPPER if policy.email else Audience.DISPATCHER
    if reason == BY_ITS_OWNER or not policy.wants(Cause.WEBHOOK_DISABLED, audience):
        return []
    webhook = to_wire("webhook", UUID(payload["webhook_id"]))
    values = NOTHING | {"shipper": shipper_name, "webhook": webhook, "reason": reason_in(policy.language, reason)}
    text = words_for(policy, Cause.WEBHOOK_DISABLED, audience, values)
    assert text is not None, "both readers have words"
    return [
        Alert(
            cause=Cause.WEBHOOK_DISABLED,
            occasion=webhook,
            audience=audience,
            channel=Channel.EMAIL if policy.email else Channel.OPERATORS,
            address=policy.email or "operations",
            text=text,
            # A mailbox has no night, and every hour of waiting is an hour of which the shipper's systems hear nothing.
            not_before=now,
        )
    ]
