"""When messages are tried again is a matter of pure rules."""

import random
from datetime import timedelta

import pytest

from marketplace.webhooks import Answer, Failure
from marketplace.webhooks.retries import PAUSES_S, TRIES, break_s, is_given_up, is_slow, pause_before_try_s

SOURCE = random.Random(1)


def failed(status: int | None = 500, *, retry_after_s: float | None = None, latency_ms: int = 3) -> Answer:
    return Answer(status=status, failure=Failure.STATUS, latency_ms=latency_ms, retry_after_s=retry_after_s)


def taken(latency_ms: int = 3) -> Answer:
    return Answer(status=200, failure=None, latency_ms=latency_ms)


def test_eight_tries_take_more_than_a_day() -> None:
    assert TRIES == 8
    assert sum(PAUSES_S) > 24 * 3600


def test_a_pause_is_a_little_longer_than_its_step_and_never_the_same_twice() -> None:
    pauses = [pause_before_try_s(3, failed(), SOURCE) for _ in range(50)]

    assert len(set(pauses)) == 50
    assert all(pause is not None and 1_800 <= pause <= 1_800 * 1.2 for pause in pauses)


def test_after_the_last_try_there_is_none() -> None:
    assert pause_before_try_s(7, failed(), SOURCE) is not None
    assert pause_before_try_s(8, failed(), SOURCE) is None


@pytest.mark.parametrize(("status", "least"), [(429, 3_600), (503, 3_600), (500, 5), (404, 5)])
def test_a_receiver_that_is_busy_says_how_long_to_wait(status: int, least: int) -> None:
    pause = pause_before_try_s(1, failed(status, retry_after_s=3_600), SOURCE)

    assert pause is not None
    assert least <= pause <= least * 1.2


def test_nobody_is_waited_for_longer_than_a_day() -> None:
    assert pause_before_try_s(1, failed(503, retry_after_s=1e9), SOURCE) == 86_400


def test_a_receiver_that_is_down_is_asked_ever_more_rarely() -> None:
    assert [break_s(failures, [failed()]) for failures in (1, 2, 3, 4, 8, 20, 5_000)] == [0, 0, 1, 2, 32, 300, 300]
    assert break_s(1, [failed(429, retry_after_s=40)]) == 40


def test_a_webhook_is_given_up_when_it_has_failed_long_and_often() -> None:
    assert is_given_up(10, timedelta(days=5))
    assert not is_given_up(9, timedelta(days=50))
    assert not is_given_up(10_000, timedelta(days=4, hours=23))


def test_whoever_fails_or_takes_long_goes_to_the_slow_part() -> None:
    assert not is_slow(0, [taken(), taken(1_000)])
    assert is_slow(0, [taken(), taken(1_001)])
    assert is_slow(1, [failed()])
