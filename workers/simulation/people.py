"""How a simulated driver behaves: the answers to offers, and how long everything takes.

What is done about it is not decided here. A `Mind` of the simulator is such a person: one with moods. Others, such as
couriers who accept everything at once, only have to answer the same questions.
"""

from typing import Protocol

from workers.simulator.personality import Decision


class Person(Protocol):
    """A driver's decisions, one after the other. Seconds are of market time."""

    def decide(self) -> Decision:
        """What to answer to the next offer, and after how long a thought."""
        ...

    def set_off_s(self) -> float:
        """How long it takes from having a route to starting it."""
        ...

    def driving_s(self, planned_s: float) -> float:
        """How long a leg really takes."""
        ...

    def pickup_s(self) -> float:
        """How long loading takes at a pickup."""
        ...

    def hand_over_s(self) -> float:
        """How long it takes at a door."""
        ...
