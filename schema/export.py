"""Writes the schema beside its code, so that a changed API shows up in review: `python -m schema.export [--check]`."""

import sys
from pathlib import Path

from strawberry.printer import print_schema

from schema.schema import build_schema

FILE = Path(__file__).with_name("schema.graphql")


def current() -> str:
    """The schema as text, sorted by name."""
    return print_schema(build_schema(is_sorted=True)) + "\n"


def is_current() -> bool:
    """Whether the committed file says what the code does."""
    return FILE.is_file() and FILE.read_text(encoding="utf-8") == current()


def main(arguments: list[str]) -> int:
    """Writes the file, or with `--check` only compares it; 1 when it differs."""
    if arguments == ["--check"]:
        if is_current():
            return 0
        sys.stderr.write("schema/schema.graphql is not what the code says: run python -m schema.export\n")
        return 1
    FILE.write_text(current(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
