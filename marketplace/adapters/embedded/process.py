"""A server as a process: started in a session of its own, found again, stopped in order."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from marketplace.adapters.embedded.errors import StopFailed
from marketplace.adapters.embedded.patience import comes_true
from marketplace.adapters.embedded.server_user import OURSELVES, ServerUser

LOG_TAIL_LINES = 15
LOG_KEPT_BYTES = 16 << 20

# The kernel signals the server when the thread that started it ends. The shell between asks whether the owner was
# killed before the kernel was told.
GUARD = ("sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')


class ServerProcess:
    """One running server: our child, or one that somebody else started."""

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._child = child

    @classmethod
    def launch(
        cls,
        command: Sequence[str | Path],
        *,
        user: ServerUser,
        log_file: Path,
        when_owner_dies: signal.Signals | None = None,
        inherited: Sequence[int] = (),
    ) -> "ServerProcess":
        """Starts a server that a Ctrl-C in the terminal does not reach; call it from a thread that lives as long."""
        guard: list[str] = []
        if when_owner_dies is not None and shutil.which("setpriv"):
            guard = ["setpriv", "--pdeathsig", when_owner_dies.name.removeprefix("SIG"), *GUARD, str(os.getpid())]
        with log_file.open("ab") as log:
            child = _spawn(
                [*guard, *user.command_prefix, *command], user=user, output=log.fileno(), inherited=inherited
            )
        # PostgreSQL takes a dead server that its parent has not noticed for a living one.
        threading.Thread(target=child.wait, name=f"notices the end of {child.pid}", daemon=True).start()
        return cls(child.pid, child)

    @property
    def is_running(self) -> bool:
        """Tells whether the server has not ended yet."""
        return self._child.poll() is None if self._child is not None else is_alive(self.pid)

    async def stop(self, steps: Sequence[tuple[signal.Signals, float]]) -> None:
        """Sends one signal after the other, each with its patience in seconds, until the server has ended."""
        for sign, patience_s in steps:
            if self.is_running:
                with suppress(ProcessLookupError):  # it may end this moment
                    os.kill(self.pid, sign)
            if await comes_true(lambda: not self.is_running, within_s=patience_s):
                return
        raise StopFailed(f"The server with process number {self.pid} does not stop. End it by hand: kill {self.pid}")


def run_to_end(command: Sequence[str | Path], *, user: ServerUser = OURSELVES) -> tuple[bool, str]:
    """Runs one of the servers' tools; tells whether it went well and what it said."""
    with _spawn(command, user=user, output=subprocess.PIPE) as child:
        said, _ = child.communicate()
    return child.returncode == 0, said.decode("utf-8", errors="replace").strip()


def _spawn(
    command: Sequence[str | Path], *, user: ServerUser, output: int, inherited: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - only servers and tools of our packages, or those that the operator names
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},  # their messages are read here, so in plain English
        start_new_session=True,
        pass_fds=inherited,
        user=user.uid,
        group=user.gid,
        extra_groups=user.groups,
    )


def is_alive(pid: int) -> bool:
    """Tells whether a process exists and is more than an entry that its parent has not read yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def process_name(pid: int) -> str:
    """Says what a process is called, for messages."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "unknown"


def processes_in(folder: Path, name: str) -> list[int]:
    """Lists the processes of a name that work in a folder; none where the system does not show them."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "cwd").readlink() == folder and process_name(int(place.name)) == name:
                found.append(int(place.name))
        except OSError:
            continue  # it has just ended, or belongs to somebody else
    return sorted(found)


def turn_log(log_file: Path) -> int:
    """Puts a log that has grown large aside, and tells where the next start begins to write."""
    size = log_file.stat().st_size if log_file.exists() else 0
    if size <= LOG_KEPT_BYTES:
        return size
    log_file.replace(log_file.with_suffix(".log.before"))
    return 0


def log_since(log_file: Path, start: int) -> str:
    """Reads the last lines that a server has written since its start."""
    with log_file.open("rb") as log:
        log.seek(start)
        lines = log.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])
