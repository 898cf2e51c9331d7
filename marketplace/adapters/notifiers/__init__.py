"""Ways in which a message leaves: a service by HTTP, the console in development, memory in tests."""

from marketplace.adapters.notifiers.console import ConsoleNotifier
from marketplace.adapters.notifiers.http import HttpNotifier, NotifierUnavailable
from marketplace.adapters.notifiers.inbox import InboxNotifier

__all__ = ["ConsoleNotifier", "HttpNotifier", "InboxNotifier", "NotifierUnavailable"]
