"""A solver process: plans what comes through its pipe, one request at a time, until the other end is closed.

Started by the solver pool, and the only place where a server's planner, and so VROOM, is ever imported.
"""

import logging
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from marketplace.matching.planner import plan
from marketplace.matching.refusals import BadRequest
from marketplace.matching.reply import Plan
from marketplace.matching.request import PlanRequest
from marketplace.matching.solver_child import COMPILING
from marketplace.matching.warming import is_cold, warm_up

READY = "ready"
_FIRST_TO_GO = "500"
"""Where memory runs out, the kernel ends a solver rather than a database or an API."""

_log = logging.getLogger(__name__)


def main() -> None:
    """Serves the pipe whose file number is the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the owner, and the closed pipe then ends this process
    _volunteer()
    with Connection(int(sys.argv[1])) as owner:
        if is_cold():
            owner.send(COMPILING)
        warm_up()
        owner.send(READY)
        try:
            while True:
                owner.send(_answer(owner.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _answer(request: PlanRequest) -> Plan | BadRequest | str:
    """A plan, a refusal, or what went wrong in words; a fault in one request must not cost the next one."""
    try:
        return plan(request)
    except BadRequest as refusal:
        return refusal
    except Exception as fault:  # noqa: BLE001 - the owner turns it into a failed call, the log keeps the trace
        _log.exception("planning failed")
        return f"{type(fault).__name__}: {fault}"


def _volunteer() -> None:
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(_FIRST_TO_GO)


if __name__ == "__main__":
    main()
