"""What an operation costs, in units: known for a document as a whole, but for the pages whose size is a variable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.refusals import QueryLimit

LARGEST_PAGE = 100
"""Rows that one list gives at most; more come with the next cursor."""
ASSUMED_ROWS = 10
"""Rows that a list is counted with when the request does not say how many it wants."""
LARGEST_COST = 5_000
OBJECT_COST = 2
LEAF_COST = 1
MUTATION_COST = 10
DEAR_FIELDS = {"dryRun": 2_000}
"""What root fields cost that take more than a read: a second of a solver's core."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Units that are certain, and pages whose number of rows a variable says."""

    fixed: int = 0
    pages: tuple["Page", ...] = ()

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.pages + other.pages)

    def times(self, rows: int) -> "Cost":
        """The cost of that many rows of this."""
        return self if rows == 1 else Cost(self.fixed * rows, tuple(page.times(rows) for page in self.pages))

    def units(self, variables: Mapping[str, Any]) -> int:
        """The cost with these variables; raises QueryLimit for a page that is too large."""
        return self.fixed + sum(page.units(variables) for page in self.pages)


NOTHING = Cost()


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one list, as many as the variable says."""

    variable: str
    default: int
    row: Cost

    def times(self, rows: int) -> "Page":
        """This page, that many times."""
        return Page(self.variable, self.default, self.row.times(rows))

    def units(self, variables: Mapping[str, Any]) -> int:
        """The cost of the rows that the variable asks for."""
        wanted = variables.get(self.variable)
        # What is no number is refused with better words when the variables are coerced.
        rows = check_page(wanted) if isinstance(wanted, int) else self.default
        return rows * self.row.units(variables)


def check_page(rows: int) -> int:
    """The number of rows of a page, none below zero; raises QueryLimit above the limit."""
    if rows > LARGEST_PAGE:
        raise QueryLimit(f"a page has at most {LARGEST_PAGE} rows, not {rows}; ask for the next page by cursor")
    return max(rows, 0)


def check_cost(units: int) -> int:
    """The cost of an operation; raises QueryLimit above the limit."""
    if units > LARGEST_COST:
        raise QueryLimit(
            f"this operation costs {units} units and may cost {LARGEST_COST}; ask for fewer rows or fields"
        )
    return units
