"""Fields with a resolver, declared with the types of their functions kept: strawberry's own decorators lose them."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def query(*, description: str) -> Callable[[Resolver], Resolver]:
    """A field that a function reads, at the root or of a record."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def subscription(*, description: str) -> Callable[[Resolver], Resolver]:
    """A root field that an asynchronous generator feeds."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
