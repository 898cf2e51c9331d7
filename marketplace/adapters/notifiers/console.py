"""The notifier of development: it writes each message, one-time codes included, as a line of the log."""

import structlog

from marketplace.core.notifier import Message
from marketplace.core.work import outside


class ConsoleNotifier:
    """Shows messages to whoever runs the process; never meant for production, where codes are secret."""

    async def send(self, message: Message) -> None:
        """Writes the message as one structured line."""
        outside()
        structlog.get_logger("notifier").info(
            "message", audience=message.audience, address=message.address, text=message.text
        )
