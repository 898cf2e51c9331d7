"""One solver process as its owner sees it: started, asked, and ended when it dies or takes too long."""

import logging
import os
import subprocess
import sys
import threading
from multiprocessing import Pipe

from marketplace.matching.refusals import BadRequest, SolverFailed
from marketplace.matching.reply import Plan
from marketplace.matching.request import PlanRequest

COMPILING = "compiling"
"""What a solver process says before it is ready, where it finds nothing compiled."""
START_LIMIT_S = 60.0
"""How long a new process may take until it is ready; on an idle machine it takes two seconds."""
COMPILE_LIMIT_S = 900.0
"""How long it may take when it has to compile first: half a minute on an idle machine, and only once."""

_log = logging.getLogger(__name__)


class SolverChild:
    """A process that runs `solver_process`.

    It is no `multiprocessing` process: those import the main module of their owner again, and so a whole server.
    """

    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        try:
            self._process = _start(theirs.fileno())
        except OSError as fault:
            self._pipe.close()
            raise SolverFailed(f"no solver process could be started: {fault}") from fault
        finally:
            theirs.close()
        self._is_ready = False

    @property
    def process_id(self) -> int:
        """The number the operating system knows it by."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, request: PlanRequest, bound_s: float) -> Plan | BadRequest | str:
        """Its answer; raises `SolverFailed`, and leaves no process behind, where it dies or the time runs out."""
        if not self._is_ready:
            if self._exchange(None, START_LIMIT_S) == COMPILING:
                _log.warning("the solver compiles its inner loops; make install does that beforehand")
                self._exchange(None, COMPILE_LIMIT_S)
            self._is_ready = True
        answer = self._exchange(request, bound_s)
        assert isinstance(answer, Plan | BadRequest | str)
        return answer

    def end(self) -> None:
        """Kills it, whatever it does, and reaps it."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()

    def _exchange(self, request: PlanRequest | None, bound_s: float) -> object:
        """Sends a request, if any, and takes the next answer; a timer ends the process if that takes too long.

        Killing it is what ends the waiting: both a full pipe and an empty one then break.
        """
        late = threading.Event()
        timer = threading.Timer(bound_s, self._end_late, [late])
        timer.daemon = True
        timer.start()
        try:
            if request is not None:
                self._pipe.send(request)
            return self._pipe.recv()
        except (EOFError, OSError) as broken:
            timer.cancel()
            status = self._process.wait()
            why = f"took more than {bound_s:g} s" if late.is_set() else f"ended with status {status}"
            raise SolverFailed(f"the solver process {why} and was replaced; ask again") from broken
        finally:
            timer.cancel()

    def _end_late(self, late: threading.Event) -> None:
        late.set()
        self._process.kill()


def _start(file_number: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no words from outside
        [sys.executable, "-m", "marketplace.matching.solver_process", str(file_number)],
        pass_fds=[file_number],
        stdin=subprocess.DEVNULL,
        stdout=2,  # the door's standard output belongs to its replies
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """Our own environment, with the way to our own modules, and one thread for each process of numpy."""
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109 - what an empty entry of sys.path means
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return os.environ | single | {"PYTHONPATH": os.pathsep.join(paths)}
