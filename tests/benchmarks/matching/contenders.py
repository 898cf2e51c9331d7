"""Who takes part: something that answers, and what its answers have cost in CPU seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

OURS = "doorstep"


@dataclass(frozen=True, slots=True)
class Contender(Generic[Asked, Answer]):
    """A name, a way of answering, and a clock of the CPU that this took so far."""

    name: str
    answer: Callable[[Asked], Answer]
    cpu_s: Callable[[], float]


class Stopwatch(Generic[Asked, Answer]):
    """Counts the CPU that a function of this process uses while it answers."""

    def __init__(self, function: Callable[[Asked], Answer]) -> None:
        self._function = function
        self._used_s = 0.0

    def answer(self, asked: Asked) -> Answer:
        """Answers while the watch runs."""
        began = time.process_time()
        try:
            return self._function(asked)
        finally:
            self._used_s += time.process_time() - began

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        return self._used_s


def in_this_process(name: str, function: Callable[[Asked], Answer]) -> Contender[Asked, Answer]:
    """A contender that answers in this process."""
    watch = Stopwatch(function)
    return Contender(name, watch.answer, watch.cpu_s)
