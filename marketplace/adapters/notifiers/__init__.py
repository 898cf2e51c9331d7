"""Ways in which a message leaves: services by HTTP, Web Push, Apprise for operations, the console, memory in tests."""

from marketplace.adapters.notifiers.by_channel import ByChannelNotifier
from marketplace.adapters.notifiers.console import ConsoleNotifier
from marketplace.adapters.notifiers.http import HttpNotifier, NotifierUnavailable
from marketplace.adapters.notifiers.inbox import InboxNotifier
from marketplace.adapters.notifiers.operators import AppriseNotifier
from marketplace.adapters.notifiers.push import PushNotifier, development_key, new_key

__all__ = [
    "AppriseNotifier",
    "ByChannelNotifier",
    "ConsoleNotifier",
    "HttpNotifier",
    "InboxNotifier",
    "NotifierUnavailable",
    "PushNotifier",
    "development_key",
    "new_key",
]
