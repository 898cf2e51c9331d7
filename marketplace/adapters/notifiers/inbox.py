"""The in-memory notifier: it keeps what was sent, so that a test can read the code that a driver would get."""

from collections import deque

from marketplace.core.notifier import Message
from marketplace.core.work import outside

KEPT_MESSAGES = 10_000


class InboxNotifier:
    """Keeps the latest messages in the order in which they were sent."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque(maxlen=KEPT_MESSAGES)

    async def send(self, message: Message) -> None:
        """Keeps the message."""
        outside()
        self.messages.append(message)

    def latest_to(self, address: str) -> Message | None:
        """The last message to that address, if there was one."""
        return next((message for message in reversed(self.messages) if message.address == address), None)
