"""The order in which wishes for a block are served: early access first, then a lot that can be checked. Pure.

The seed is drawn when the block is published and kept; only its SHA-256 digest is shown. After the draw the seed is
shown too, so that anybody can reckon the order again: by SHA-256 of seed and driver, from low to high. Nobody gains by
being a second faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A driver's sign-up that waits for the draw; `early_min` is 0 for everybody without early access."""

    sign_up_id: UUID
    driver_id: UUID
    early_min: int


def seed_digest(seed: str) -> str:
    """What is shown of a seed before the draw."""
    return sha256(seed.encode()).hexdigest()


def draw(seed: str, wishes: Sequence[Wish]) -> list[Wish]:
    """The wishes in the order in which they are served."""
    return sorted(wishes, key=lambda wish: (-wish.early_min, ticket(seed, wish.driver_id)))


def ticket(seed: str, driver_id: UUID) -> str:
    """A driver's number in the lot."""
    return sha256(f"{seed}:{driver_id.hex}".encode()).hexdigest()
