"""Messages to people: the door through which codes, notices and alerts leave the market."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from marketplace.core.errors import NotFound


class Channel(StrEnum):
    """By which way a message goes; OPERATORS is wherever those who run the market look."""

    SMS = "SMS"
    EMAIL = "EMAIL"
    PUSH = "PUSH"
    OPERATORS = "OPERATORS"


class NobodyThere(NotFound):
    """The address is no more, and nothing is to be sent there again."""

    code = "NOBODY_THERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a message to a browser needs beside its text: where it goes, for whose eyes, and how long it is of use.

    Of messages with the same topic only the latest is kept for a browser that is asleep.
    """

    browser_id: UUID
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    title: str = field(repr=False)
    topic: str
    is_urgent: bool
    keeps_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A short text for one person; `audience` says who that is to us: driver, operator, recipient or shipper.

    The address and the text are personal, and a text may hold a one-time code: neither shows in a repr.
    """

    audience: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    channel: Channel = Channel.SMS
    push: Push | None = field(default=None, repr=False)


class Notifier(Protocol):
    """Sends messages; never called while a Work is open."""

    async def send(self, message: Message) -> None:
        """Hands one message over; raises Unavailable when the way out is shut, NobodyThere when the address ended."""
        ...
