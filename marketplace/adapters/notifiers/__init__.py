"""Ways in which a message leaves: services by HTTP, Apprise for operations, the console, and memory in tests."""

from marketplace.adapters.notifiers.by_channel import ByChannelNotifier
from marketplace.adapters.notifiers.console import ConsoleNotifier
from marketplace.adapters.notifiers.http import HttpNotifier, NotifierUnavailable
from marketplace.adapters.notifiers.inbox import InboxNotifier
from marketplace.adapters.notifiers.operators import AppriseNotifier

__all__ = [
    "AppriseNotifier",
    "ByChannelNotifier",
    "ConsoleNotifier",
    "HttpNotifier",
    "InboxNotifier",
    "NotifierUnavailable",
]
