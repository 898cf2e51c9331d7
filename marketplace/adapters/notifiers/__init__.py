"""Ways in which a message leaves: printed on the console for development, or kept in memory for tests."""

from marketplace.adapters.notifiers.console import ConsoleNotifier
from marketplace.adapters.notifiers.inbox import InboxNotifier

__all__ = ["ConsoleNotifier", "InboxNotifier"]
