"""One JSON line in, one JSON line out, whatever the line: the door answers, and lives until its input ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.marketplace.matching.processes import wait_until_busy
from tests.marketplace.matching.questions import Json, example, random_town, reply_to


class Door:
    """The matcher as another program talks to it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from marketplace.matching.door import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        )

    def ask(self, line: bytes) -> Json:
        """The reply to one line."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        reply: Json = json.loads(self.process.stdout.readline())
        return reply

    def plan(self, asked: Json) -> Json:
        """The reply to a request."""
        return self.ask(json.dumps(asked).encode())

    @property
    def solvers(self) -> list[int]:
        """The processes it plans in."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]

    def leave(self) -> tuple[bytes, int]:
        """Ends the input; what is still written, and the status of the process."""
        rest, _ = self.process.communicate(timeout=60)
        return rest, self.process.returncode


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """A door that is closed in the end."""
    opened = Door()
    yield opened
    assert opened.leave() == (b"", 0)


def error(reply: Json) -> tuple[Any, str]:
    """Whose request was refused, and the field; nothing else may be in such a reply but the sentence."""
    assert set(reply) == {"request_id", "error"}
    assert set(reply["error"]) == {"field", "message"}
    return reply["request_id"], reply["error"]["field"]


def test_a_plan_comes_with_the_id_and_the_time_it_took(door: Door) -> None:
    reply = door.plan(example())

    assert reply.pop("elapsed_s") > 0
    assert reply == reply_to(example())


def test_a_refused_field_is_named_with_its_sentence(door: Door) -> None:
    asked = example()
    asked["options"]["threads"] = 0

    assert door.plan(asked) == {
        "request_id": "r-1",
        "error": {"field": "options.threads", "message": "threads must be between 1 and 64"},
    }


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   ",
        b"plan",
        b"[]",
        b"5",
        b"null",
        b'{"request_id": "r"',
        b'{"request_id": "r"} {}',
        b'"\xff\xfe"',
        b'{"request_id": "\xc3\x28"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"\x00\x01\x02",
    ],
)
def test_a_line_that_is_no_object_is_answered(door: Door, line: bytes) -> None:
    assert error(door.ask(line)) == (None, "")


@pytest.mark.parametrize("request_id", ["null", "true", "1.5", '""', "[]", '"' + "x" * 101 + '"', "9" * 5_000])
def test_a_bad_request_id_is_not_echoed(door: Door, request_id: str) -> None:
    line = json.dumps(example() | {"request_id": "here"}).replace('"here"', request_id)

    assert error(door.ask(line.encode())) == (None, "request_id")


@pytest.mark.parametrize("request_id", [0, -5, 2**80, "x" * 100, "ü", "\ud800", "a\nb"])
def test_any_good_request_id_is_echoed_unchanged(door: Door, request_id: object) -> None:
    assert door.plan(example() | {"request_id": request_id})["request_id"] == request_id


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5_000, "-" + "9" * 5_000, "-0.0"])
def test_a_number_that_is_none_is_refused_where_it_stands(door: Door, number: str) -> None:
    line = json.dumps(example()).replace("36000", number)

    assert error(door.ask(line.encode())) == ("r-1", "now")


def test_a_field_given_twice_is_refused(door: Door) -> None:
    line = json.dumps(example()).replace('"seed": 7', '"seed": 7, "seed": 8')

    assert error(door.ask(line.encode())) == ("r-1", "options.seed")


def test_replies_come_in_the_order_of_the_requests(door: Door) -> None:
    towns = [random_town(number, deliveries=1 + number % 3, drivers=1) for number in range(6)]
    assert door.process.stdin is not None
    assert door.process.stdout is not None
    door.process.stdin.write(b"".join(json.dumps(town).encode() + b"\n" for town in towns))
    door.process.stdin.flush()

    replies = [json.loads(door.process.stdout.readline()) for _ in towns]

    assert [reply["request_id"] for reply in replies] == [town["request_id"] for town in towns]


def test_a_solver_that_is_killed_costs_one_reply(door: Door) -> None:
    assert "routes" in door.plan(example())
    long = random_town(1, deliveries=110, drivers=40, objective="fewest_drivers", time_limit_s=60)
    assert door.process.stdin is not None
    assert door.process.stdout is not None
    (solver,) = door.solvers
    door.process.stdin.write(json.dumps(long).encode() + b"\n")
    door.process.stdin.flush()
    wait_until_busy(solver)
    os.kill(solver, signal.SIGKILL)

    assert error(json.loads(door.process.stdout.readline())) == ("town-1", "")
    assert door.solvers != [solver]
    assert "routes" in door.plan(example())


def test_the_door_leaves_when_its_input_ends_even_within_a_line() -> None:
    door = Door()
    assert door.process.stdin is not None
    door.process.stdin.write(json.dumps(example() | {"now": -1}).encode())

    rest, status = door.leave()

    assert error(json.loads(rest)) == ("r-1", "now")
    assert status == 0
