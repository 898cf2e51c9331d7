"""One key of one caller has one effect and one answer, however often and at whatever moment it comes."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from marketplace.core.errors import Invalid
from marketplace.core.idempotency import (
    KEPT_FOR,
    LONGEST_KEY,
    SWEPT_AT_ONCE,
    KeyReused,
    find_answer,
    forget_old,
    recall,
    record_id,
    remember,
    request_hash,
)
from marketplace.core.work import Work, Works
from marketplace.shippers import create_shipper
from tests.races.together import at_once, codes

ANA, BRUNO = UUID(int=1), UUID(int=2)
MONDAY = request_hash("takeIn", {"name": "Farmacia Norte"})
AT_ONCE = 20


async def take_in(work: Work, *, key: str = "monday", principal_id: UUID = ANA, digest: bytes = MONDAY) -> str:
    """Takes in a shipper once for a key, and answers with its id."""
    known = await recall(work, principal_id=principal_id, key=key, digest=digest)
    if known is not None:
        return known
    reply = str(await create_shipper(work, name="Farmacia Norte"))
    await remember(work, principal_id=principal_id, key=key, reply=reply)
    return reply


async def shippers(works: Works) -> int:
    async with works.open() as work:
        count: int = await work.fetch_value("SELECT count(*) FROM shipper")
        return count


async def test_a_repeated_key_has_one_effect_and_the_first_answer(work: Work) -> None:
    before = await work.fetch_value("SELECT count(*) FROM shipper")

    answers = [await take_in(work) for _ in range(3)]

    assert len(set(answers)) == 1
    assert await work.fetch_value("SELECT count(*) FROM shipper") == before + 1


async def test_the_same_key_at_the_same_moment_has_one_effect_and_one_answer(committed_works: Works) -> None:
    answers = await at_once(*[(committed_works, take_in)] * AT_ONCE)

    assert codes(answers) == {"done": AT_ONCE}
    assert len(set(answers)) == 1
    assert await shippers(committed_works) == 1


async def test_of_two_requests_with_one_key_at_the_same_moment_one_is_refused(committed_works: Works) -> None:
    other = request_hash("takeIn", {"name": "Farmacia Sur"})

    answers = await at_once((committed_works, take_in), (committed_works, lambda work: take_in(work, digest=other)))

    assert codes(answers) == {"done": 1, "IDEMPOTENCY_KEY_REUSED": 1}
    assert await shippers(committed_works) == 1


async def test_an_attempt_that_failed_frees_its_key(committed_works: Works) -> None:
    with pytest.raises(ZeroDivisionError):
        async with committed_works.open() as work:
            await take_in(work)
            _ = 1 / 0

    async with committed_works.open() as work:
        assert await find_answer(work, principal_id=ANA, key="monday", digest=MONDAY) is None
        other = request_hash("takeIn", {"name": "Farmacia Sur"})
        await take_in(work, digest=other)

    assert await shippers(committed_works) == 1


async def test_whoever_waits_for_an_attempt_that_fails_has_the_effect_itself(committed_works: Works) -> None:
    async def fail(work: Work) -> None:
        await take_in(work)
        raise Invalid("no")

    answers = await at_once(*[(committed_works, fail)] * 5, (committed_works, take_in))

    assert codes(answers) == {"INVALID": 5, "done": 1}
    assert await shippers(committed_works) == 1


async def test_the_same_key_with_another_request_is_refused_before_and_after(work: Work) -> None:
    await take_in(work)
    other = request_hash("takeIn", {"name": "Farmacia Sur"})

    for ask in (recall, find_answer):
        with pytest.raises(KeyReused, match="use a new one") as refused:
            await ask(work, principal_id=ANA, key="monday", digest=other)

        assert (refused.value.code, refused.value.field) == ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
        assert not refused.value.retryable


async def test_callers_have_keys_of_their_own(work: Work) -> None:
    first = await take_in(work, principal_id=ANA)

    assert await find_answer(work, principal_id=BRUNO, key="monday", digest=MONDAY) is None
    assert await take_in(work, principal_id=BRUNO) != first


async def test_looking_for_an_answer_does_not_take_the_key(work: Work) -> None:
    assert await find_answer(work, principal_id=ANA, key="monday", digest=MONDAY) is None

    assert await recall(work, principal_id=ANA, key="monday", digest=MONDAY) is None


@pytest.mark.parametrize("key", ["", "x" * (LONGEST_KEY + 1)])
async def test_a_key_has_a_length(work: Work, key: str) -> None:
    with pytest.raises(Invalid, match="1 to 200 characters") as refused:
        await recall(work, principal_id=ANA, key=key, digest=MONDAY)

    assert refused.value.field == "idempotencyKey"


@pytest.mark.parametrize("key", ["x" * LONGEST_KEY, "\0", "ключ 🗝", "'; DROP TABLE idempotency; --"])
async def test_a_key_may_be_any_text(work: Work, key: str) -> None:
    assert await take_in(work, key=key) == await take_in(work, key=key)


def test_the_digest_knows_operation_and_values_but_no_order_of_fields() -> None:
    asked = request_hash("post", {"a": 1, "b": [2, 3], "c": ANA})

    assert asked == request_hash("post", {"c": ANA, "b": [2, 3], "a": 1})
    assert asked != request_hash("quote", {"a": 1, "b": [2, 3], "c": ANA})
    assert asked != request_hash("post", {"a": 1, "b": [3, 2], "c": ANA})
    assert asked != request_hash("post", {"a": "1", "b": [2, 3], "c": ANA})


def test_a_row_belongs_to_one_key_of_one_caller() -> None:
    rows = {record_id(caller, key) for caller in (ANA, BRUNO, uuid4()) for key in ("a", "b", "ab", "")}

    assert len(rows) == 12


async def test_a_key_is_forgotten_two_days_after_its_use(work: Work) -> None:
    await work.execute("DELETE FROM idempotency")
    for age_h in (47, 48, 49):
        await take_in(work, key=f"{age_h}")
        await work.execute(
            "UPDATE idempotency SET created_at = $2 WHERE id = $1",
            record_id(ANA, f"{age_h}"),
            work.machine_now - timedelta(hours=age_h),
        )

    assert timedelta(hours=48) == KEPT_FOR
    assert await forget_old(work) == 1
    assert await forget_old(work) == 0
    assert await find_answer(work, principal_id=ANA, key="48", digest=MONDAY) is not None
    assert await find_answer(work, principal_id=ANA, key="49", digest=MONDAY) is None


async def test_one_sweep_forgets_a_bounded_number(work: Work) -> None:
    await work.execute("DELETE FROM idempotency")
    await work.execute(
        "INSERT INTO idempotency (id, principal_id, digest, created_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), '', $1 FROM generate_series(1, $2)",
        work.machine_now - timedelta(days=3),
        SWEPT_AT_ONCE + 7,
    )

    assert [await forget_old(work) for _ in range(3)] == [SWEPT_AT_ONCE, 7, 0]
