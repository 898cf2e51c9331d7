"""The matcher's door for other programs: one JSON request a line in, one JSON reply a line out, until the input ends.

Nothing else is ever written to standard output. Planning happens in a process of its own, so that a solver that dies
costs one reply and not the door.
"""

import importlib
import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from marketplace.core.errors import Refusal
from marketplace.matching.reading import Json, object_of_pairs, read_request, read_request_id, write_plan
from marketplace.matching.refusals import BadRequest
from marketplace.matching.reply import Plan
from marketplace.matching.request import PlanRequest
from marketplace.matching.solver_pool import SolverPool

LONGEST_LINE_BYTES = 2**30
"""A longer line is refused unread; 20,000 deliveries with their points take about 10 MB."""

LONGEST_NUMBER = 1_000
"""Digits of a whole number that may still mean something."""

_log = logging.getLogger(__name__)


def main(picture: Path | None = None) -> None:
    """Answers every line of standard input on standard output, in order, flushed after each.

    With a picture's name it draws each plan into that file; the last one stays.
    """
    shown = None if picture is None else partial(_draw, picture)
    with SolverPool(processes=1) as pool, _claim_stdout() as replies:
        try:
            for line in _lines(sys.stdin.buffer):
                replies.write(json.dumps(answer(line, pool, shown=shown), separators=(",", ":")).encode() + b"\n")
                replies.flush()
        except (BrokenPipeError, KeyboardInterrupt):
            return


def answer(line: bytes, pool: SolverPool, *, shown: Callable[[PlanRequest, Plan], None] | None = None) -> Json:
    """The reply to one line: a plan, which is `shown` as well, or which field is wrong."""
    began = time.perf_counter()
    reply: Json = {"request_id": None}
    try:
        asked = _parse(line)
        reply["request_id"] = read_request_id(asked)
        request = read_request(asked)
        plan = pool.solve_now(request, time_limit_s=request.options.time_limit_s)
        if shown is not None:
            shown(request, plan)
        return reply | write_plan(plan) | {"elapsed_s": round(time.perf_counter() - began, 6)}
    except Refusal as refusal:
        return reply | {"error": {"field": refusal.field or "", "message": refusal.message}}
    except Exception:  # noqa: BLE001 - a fault of ours must cost one reply, not the process that others talk to
        _log.exception("a request was not answered")
        return reply | {"error": {"field": "", "message": "the matcher failed; its log says why"}}


def _draw(picture: Path, request: PlanRequest, plan: Plan) -> None:
    # Loaded only now: it asks the planner for its zones, and the planner brings VROOM along.
    draw_plan = importlib.import_module("marketplace.matching.picture").draw_plan
    picture.write_bytes(draw_plan(request, plan))


def _parse(line: bytes) -> Json:
    """The object on a line."""
    if len(line) > LONGEST_LINE_BYTES:
        raise BadRequest("", f"a line has at most {LONGEST_LINE_BYTES} bytes")
    try:
        asked = _loads(line.decode())
    except (ValueError, RecursionError) as fault:
        raise BadRequest("", "a line is one JSON object") from fault
    if not isinstance(asked, dict):
        raise BadRequest("", "a request is a JSON object")
    return asked


def _loads(words: str) -> object:
    try:
        return json.loads(words, object_pairs_hook=object_of_pairs)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a whole number longer than Python reads: the field that holds it is to be refused
        return json.loads(words, object_pairs_hook=object_of_pairs, parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of the input; of one that is too long only the beginning, so that it can be refused."""
    while line := source.readline(LONGEST_LINE_BYTES + 1):
        rest = line
        while len(rest) > LONGEST_LINE_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE_BYTES + 1)
        yield line


def _claim_stdout() -> BinaryIO:
    """Standard output for the replies alone: whatever else is printed, also by libraries, goes to standard error."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies
