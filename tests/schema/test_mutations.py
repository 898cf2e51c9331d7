"""A mutation is one Work: one effect for each key, refusals as data, lost races tried again."""

from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from marketplace.accounts import Tokens
from marketplace.core.work import DatabaseUnavailable, Works
from tests.schema import sample
from tests.schema.conftest import Api, Caller, sign_in_driver

COUNT = """
mutation($name: String!, $key: String!, $fail: String) {
  goOffline(name: $name, idempotencyKey: $key, fail: $fail) {
    __typename
    ... on Counted { count name }
    ... on Problem { code message field retryable }
  }
}
"""


async def count(api: Api, caller: Caller | None, name: str, key: str, fail: str | None = None) -> Any:
    answer = await api.ask(COUNT, {"name": name, "key": key, "fail": fail}, caller)
    return answer["goOffline"]


async def test_the_same_key_has_one_effect_and_one_answer(api: Api, driver: Caller) -> None:
    first = await count(api, driver, "a", "key 1")
    again = await count(api, driver, "a", "key 1")
    other = await count(api, driver, "a", "key 2")

    assert first == again == {"__typename": "Counted", "count": 1, "name": "a"}
    assert other["count"] == 2


async def test_the_same_key_with_other_arguments_is_a_conflict(api: Api, driver: Caller) -> None:
    await count(api, driver, "a", "key 1")

    answer = await count(api, driver, "b", "key 1")

    assert answer == {
        "__typename": "Problem",
        "code": "IDEMPOTENCY_KEY_REUSED",
        "message": "this idempotencyKey was used for another request; use a new one",
        "field": "idempotencyKey",
        "retryable": False,
    }
    assert (await count(api, driver, "c", "key 2"))["count"] == 2


async def test_keys_belong_to_their_caller(api: Api, driver: Caller, works: Works, tokens: Tokens) -> None:
    other = await sign_in_driver(works, tokens)
    await count(api, driver, "a", "key 1")

    assert await count(api, other, "b", "key 1") == {"__typename": "Counted", "count": 1, "name": "b"}


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_one_to_two_hundred_characters(api: Api, driver: Caller, key: str) -> None:
    answer = await count(api, driver, "a", key)

    assert (answer["code"], answer["field"]) == ("INVALID", "idempotencyKey")
    assert (await count(api, driver, "a", "x" * 200))["count"] == 1


async def test_a_refusal_undoes_everything_and_frees_the_key(api: Api, driver: Caller) -> None:
    refused = await count(api, driver, "a", "key 1", fail="refuse")
    then = await count(api, driver, "a", "key 1")

    assert (refused["code"], refused["retryable"]) == ("TAKEN", False)
    assert then["count"] == 1


async def test_a_returned_refusal_keeps_what_was_counted(api: Api, driver: Caller) -> None:
    refused = await count(api, driver, "a", "key 1", fail="returned")
    then = await count(api, driver, "a", "key 2")

    assert (refused["code"], refused["message"]) == ("TAKEN", "counted, and refused")
    assert then["count"] == 2


async def test_nobody_changes_anything_without_a_credential(api: Api, shipper: Caller) -> None:
    assert (await count(api, None, "a", "key 1"))["code"] == "UNAUTHENTICATED"
    assert (await count(api, shipper, "a", "key 1"))["code"] == "NOT_ALLOWED"


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_a_lost_race_is_tried_again(api: Api, driver: Caller, error: type[Exception]) -> None:
    sample.FAILURES.extend([error("lost"), error("lost")])

    answer = await count(api, driver, "a", "key 1")

    assert answer == {"__typename": "Counted", "count": 1, "name": "a"}
    assert sample.FAILURES == []


async def test_the_third_loss_is_told_and_may_be_sent_again(api: Api, driver: Caller) -> None:
    sample.FAILURES.extend(asyncpg.DeadlockDetectedError("lost") for _ in range(3))

    refused = await count(api, driver, "a", "key 1")
    then = await count(api, driver, "a", "key 1")

    assert (refused["code"], refused["retryable"]) == ("BUSY", True)
    assert then["count"] == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (asyncpg.LockNotAvailableError("waited 5 s"), "BUSY"),
        (asyncpg.QueryCanceledError("took 15 s"), "BUSY"),
        (DatabaseUnavailable("away"), "DATABASE_UNAVAILABLE"),
    ],
)
async def test_what_may_pass_later_says_so(api: Api, driver: Caller, failure: Exception, code: str) -> None:
    sample.FAILURES.append(failure)

    answer = await count(api, driver, "a", "key 1")

    assert (answer["code"], answer["retryable"]) == (code, True)


async def test_a_bug_in_a_mutation_is_masked_and_undone(api: Api, driver: Caller) -> None:
    sample.FAILURES.append(RuntimeError("the password is hunter2"))

    with capture_logs():
        response = await api.send(COUNT, {"name": "a", "key": "key 1"}, driver)

    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in response.text
    assert (await count(api, driver, "a", "key 1"))["count"] == 1
