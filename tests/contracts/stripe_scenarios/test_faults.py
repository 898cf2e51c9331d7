"""What goes wrong between the marketplace and Stripe, and what is true at Stripe afterwards."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import StripeWorld, close_client, error_of, make_client

TRANSFERS = "POST /v1/transfers"
IMPATIENT_S = 0.4


@pytest.fixture
async def impatient(stand_in: StripeWorld) -> AsyncIterator[Any]:
    """A client of the same stand-in that soon gives up waiting, and tries once more."""
    assert stand_in.stand_in is not None
    client = make_client("sk_test_stand_in", stand_in.stand_in.url, timeout_s=IMPATIENT_S, retries=1)
    yield client.v1
    await close_client(client)


@pytest.fixture
async def transfer(stand_in: StripeWorld) -> dict[str, Any]:
    """A transfer that can be made."""
    await stand_in.float()
    return {"amount": 1_000, "currency": "usd", "destination": await stand_in.driver(), "transfer_group": "op_1"}


async def made(stand_in: StripeWorld) -> list[str]:
    """The transfers that exist at Stripe for the operation."""
    return [one.id for one in (await stand_in.v1.transfers.list_async({"transfer_group": "op_1"})).data]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "reset_before", "reset_after"])
async def test_a_lost_answer_is_found_by_the_same_key(
    stand_in: StripeWorld, impatient: Any, transfer: dict[str, Any], fault: str
) -> None:
    await stand_in.break_next(fault, TRANSFERS)

    answer = await impatient.transfers.create_async(transfer, stand_in.key("op"))

    assert await made(stand_in) == [answer.id]


@pytest.mark.parametrize(("fault", "at_stripe"), [("timeout_before", 0), ("timeout_after", 1), ("reset_after", 1)])
async def test_without_another_try_the_outcome_is_unknown(
    stand_in: StripeWorld, impatient: Any, transfer: dict[str, Any], fault: str, at_stripe: int
) -> None:
    await stand_in.break_next(fault, TRANSFERS)

    with pytest.raises(stripe.APIConnectionError):
        await impatient.transfers.create_async(transfer, stand_in.key("op") | {"max_network_retries": 0})

    assert len(await made(stand_in)) == at_stripe


async def test_a_fresh_key_for_every_try_moves_the_money_twice(
    stand_in: StripeWorld, impatient: Any, transfer: dict[str, Any]
) -> None:
    await stand_in.break_next("timeout_after", TRANSFERS)

    with pytest.raises(stripe.APIConnectionError):
        await impatient.transfers.create_async(transfer, stand_in.key("try 1") | {"max_network_retries": 0})
    await impatient.transfers.create_async(transfer, stand_in.key("try 2"))

    assert len(await made(stand_in)) == 2


@pytest.mark.parametrize(("fault", "status"), [("error_unsaved", 500), ("error_unsaved", 503), ("error_after", 500)])
async def test_a_server_error_that_the_key_does_not_keep_is_overcome(
    stand_in: StripeWorld, transfer: dict[str, Any], fault: str, status: int
) -> None:
    await stand_in.break_next(fault, TRANSFERS, status=status)

    answer = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert await made(stand_in) == [answer.id]


@pytest.mark.parametrize(("fault", "at_stripe"), [("error_saved", 0), ("error_after_saved", 1)])
async def test_a_server_error_that_the_key_keeps_comes_again_and_again(
    stand_in: StripeWorld, transfer: dict[str, Any], fault: str, at_stripe: int
) -> None:
    await stand_in.break_next(fault, TRANSFERS)

    with pytest.raises(stripe.APIError) as refusal:
        await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert refusal.value.http_status == 500
    assert (refusal.value.headers or {})["Idempotent-Replayed"] == "true"
    assert len(await made(stand_in)) == at_stripe


async def test_the_server_may_ask_not_to_try_again(stand_in: StripeWorld, transfer: dict[str, Any]) -> None:
    await stand_in.break_next("error_unsaved", TRANSFERS, should_retry=False)

    with pytest.raises(stripe.APIError):
        await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert await made(stand_in) == []


async def test_too_many_requests_are_not_tried_again_by_the_package(
    stand_in: StripeWorld, transfer: dict[str, Any]
) -> None:
    await stand_in.break_next("rate_limit", TRANSFERS)

    with pytest.raises(stripe.RateLimitError) as refusal:
        await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))
    answer = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert error_of(refusal)["code"] == "rate_limit"
    assert await made(stand_in) == [answer.id]


@pytest.mark.parametrize(("fault", "more"), [("rate_limit", {"should_retry": True}), ("conflict", {})])
async def test_what_the_server_wants_tried_again_is_tried_again(
    stand_in: StripeWorld, transfer: dict[str, Any], fault: str, more: dict[str, Any]
) -> None:
    await stand_in.break_next(fault, TRANSFERS, **more)

    answer = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert await made(stand_in) == [answer.id]


async def test_a_key_is_in_use_while_its_request_is_slow(stand_in: StripeWorld, transfer: dict[str, Any]) -> None:
    await stand_in.break_next("slow", TRANSFERS, delay_s=0.5)
    once = stand_in.key("op") | {"max_network_retries": 0}

    slow = asyncio.create_task(stand_in.v1.transfers.create_async(transfer, once))
    await asyncio.sleep(0.2)
    with pytest.raises(stripe.APIError) as refusal:
        await stand_in.v1.transfers.create_async(transfer, once)
    answer = await slow

    assert (refusal.value.http_status, error_of(refusal)["code"]) == (409, "idempotency_key_in_use")
    assert await made(stand_in) == [answer.id]


async def test_an_answer_is_kept_for_a_day_and_then_the_key_pays_twice(
    stand_in: StripeWorld, transfer: dict[str, Any]
) -> None:
    first = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))
    await stand_in.pass_time(86_000)
    same = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    await stand_in.pass_time(400)
    second = await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert same.id == first.id
    assert await made(stand_in) == [second.id, first.id]


async def test_a_fault_may_be_meant_for_one_key(stand_in: StripeWorld, transfer: dict[str, Any]) -> None:
    await stand_in.break_next("error_saved", TRANSFERS, key="*:unlucky")

    lucky = await stand_in.v1.transfers.create_async(transfer, stand_in.key("lucky"))
    with pytest.raises(stripe.APIError):
        await stand_in.v1.transfers.create_async(transfer, stand_in.key("unlucky"))

    assert await made(stand_in) == [lucky.id]


async def test_forgotten_keys_pay_twice(stand_in: StripeWorld, transfer: dict[str, Any]) -> None:
    await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    forgotten = await stand_in.control("POST", "/keys/forget", keys=[stand_in.key("op")["idempotency_key"]])
    await stand_in.v1.transfers.create_async(transfer, stand_in.key("op"))

    assert forgotten == {"done": 1}
    assert len(await made(stand_in)) == 2


async def test_a_refusal_for_want_of_money_stays_under_its_key(stand_in: StripeWorld, transfer: dict[str, Any]) -> None:
    too_much = transfer | {"amount": 99_000_000}

    for name in ("op", "op"):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            await stand_in.v1.transfers.create_async(too_much, stand_in.key(name))
        assert refusal.value.code == "balance_insufficient"

    assert (refusal.value.headers or {})["Idempotent-Replayed"] == "true"


async def test_a_storm_of_faults_makes_as_many_transfers_as_operations(
    stand_in: StripeWorld, impatient: Any, transfer: dict[str, Any]
) -> None:
    operations = 25
    for seed, fault in enumerate(("reset_after", "reset_before", "error_unsaved", "error_after", "conflict")):
        await stand_in.break_next(fault, TRANSFERS, times=1_000, probability=0.15, seed=seed)

    async def pay(number: int) -> str:
        while True:
            try:
                answer = await impatient.transfers.create_async(
                    transfer | {"amount": 1_000 + number}, stand_in.key(str(number)) | {"max_network_retries": 0}
                )
                return str(answer.id)
            except (stripe.APIConnectionError, stripe.APIError):
                continue

    answers = await asyncio.gather(*(pay(number) for number in range(operations)))

    struck = await stand_in.control("GET", "/faults")
    assert len(set(answers)) == operations
    assert (await stand_in.control("GET", "/sums"))["objects"]["transfer"] == operations
    assert sum(script["done"] for script in struck["faults"]) > 5


async def test_the_log_tells_every_request_and_nothing_personal(stand_in: StripeWorld) -> None:
    await stand_in.driver()

    log = (await stand_in.control("GET", "/requests"))["requests"]

    first = next(entry for entry in log if entry["method"] == "POST")
    assert (first["path"], first["status"], first["is_replay"]) == ("/v1/accounts", 200, False)
    assert first["params"]["individual"] == "[hidden]"
    assert first["params"]["external_account"]["account_number"] == "[hidden]"
    assert "Jenny" not in str(log)
