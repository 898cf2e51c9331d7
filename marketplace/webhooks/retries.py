"""When a message is tried again, when a receiver is left in peace, and when it is given up. Pure rules.

Eight tries over more than a day: at once, then after 5 s, 5 min, 30 min, 2, 5, 8 and 10 hours, each a little later by
chance so that messages which failed together do not come back together.
"""

import random
from collections.abc import Sequence
from datetime import timedelta

from marketplace.webhooks.courier import Answer

PAUSES_S = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 28_800.0, 36_000.0)
TRIES = len(PAUSES_S) + 1
JITTER = 0.2
LONGEST_RETRY_AFTER_S = 86_400.0
"""A receiver that asks for more patience than a day gets a day."""
BUSY = (429, 503)
"""Answers whose Retry-After counts."""
GONE = 410
BORNE_FAILURES = 3
"""Failures in a row after which the whole webhook pauses, so that one which is down is not asked for every message."""
LONGEST_BREAK_S = 300.0
GIVEN_UP_AFTER = timedelta(days=5)
FAILURES_BEFORE_GIVING_UP = 10
"""A webhook is disabled that has failed for so long, and so often, without taking anything in between."""
SLOW_MS = 1_000
"""A receiver that takes longer is served by the slow part of the senders."""


def pause_before_try_s(tries: int, answer: Answer, source: random.Random) -> float | None:
    """How long a message waits that was tried so often; None when it is given up."""
    if tries >= TRIES:
        return None
    pause = PAUSES_S[tries - 1] * source.uniform(1.0, 1.0 + JITTER)
    return max(pause, asked_patience_s(answer))


def asked_patience_s(answer: Answer) -> float:
    """How long the receiver wants to be left in peace."""
    if answer.status not in BUSY or answer.retry_after_s is None:
        return 0.0
    return min(answer.retry_after_s, LONGEST_RETRY_AFTER_S)


def break_s(failures: int, answers: Sequence[Answer]) -> float:
    """How long nothing at all is sent to a webhook that has failed so often in a row."""
    patience = max((asked_patience_s(answer) for answer in answers), default=0.0)
    if failures < BORNE_FAILURES:
        return patience
    return max(patience, min(LONGEST_BREAK_S, 2.0 ** min(failures - BORNE_FAILURES, 20)))


def is_given_up(failures: int, failing_for: timedelta) -> bool:
    """Whether a webhook has failed for too long to go on."""
    return failures >= FAILURES_BEFORE_GIVING_UP and failing_for >= GIVEN_UP_AFTER


def is_slow(failures: int, answers: Sequence[Answer]) -> bool:
    """Whether a webhook may use the slow part of the senders only."""
    return failures > 0 or any(answer.latency_ms > SLOW_MS for answer in answers)
