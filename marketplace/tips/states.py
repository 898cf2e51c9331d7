"""The life of a recipient's tip: wanted, waiting for its payer, and then paid, expired or refused."""

from enum import StrEnum


class TipState(StrEnum):
    """WANTED → WAITING → PAID | EXPIRED; REFUSED where the provider makes no page for it."""

    WANTED = "WANTED"
    WAITING = "WAITING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"

    @property
    def is_open(self) -> bool:
        """Whether its payer may still pay."""
        return self in {TipState.WANTED, TipState.WAITING}
