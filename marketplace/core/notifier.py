"""Messages to people: the door through which codes, notices and alerts leave the market."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Channel(StrEnum):
    """By which way a message goes; OPERATORS is wherever those who run the market look."""

    SMS = "SMS"
    EMAIL = "EMAIL"
    PUSH = "PUSH"
    OPERATORS = "OPERATORS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A short text for one person; `audience` says who that is to us: driver, operator, recipient or shipper.

    The address and the text are personal, and a text may hold a one-time code: neither shows in a repr.
    """

    audience: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    channel: Channel = Channel.SMS


class Notifier(Protocol):
    """Sends messages; never called while a Work is open."""

    async def send(self, message: Message) -> None:
        """Hands one message over; raises Unavailable when the way out is shut for now."""
        ...
