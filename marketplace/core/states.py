"""Lives of things: an enum and a table of allowed steps; the database repeats the states as constraints."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from marketplace.core.errors import Conflict

S = TypeVar("S", bound=StrEnum)


class IllegalStep(Conflict):
    """A state was asked to become another that it cannot become."""

    code = "ILLEGAL_STEP"


def check_step(steps: Mapping[S, frozenset[S]], now: S, then: S) -> None:
    """Raises IllegalStep unless `steps` allows to go from `now` to `then`."""
    if then not in steps[now]:
        raise IllegalStep(f"{now.value} cannot become {then.value}")
