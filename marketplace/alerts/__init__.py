"""What people are told and why, in order of life: an event or an expectation is a cause, a cause becomes messages.

Each reader hears each thing once, in the shipper's language and words, not at night unless it cannot wait, and nothing
that is no longer true. Drivers are told in their own language. The table of messages is the log of what was sent and
why.
"""

from marketplace.alerts.browsers import BROWSERS_EACH, PushDoor, forget_browsers
from marketplace.alerts.driver_words import words_for_driver
from marketplace.alerts.notify import NotToldYet, notify
from marketplace.alerts.policy import AlertPolicy
from marketplace.alerts.queries import list_notifications, list_notifications_of
from marketplace.alerts.send_due import send_due
from marketplace.alerts.sending import Links
from marketplace.alerts.set_alert_policy import BadAlertPolicy, alert_policy_of, set_alert_policy
from marketplace.alerts.states import Audience, Cause, NotificationState
from marketplace.alerts.subscribe_browser import (
    LONGEST_ENDPOINT,
    BadBrowserKeys,
    TooManyBrowsers,
    UnsafeEndpoint,
    subscribe_browser,
    unsubscribe_browser,
)
from marketplace.alerts.wording import BadTemplate

__all__ = [
    "BROWSERS_EACH",
    "LONGEST_ENDPOINT",
    "AlertPolicy",
    "Audience",
    "BadAlertPolicy",
    "BadBrowserKeys",
    "BadTemplate",
    "Cause",
    "Links",
    "NotToldYet",
    "NotificationState",
    "PushDoor",
    "TooManyBrowsers",
    "UnsafeEndpoint",
    "alert_policy_of",
    "forget_browsers",
    "list_notifications",
    "list_notifications_of",
    "notify",
    "send_due",
    "set_alert_policy",
    "subscribe_browser",
    "unsubscribe_browser",
    "words_for_driver",
]
