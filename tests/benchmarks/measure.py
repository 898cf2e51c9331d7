"""How a benchmark measures: contenders take turns in rounds, and each is compared with the bare one of the same run.

The main figure is CPU of the server process for each request: on shared cores requests a second and latencies move with
whatever else runs, CPU for the same work hardly does. Figures are medians over the rounds.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

import asyncpg

from tests.benchmarks.load import CONNECTIONS, Load, Reply
from tests.benchmarks.servers import Server, cpu_s

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way of doing the work: `requests(round)` are sent in that round, round 0 is the warm-up.

    `before(round)` goes out unmeasured ahead of a round; `units` is how many things one request does, where that is not
    one; `settle_s` is how long the server goes on working after its last reply.
    """

    name: str
    server: Server
    requests: Callable[[int], Sequence[bytes]]
    before: Callable[[int], Sequence[bytes]] = lambda _: ()
    connections: int = CONNECTIONS
    units: int = 1
    settle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one contender took."""

    units: int
    seconds: float
    server_cpu_s: float
    database_cpu_s: float
    replies: Sequence[Reply]


@dataclass(slots=True)
class Result:
    """All rounds of one contender."""

    contender: Contender
    rounds: list[Round] = field(default_factory=list)

    @property
    def replies(self) -> list[Reply]:
        """The replies of all rounds, the warm-up left out."""
        return [reply for each in self.rounds for reply in each.replies]

    def figures(self) -> dict[str, float]:
        """Medians over the rounds; latencies over all requests."""
        latencies = [reply.seconds * 1e3 for reply in self.replies] or [0.0, 0.0]
        return {
            "per_s": median(each.units / each.seconds for each in self.rounds),
            "server_us": median(each.server_cpu_s / each.units for each in self.rounds) * 1e6,
            "database_us": median(each.database_cpu_s / each.units for each in self.rounds) * 1e6,
            "p50_ms": median(latencies),
            "p99_ms": quantiles(latencies, n=100)[98],
        }


async def measure(
    contenders: Sequence[Contender], admin: asyncpg.Connection, *, rounds: int = ROUNDS
) -> dict[str, Result]:
    """Warms every contender up, then lets them take turns, each round in another order."""
    results = {contender.name: Result(contender) for contender in contenders}
    for number in range(rounds + 1):
        turn = number % len(contenders)
        for contender in (*contenders[turn:], *contenders[:turn]):
            done = await _run(contender, admin, number)
            if number:
                results[contender.name].rounds.append(done)
    return results


async def _run(contender: Contender, admin: asyncpg.Connection, number: int) -> Round:
    requests = contender.requests(number)
    async with Load.open(contender.server.port, contender.connections) as load:
        await load.send(contender.before(number))
        before = await _sessions(admin, contender.server)
        server_before, began = contender.server.cpu_s(), perf_counter()
        replies = await load.send(requests)
        seconds = perf_counter() - began
        await asyncio.sleep(contender.settle_s)
        server_after = contender.server.cpu_s()
        after = await _sessions(admin, contender.server)
    database = sum(used - before.get(pid, 0.0) for pid, used in after.items())
    return Round(len(requests) * contender.units, seconds, server_after - server_before, database, replies)


async def _sessions(admin: asyncpg.Connection, server: Server) -> dict[int, float]:
    """CPU of the server's sessions in the database; nothing where the database is on another machine."""
    found = {}
    for row in await admin.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
        server.application,
    ):
        with suppress(OSError):
            found[row["pid"]] = cpu_s(row["pid"])
    return found


def report(title: str, results: dict[str, Result], *, baseline: dict[str, str], unit: str = "requests") -> None:
    """Prints one table, with each contender's share of its baseline, and one line of JSON for programs."""
    figures = {name: result.figures() for name, result in results.items()}
    lines = [
        "",
        title,
        f"{'':28}{unit:>10}/s{'x bare':>8}{'CPU us':>9}{'x bare':>8}{'PG us':>8}{'p50 ms':>8}{'p99 ms':>8}",
    ]
    for name, own in figures.items():
        other = figures[baseline.get(name, name)]
        own["speed_ratio"] = own["per_s"] / other["per_s"]
        own["cpu_ratio"] = own["server_us"] / other["server_us"]
        lines.append(
            f"{name:28}{own['per_s']:12,.0f}{own['speed_ratio']:8.2f}{own['server_us']:9,.0f}{own['cpu_ratio']:8.2f}"
            f"{own['database_us']:8,.0f}{own['p50_ms']:8.1f}{own['p99_ms']:8.1f}"
        )
    rounded = {
        name: {key: float(f"{value:.4g}") for key, value in own.items()} | {"baseline": baseline.get(name)}
        for name, own in figures.items()
    }
    lines.append(json.dumps({"benchmark": title, "unit": unit, "figures": rounded}))
    sys.stdout.write("\n".join(lines) + "\n")
