"""The command behind `make bench-matching`: runs the sets that lie in a folder and prints their tables.

Tables go to standard output, progress to standard error. CPU seconds are those of a solver's whole process tree, its
start not counted; compare them rather than wall time, unless the machine is idle.
"""

import json
import lzma
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.benchmarks.matching.dispatch_quality import (
    BLIND_NOTE,
    TICK_NOTE,
    Played,
    day_table,
    dispatch_figures,
    dispatcher_table,
    meal_senders,
    play,
    published_figures,
    read_published,
)
from tests.benchmarks.matching.folder import MEALS, SETS, Choice, Found, NothingToRun, look_into, named_folder
from tests.benchmarks.matching.li_lim import UnreadableInstance, read_instance
from tests.benchmarks.matching.meals import UnreadableDay, read_days
from tests.benchmarks.matching.outside import Matcher, MatcherGone
from tests.benchmarks.matching.route_quality import (
    Solved,
    instance_table,
    route_figures,
    route_solvers,
    solve,
    solver_table,
)
from tests.benchmarks.matching.route_rivals import has_pyvrp

CANNOT_RUN = 2


class Rivals(StrEnum):
    """Who is run beside the matcher."""

    NONE = "none"
    ALL = "all"


def bench_matching(
    data: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Where the sets lie; without it, says what is expected.")
    ] = "",
    sets: Annotated[str, typer.Option(help="Which sets, parted by commas.")] = ",".join(SETS),
    time_limit_s: Annotated[float, typer.Option(help="CPU seconds for each plan.", min=0.01, max=600)] = 1.0,
    every: Annotated[int, typer.Option(help="Take every n-th instance of each set.", min=1)] = 1,
    only: Annotated[str, typer.Option(help="Names or their beginnings, parted by commas: 0o50,0r50 or lc1.")] = "",
    rivals: Annotated[Rivals, typer.Option(help="Run other solvers too, or only the matcher.")] = Rivals.ALL,
    is_blind: Annotated[
        bool, typer.Option("--blind-preparation", help="Of meals not ready show only the restaurant's mean.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line of stdout.")] = False,
) -> None:
    """Measures the matcher on public sets: routes of Li and Lim, and days of meal delivery."""
    choice = Choice(sets=_words(sets), only=_words(only), every=every)
    has_rivals = rivals is Rivals.ALL
    report: dict[str, Any] = {"bench": "matching", "time_limit_s": time_limit_s, "every": every}
    try:
        folder = named_folder(data)
        found = look_into(folder, choice)
        for name in found.missing:
            _say(f"{name}: nothing there by these names; left out.")
        if has_rivals and found.instances and not has_pyvrp():
            _say("PyVRP is not installed; left out.")
        with Matcher() as matcher:
            report["route_quality"] = _routes(matcher, found, time_limit_s=time_limit_s, has_rivals=has_rivals)
            if found.days:
                report["dispatch_quality"] = _days(
                    matcher, folder, found, time_limit_s=time_limit_s, has_rivals=has_rivals, is_blind=is_blind
                )
    except (NothingToRun, UnreadableInstance, UnreadableDay, tarfile.TarError, lzma.LZMAError, MatcherGone) as fault:
        _say(str(fault))
        raise typer.Exit(CANNOT_RUN) from fault
    if as_json:
        sys.stdout.write(json.dumps(report) + "\n")


def _routes(matcher: Matcher, found: Found, *, time_limit_s: float, has_rivals: bool) -> dict[str, Any]:
    """Runs and prints every set of Li and Lim; the figures of each by solver."""
    figures: dict[str, Any] = {}
    solvers = route_solvers(matcher, time_limit_s=time_limit_s, has_rivals=has_rivals)
    for name, files in found.instances.items():
        results: list[Solved] = []
        with _progress(name, len(files) * len(solvers)) as advance:
            for file in files:
                instance = read_instance(file)
                for solver in solvers:
                    advance(f"{instance.name}, {solver.name}", 0)
                    results.append(solve(solver, instance, found.best_known[instance.name]))
                    advance(instance.name, 1)
        own = {each.name: route_figures([r for r in results if r.solver == each.name]) for each in solvers}
        _print(
            f"{name}: routes of Li and Lim, {time_limit_s:g} CPU s a plan", instance_table(results), solver_table(own)
        )
        figures[name] = own
    return figures


def _days(
    matcher: Matcher, folder: Path, found: Found, *, time_limit_s: float, has_rivals: bool, is_blind: bool
) -> dict[str, Any]:
    """Plays and prints the days; the means by dispatcher, the published ones among them."""
    senders = meal_senders(matcher, time_limit_s=time_limit_s, has_rivals=has_rivals)
    played: list[Played] = []
    with _progress(MEALS, len(found.days) * len(senders)) as advance:
        for day in read_days(folder / MEALS, found.days):
            for sender in senders:
                advance(f"{day.name}, {sender.name}", 0)
                played.append(play(sender, day, is_preparation_known=not is_blind))
                advance(day.name, 1)
    by_day = read_published(folder / "mdrp_published.csv")
    own = {each.name: dispatch_figures([p for p in played if p.dispatcher == each.name]) for each in senders}
    published = published_figures(found.days, by_day)
    _print(
        f"{MEALS}: days of meal delivery, minutes, at most {time_limit_s:g} CPU s a look",
        day_table(played, by_day),
        dispatcher_table(own, published),
        f"{TICK_NOTE}\n{BLIND_NOTE}" if is_blind else TICK_NOTE,
    )
    return {"is_preparation_known": not is_blind, **own, "published": published}


class _Advance:
    """Moves the bar; drawn only when told, so that drawing never falls into what is measured."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def __call__(self, doing: str, steps: int) -> None:
        self._progress.update(self._task, description=doing, advance=steps)
        self._progress.refresh()


@contextmanager
def _progress(name: str, total: int) -> Iterator[_Advance]:
    columns = (
        TextColumn(f"{name} {{task.description}}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, redirect_stdout=False) as progress:
        yield _Advance(progress, total)


def _words(listed: str) -> Sequence[str]:
    return tuple(word.strip() for word in listed.split(",") if word.strip())


def _print(*parts: str) -> None:
    sys.stdout.write("\n" + "\n\n".join(parts) + "\n\n")
    sys.stdout.flush()


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


app = typer.Typer(add_completion=False)
app.command()(bench_matching)

if __name__ == "__main__":
    app()
