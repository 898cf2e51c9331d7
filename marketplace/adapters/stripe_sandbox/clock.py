"""The stand-in's own time: it runs with the machine's, faster, or stands still, and can be set forward by days."""

from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.core.clock import machine


class VirtualClock:
    """Seconds since 1970 in the world of the stand-in. It never goes back."""

    def __init__(self, kept: Record | None = None) -> None:
        """Goes on where a kept clock stood, or starts with the machine's time."""
        machine_now = machine().timestamp()
        self._virtual_at = kept["virtual_at"] if kept else machine_now
        self._machine_at = kept["machine_at"] if kept else machine_now
        self.rate: float = kept["rate"] if kept else 1.0

    def now(self) -> int:
        """This moment, in whole seconds."""
        return int(self._exactly())

    def set(self, now: int) -> None:
        """Moves forward to a moment; one that has passed leaves the clock where it is."""
        self._anchor(max(float(now), self._exactly()))

    def run(self, rate: float) -> None:
        """Runs from now on at a multiple of the machine's time; 0 stops."""
        self._anchor(self._exactly())
        self.rate = rate

    def as_record(self) -> Record:
        """What a restart needs to go on from here."""
        return {"id": "clock", "virtual_at": self._virtual_at, "machine_at": self._machine_at, "rate": self.rate}

    def machine_seconds_until(self, moment: int) -> float | None:
        """How long the machine has to wait for a moment; None while the clock stands still before it."""
        distance = moment - self._exactly()
        if distance <= 0:
            return 0.0
        return distance / self.rate if self.rate else None

    def _exactly(self) -> float:
        return float(self._virtual_at + (machine().timestamp() - self._machine_at) * self.rate)

    def _anchor(self, virtual_at: float) -> None:
        self._virtual_at, self._machine_at = virtual_at, machine().timestamp()
