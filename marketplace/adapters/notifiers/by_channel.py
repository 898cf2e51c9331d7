"""Sends each message by the way that its channel names, and by the usual way where the channel has none of its own."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from marketplace.core.notifier import Channel, Message, Notifier


@runtime_checkable
class Closable(Protocol):
    """A way that holds connections or threads."""

    async def aclose(self) -> None:
        """Gives them back."""
        ...


class ByChannelNotifier:
    """Picks a way by channel; `usual` takes the rest."""

    def __init__(self, usual: Notifier, ways: Mapping[Channel, Notifier]) -> None:
        self.usual = usual
        self.ways = dict(ways)

    async def send(self, message: Message) -> None:
        """Hands the message to its way."""
        await self.ways.get(message.channel, self.usual).send(message)

    async def aclose(self) -> None:
        """Closes each way that can be closed, once."""
        for way in {id(way): way for way in (self.usual, *self.ways.values())}.values():
            if isinstance(way, Closable):
                await way.aclose()
