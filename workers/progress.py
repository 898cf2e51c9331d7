"""Progress for people: a bar on stderr for long work, tables for what was made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

console = Console(stderr=True)


@dataclass(slots=True)
class Bar:
    """A bar with one line for each thing that is being made."""

    shown: Progress
    lines: dict[str, TaskID] = field(default_factory=dict)

    def step(self, thing: str, done: int, total: int) -> None:
        """Says how many of a thing are done."""
        if thing not in self.lines:
            self.lines[thing] = self.shown.add_task(thing, total=total)
        self.shown.update(self.lines[thing], completed=done, total=total)

    def note(self, *words: object) -> None:
        """Says what is going on where nobody can count."""
        text = " ".join(str(word) for word in words)
        if "work" not in self.lines:
            self.lines["work"] = self.shown.add_task(text, total=None)
        self.shown.update(self.lines["work"], description=text)


@contextmanager
def progress() -> Iterator[Bar]:
    """A bar that is there while the block runs; plain lines where stderr is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=False, refresh_per_second=5) as shown:
        yield Bar(shown)


def show_seeded(seeded: Any) -> None:
    """What was seeded, for people; `--json` prints all of it with the tokens."""
    table = Table(title=f"Market {seeded.market_id}")
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_column("the first one")
    for name in ("shippers", "hubs", "drivers", "operators", "batches", "offers"):
        made = getattr(seeded, name)
        first = made[0] if made else {}
        table.add_row(name, str(len(made)), f"{first.get('id', '')} {first.get('name', first.get('email', ''))}")
    console.print(table)
    for shipper in seeded.shippers[:1]:
        console.print(f"API key of {shipper['name']}: [bold]{shipper['api_key']}[/]")
