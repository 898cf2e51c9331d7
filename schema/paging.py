"""Pages of lists: Relay connections over a key, never an offset, so that a page costs the same wherever it lies."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import strawberry

from marketplace.core.errors import Invalid
from marketplace.core.ids import from_wire
from schema.costs import ASSUMED_ROWS, LARGEST_PAGE
from schema.scalars import Cursor

Node = TypeVar("Node")

First = Annotated[int, strawberry.argument(description=f"Rows wanted, 0 to {LARGEST_PAGE}.")]
After = Annotated[Cursor | None, strawberry.argument(description="The endCursor of the page before.")]
USUAL_PAGE = ASSUMED_ROWS


class BadPage(Invalid):
    """A page size or a cursor that cannot be."""

    code = "BAD_PAGE"


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Whether there is more, and from where to go on."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    end_cursor: Cursor | None = strawberry.field(description="Send it as `after` to get the next page.")


@strawberry.type(description="One row of a page, with its place in the list.")
class Edge(Generic[Node]):
    """A record and its cursor."""

    node: Node = strawberry.field(description="The record.")
    cursor: Cursor = strawberry.field(description="The place of this row in the list.")


@strawberry.type(description=f"One page of a list, of at most {LARGEST_PAGE} rows.")
class Connection(Generic[Node]):
    """A page."""

    edges: list[Edge[Node]] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page lies.")


def rows_to_read(first: int) -> int:
    """How many rows to read for a page: one more than wanted tells whether the list goes on."""
    if not 0 <= first <= LARGEST_PAGE:
        raise BadPage(f"first is 0 to {LARGEST_PAGE}", field="first")
    return first + 1


def page_of(rows: Sequence[Any], *, first: int, key: Callable[[Any], Sequence[str]]) -> Any:
    """A connection over rows that were read with `rows_to_read`; `key` gives the texts that `after_key` gets back."""
    edges = [{"node": row, "cursor": cursor_of(*key(row))} for row in rows[:first]]
    end = edges[-1]["cursor"] if edges else None
    return {"edges": edges, "page_info": {"has_next_page": len(rows) > first, "end_cursor": end}}


def cursor_of(*parts: str) -> Cursor:
    """A cursor for the key of a row."""
    return Cursor(base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("="))


def after_key(cursor: Cursor | None, *, parts: int = 1) -> list[str] | None:
    """The key in a cursor; None for the first page."""
    if cursor is None:
        return None
    try:
        found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split("\n")
    except (binascii.Error, ValueError):
        found = []
    if len(found) != parts or not all(found):
        raise BadPage("this cursor did not come from this list", field="after")
    return found


def after_id(noun: str, cursor: Cursor | None) -> UUID | None:
    """The id in a cursor of a list that is read newest first; None for the first page."""
    key = after_key(cursor)
    return from_wire(noun, key[0], field="after") if key else None
