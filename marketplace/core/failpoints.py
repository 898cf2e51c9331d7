"""Places where a crash test may end the process as kill -9 would: `DOORSTEP_FAILPOINT=name[:n]`, the n-th passage."""

import os
import re
import signal
from collections import Counter

from marketplace.core.errors import CannotStart

NAMES = frozenset(
    {
        "commit_before_publish",
        "after_accept_before_reply",
        "before_claim",
        "after_claim",
        "operation_before_call",
        "operation_after_look",
        "operation_after_call",
        "operation_before_record",
        "operation_after_record",
        "inbox_before_record",
    }
)

COUNT = re.compile("[1-9][0-9]{0,8}")

_passages: Counter[str] = Counter()


def check_failpoint(*, is_production: bool) -> None:
    """Refuses to start with a failpoint in production mode, or with one that does not exist."""
    wanted = os.environ.get("DOORSTEP_FAILPOINT")
    if not wanted:
        return
    if is_production:
        raise CannotStart("DOORSTEP_FAILPOINT is for crash tests and refused in production mode")
    name, colon, count = wanted.partition(":")
    if name not in NAMES or (colon and not COUNT.fullmatch(count)):
        raise CannotStart(f"DOORSTEP_FAILPOINT is name or name:n, with one of {', '.join(sorted(NAMES))}")


def pass_failpoint(name: str) -> None:
    """Ends this process at once if the environment asks for a crash at this passage."""
    wanted, _, count = os.environ.get("DOORSTEP_FAILPOINT", "").partition(":")
    if wanted != name:
        return
    _passages[name] += 1
    if _passages[name] == int(count or "1"):
        os.kill(os.getpid(), signal.SIGKILL)
