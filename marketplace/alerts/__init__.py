"""What people are told and why, in order of life: an event or an expectation is a cause, a cause becomes messages.

Each reader hears each thing once, in the shipper's language and words, not at night unless it cannot wait, and nothing
that is no longer true. The table of messages is the log of what was sent and why.
"""

from marketplace.alerts.notify import NotToldYet, notify
from marketplace.alerts.policy import AlertPolicy
from marketplace.alerts.queries import list_notifications, list_notifications_of
from marketplace.alerts.send_due import send_due
from marketplace.alerts.sending import Links
from marketplace.alerts.set_alert_policy import BadAlertPolicy, alert_policy_of, set_alert_policy
from marketplace.alerts.states import Audience, Cause, NotificationState
from marketplace.alerts.wording import BadTemplate

__all__ = [
    "AlertPolicy",
    "Audience",
    "BadAlertPolicy",
    "BadTemplate",
    "Cause",
    "Links",
    "NotToldYet",
    "NotificationState",
    "alert_policy_of",
    "list_notifications",
    "list_notifications_of",
    "notify",
    "send_due",
    "set_alert_policy",
]
