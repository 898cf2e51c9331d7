"""The people at the door: who is at home, and who knows which PIN.

The shipper's app hears a PIN when it posts and passes it on to the recipient, as a message would. The recipient says it
to the driver. No app of a driver ever reads one.
"""

import asyncio
from collections import Counter
from enum import StrEnum
from random import Random

from workers.simulator.chance import chance

REASONS = ("RECIPIENT_UNAVAILABLE", "RECIPIENT_UNAVAILABLE", "RECIPIENT_REFUSED", "ADDRESS_NOT_FOUND", "ACCESS_BLOCKED")
"""Why a hand-over fails; most often nobody is there."""
SAFE_PLACE_RATE = 0.5
TIP_RATE = 0.15
SUGGESTIONS = 3
PATIENCE_S = 20.0
"""Machine seconds for which a driver waits at a door for somebody who has not got the PIN yet."""


class Answer(StrEnum):
    """What follows at the recipient's end after a driver has found nobody."""

    BY_LINK = "BY_LINK"
    BY_SHIPPER = "BY_SHIPPER"
    NONE = "NONE"


ANSWERS = (Answer.BY_LINK, Answer.BY_LINK, Answer.BY_SHIPPER, Answer.NONE)


class Recipients:
    """All recipients of one day."""

    def __init__(self, *, seed: int, fail_rate: float) -> None:
        self.seed = seed
        self.fail_rate = fail_rate
        self._attempts: Counter[str] = Counter()
        self._pins: dict[str, str] = {}
        self._bells: dict[str, asyncio.Event] = {}

    def tell_pin(self, delivery_id: str, pin: str) -> None:
        """The recipient of a delivery gets its PIN."""
        self._pins[delivery_id] = pin
        self._bell(delivery_id).set()

    async def pin_of(self, delivery_id: str) -> str | None:
        """What the recipient says; None when the recipient has never got a PIN."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._bell(delivery_id).wait()
        except TimeoutError:
            return None
        return self._pins[delivery_id]

    def failure_at(self, external_id: str) -> str | None:
        """Why this parcel cannot be handed over, or None when it can: fixed by the seed for each parcel."""
        source = self._source(external_id, "recipient")
        return source.choice(REASONS) if source.random() < self.fail_rate else None

    def not_met(self, external_id: str) -> None:
        """A driver has left the door with the parcel; at the next attempt chance is asked anew."""
        self._attempts[external_id] += 1

    def answer_to(self, external_id: str) -> tuple[Answer, float]:
        """Who chooses another window after an attempt, and after how many seconds of market time."""
        source = self._source(external_id, "answer")
        return source.choice(ANSWERS), source.uniform(60.0, 420.0)

    def has_safe_place(self, external_id: str) -> bool:
        """Whether a driver finds a place, or a neighbour, to leave the parcel."""
        return self._source(external_id, "place").random() < SAFE_PLACE_RATE

    def tips(self, external_id: str) -> int | None:
        """Which of the suggested amounts the recipient of a parcel that has arrived gives; None for no tip."""
        source = self._source(external_id, "tip")
        return source.randrange(SUGGESTIONS) if source.random() < TIP_RATE else None

    def _source(self, external_id: str, about: str) -> Random:
        # The last two parts of the reference number batch and parcel; what is before them changes from run to run.
        parcel = external_id.rsplit("-", 2)[-2:]
        attempt = self._attempts[external_id]
        return chance(self.seed, about, *parcel, attempt) if attempt else chance(self.seed, about, *parcel)

    def _bell(self, delivery_id: str) -> asyncio.Event:
        return self._bells.setdefault(delivery_id, asyncio.Event())


def mistyped(pin: str) -> str:
    """The same PIN with its last digit one higher."""
    return pin[:-1] + str((int(pin[-1]) + 1) % 10)
