"""Tables for people: words to the left, numbers to the right, a dash where there is no number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, how wide the column is at least, and how many decimals its numbers have."""

    heading: str
    width: int
    decimals: int = 0

    def cell(self, value: Cell) -> str:
        """One value of the column as it is shown."""
        if isinstance(value, str):
            return value.ljust(self.width)
        # The mean of nothing is not a number; and what rounds to nothing has no sign.
        if value is None or math.isnan(value):
            return "-".rjust(self.width)
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}".rjust(self.width)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> str:
    """The rows under their headings, as one text."""
    numeric = [any(isinstance(row[number], int | float) for row in rows) for number in range(len(columns))]
    headings = [
        column.heading.rjust(column.width) if is_number else column.heading.ljust(column.width)
        for column, is_number in zip(columns, numeric, strict=True)
    ]
    lines = [headings, *([column.cell(value) for column, value in zip(columns, row, strict=True)] for row in rows)]
    return "\n".join("  ".join(line).rstrip() for line in lines)
