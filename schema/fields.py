"""Fields with a resolver, declared with the types of their functions kept: strawberry's own decorators lose them."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from schema.costs import dear, usually

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def query(
    *, description: str, usual_rows: int | None = None, own_units: int | None = None
) -> Callable[[Resolver], Resolver]:
    """A field that a function reads, at the root or of a record.

    A list without pages says how long it usually is, and a field that takes far more than a read what it costs.
    """
    metadata = usually(usual_rows) if usual_rows is not None else {}
    metadata |= dear(own_units) if own_units is not None else {}
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description, metadata=metadata))


def subscription(*, description: str) -> Callable[[Resolver], Resolver]:
    """A root field that an asynchronous generator feeds."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
