"""What an operation costs, in units: known for a document as a whole, but for the pages whose size is a variable.

The unit follows what was measured. A field with a resolver of its own takes a statement or two of the database, some
0.7 ms of processors. The fields below it are plain: the same statement has read them, and a compiled reader answers
ten of them in about a microsecond and the database in a few more. So rows are counted by their fields, ten to a unit,
and each list by as many rows as it usually has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.refusals import QueryLimit

LARGEST_PAGE = 100
"""Rows that one list gives at most; more come with the next cursor."""
ASSUMED_ROWS = 10
"""Rows that a list is counted with when neither the request nor the field itself says how many there are."""
LARGEST_COST = 1_000
PLAIN_FIELDS_PER_UNIT = 10
RESOLVED_COST = 20
"""Units of a field with a resolver of its own: a read, a change or a subscription."""
SCHEMA_FIELD_COST = 1
"""Units of a field of the schema that is asked for itself."""


def usually(rows: int) -> dict[str, int]:
    """Metadata of a list that has no pages: as many rows as it has on an ordinary busy day."""
    return {"usual_rows": rows}


def dear(units: int) -> dict[str, int]:
    """Metadata of a field that takes far more than a read: so many units for itself."""
    return {"own_units": units}


@dataclass(frozen=True, slots=True)
class Cost:
    """Plain fields, or what counts as much, that are certain, and pages whose number of rows a variable says."""

    fixed: int = 0
    pages: tuple["Page", ...] = ()

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.pages + other.pages)

    def times(self, rows: int) -> "Cost":
        """The cost of that many rows of this."""
        return self if rows == 1 else Cost(self.fixed * rows, tuple(page.times(rows) for page in self.pages))

    def units(self, variables: Mapping[str, Any]) -> int:
        """The cost with these variables; raises QueryLimit for a page that is too large."""
        return -(-self._fields(variables) // PLAIN_FIELDS_PER_UNIT)

    def _fields(self, variables: Mapping[str, Any]) -> int:
        return self.fixed + sum(page.rows(variables) * page.row._fields(variables) for page in self.pages)


NOTHING = Cost()
PLAIN_FIELD = Cost(1)


def units(count: int) -> Cost:
    """The cost of that many whole units."""
    return Cost(count * PLAIN_FIELDS_PER_UNIT)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one list, as many as the variable says."""

    variable: str
    default: int
    row: Cost

    def times(self, rows: int) -> "Page":
        """This page, that many times."""
        return Page(self.variable, self.default, self.row.times(rows))

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The number of rows that the variable asks for."""
        wanted = variables.get(self.variable)
        # What is no number is refused with better words when the variables are coerced.
        return check_page(wanted) if isinstance(wanted, int) else self.default


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
