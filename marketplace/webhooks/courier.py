"""The way out: what a courier is given, and what it brings back. The one that speaks HTTP is an adapter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from marketplace.webhooks.states import Failure

LARGEST_BODY = 64 * 1024 - 1
"""Bytes of a message at most."""
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; a longer one counts as a failure."""
ANSWER_WITHIN_S = 5.0
"""For everything together: finding the host, connecting, sending, and reading the whole answer."""
KEPT_OF_ANSWER = 500
"""Characters of an answer that the log shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is posted, signed and all."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How it went: no failure means that the receiver has taken it."""

    status: int | None
    failure: Failure | None
    latency_ms: int
    text: str = ""
    retry_after_s: float | None = None


class Courier(Protocol):
    """Carries letters to addresses that shippers chose, and to nowhere that they must not reach."""

    async def check(self, url: str) -> None:
        """Raises UnsafeUrl for an address that would be refused when something is sent there."""
        ...

    async def post(self, letter: Letter) -> Answer:
        """Hands a letter over within `ANSWER_WITHIN_S`; whatever goes wrong is in the answer."""
        ...

    async def aclose(self) -> None:
        """Gives back what it holds."""
        ...
