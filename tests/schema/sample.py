"""A noun made up for tests of the edge: trees, failures, waits, a change, and a subscription that counts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, cast

import asyncpg
import strawberry

from marketplace.core.errors import Conflict
from marketplace.core.work import DatabaseUnavailable, Work
from schema.access import require_driver, require_operator
from schema.context import Info
from schema.fields import query, subscription
from schema.mutations import mutate, mutation
from schema.paging import After, Connection, First, after_key, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import Cursor, LocalDateTime, MoneyMinor


class Taken(Conflict):
    """Somebody was first."""

    code = "TAKEN"


@strawberry.enum
class Colour(Enum):
    """Two colours."""

    RED = "RED"
    GREEN = "GREEN"


@strawberry.type
class Leaf:
    """A leaf."""

    name: str
    size_g: int


@strawberry.type
class Tree:
    """A tree with leaves."""

    id: strawberry.ID
    colour: Colour
    planted_at: datetime
    value_minor: MoneyMinor
    leaves: list[Leaf]
    parent: "Tree | None"


@strawberry.type
class Counted:
    """How often something was counted."""

    count: int
    name: str


CountResult = Annotated[Counted | Problem, strawberry.union("CountResult")]


def tree(number: int, leaves: int = 3) -> dict[str, Any]:
    """A tree as one SQL statement would answer it."""
    return {
        "id": f"t{number}",
        "colour": "RED",
        "planted_at": "2026-03-02T12:00:00.5-03:00",
        "value_minor": 2**40 + number,
        "leaves": [{"name": f"l{leaf}", "size_g": leaf} for leaf in range(leaves)],
        "parent": None,
    }


class Gate:
    """Holds requests inside their resolver until a test lets them go."""

    def __init__(self) -> None:
        self.inside = 0
        self.open = asyncio.Event()


GATES: dict[str, Gate] = {}
LOADS: list[list[int]] = []
FAILURES: list[Exception] = []


async def load_names(_works: object, keys: list[int]) -> Sequence[str]:
    """Names of many numbers at once."""
    LOADS.append(keys)
    return [f"number {key}" for key in keys]


@strawberry.type
class Query:
    """Reads."""

    @query(description="Trees as dict trees.")
    async def trees(self, first: First = 10, after: After = None) -> Connection[Tree]:
        """A page of forty trees."""
        key = after_key(after)
        start = int(key[0]) + 1 if key else 0
        rows = [tree(number) for number in range(start, 40)][: rows_to_read(first)]
        return cast("Connection[Tree]", page_of(rows, first=first, key=lambda row: [row["id"][1:]]))

    @query(description="A long list without a page.", usual_rows=400)
    def meadow(self) -> list[Tree]:
        """Says that it has 400 trees."""
        return cast("list[Tree]", [tree(number) for number in range(400)])

    @query(description="A list without a page.", usual_rows=12)
    def grove(self) -> list[Tree]:
        """Twelve trees."""
        return cast("list[Tree]", [tree(number) for number in range(12)])

    @query(description="A bug.")
    def boom(self) -> str | None:
        """Fails with words that nobody may read."""
        raise RuntimeError("the password is hunter2")

    @query(description="A required field that is missing.")
    def hole(self) -> Leaf:
        """Has no name."""
        return cast("Leaf", {"size_g": 1})

    @query(description="A refusal.")
    def refuse(self) -> str | None:
        """Says no."""
        raise Taken("somebody was first", field="tree")

    @query(description="No database.")
    def away(self) -> str | None:
        """Says later."""
        raise DatabaseUnavailable("the database does not answer now")

    @query(description="Waits at a gate.")
    async def wait(self, gate: str) -> str:
        """Waits until the test opens the gate."""
        held = GATES.setdefault(gate, Gate())
        held.inside += 1
        await held.open.wait()
        return "done"

    @query(description="Reads its arguments back.")
    def echo(
        self,
        at: datetime | None = None,
        local: LocalDateTime | None = None,
        minor: MoneyMinor | None = None,
        cursor: Cursor | None = None,
        text: str | None = None,
        colour: Colour | None = None,
    ) -> str:
        """Everything as Python shows it."""
        return repr([at, local, minor, cursor, text, colour])

    @query(description="Names, loaded together.")
    async def named(self, info: Info, number: int) -> str:
        """A name by the loader of this request."""
        return await info.context.loader(load_names).load(number)

    @query(description="For drivers.")
    def for_drivers(self, info: Info) -> str:
        """The driver's id."""
        return str(require_driver(info).driver_id)

    @query(description="For operators of a market.")
    def for_operators(self, info: Info, market_id: str) -> str:
        """The operator's id."""
        from uuid import UUID  # noqa: PLC0415

        return str(require_operator(info, UUID(market_id)).operator_id)


@strawberry.type
class Mutation:
    """Changes."""

    @mutation(description="Counts one more for the caller; a priority field by its name.")
    async def go_offline(self, info: Info, name: str, idempotency_key: str, fail: str | None = None) -> CountResult:
        """Writes one row into the caller's sign-in codes, of all tables the simplest one."""
        driver = require_driver(info)

        async def run(work: Work) -> str:
            await work.execute(
                "INSERT INTO sign_in_code (id, address, kind, digest, created_at, expires_at)"
                " VALUES ($1, $2, 'driver', '', $3, $3)",
                work.new_id(),
                f"count {driver.id}",
                work.machine_now,
            )
            if fail == "refuse":
                raise Taken("somebody was first")
            if fail == "returned":
                return Taken("counted, and refused")  # type: ignore[return-value]
            if FAILURES:
                raise FAILURES.pop()
            return name

        async def answer(work: Work, reference: str) -> Counted:
            count = await work.fetch_value("SELECT count(*) FROM sign_in_code WHERE address = $1", f"count {driver.id}")
            return Counted(count=count, name=reference)

        return await mutate(
            info,
            operation="goOffline",
            arguments={"name": name, "fail": fail},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


@strawberry.type
class Subscription:
    """Streams."""

    @subscription(description="Counts up; with a negative count it says 0 and then waits for ever.")
    async def ticks(self, info: Info, count: int, fail_at: int | None = None) -> AsyncIterator[int]:
        """Counts from 0."""
        require_driver(info)
        running = GATES.setdefault("ticks", Gate())
        running.inside += 1
        try:
            number = 0
            while number != count:
                if number == fail_at:
                    raise RuntimeError("the password is hunter2")
                yield number
                number += 1
                await asyncio.sleep(0.001 if count >= 0 else 3_600)
        finally:
            running.inside -= 1


DEADLOCK = asyncpg.DeadlockDetectedError("deadlock detected")
