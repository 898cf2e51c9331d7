"""The people at the door: who is at home, and who knows which PIN.

The shipper's app hears a PIN when it posts and passes it on to the recipient, as a message would. The recipient says it
to the driver. No app of a driver ever reads one.
"""

import asyncio

from workers.simulator.chance import chance

REASONS = ("RECIPIENT_UNAVAILABLE", "RECIPIENT_UNAVAILABLE", "RECIPIENT_REFUSED", "ADDRESS_NOT_FOUND", "ACCESS_BLOCKED")
"""Why a hand-over fails; most often nobody is there."""
PATIENCE_S = 20.0
"""Machine seconds for which a driver waits at a door for somebody who has not got the PIN yet."""


class Recipients:
    """All recipients of one day."""

    def __init__(self, *, seed: int, fail_rate: float) -> None:
        self.seed = seed
        self.fail_rate = fail_rate
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
        # The last two parts of the reference number batch and parcel; what is before them changes from run to run.
        source = chance(self.seed, "recipient", *external_id.rsplit("-", 2)[-2:])
        return source.choice(REASONS) if source.random() < self.fail_rate else None

    def _bell(self, delivery_id: str) -> asyncio.Event:
        return self._bells.setdefault(delivery_id, asyncio.Event())


def mistyped(pin: str) -> str:
    """The same PIN with its last digit one higher."""
    return pin[:-1] + str((int(pin[-1]) + 1) % 10)
