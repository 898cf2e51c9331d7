"""Our adapter as the outbox relies on it, over a port: against the stand-in, and against Stripe's test mode."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from marketplace.adapters.stripe import StripeProvider
from marketplace.core.clock import machine
from marketplace.core.money import Money
from marketplace.payments import (
    FrozenOperation,
    ObjectKind,
    OperationKind,
    OperationRefused,
    OutcomeUnknown,
    ProviderBusy,
)
from tests.contracts.stripe_scenarios.conftest import stand_in, world
from tests.contracts.stripe_scenarios.world import TEST_KEY, StripeWorld
from tests.marketplace.payments.kinds import ENDPOINTS, prepare
from tests.marketplace.payments.test_faults import CHANGES

__all__ = ["stand_in", "world"]

MAKING = sorted(set(OperationKind) - set(CHANGES))


@dataclass(frozen=True, slots=True)
class Tried:
    """A world, and the provider that is tried on it."""

    world: StripeWorld
    provider: StripeProvider

    async def frozen(self, kind: OperationKind, **changes: Any) -> FrozenOperation:
        """An operation of a kind that makes sense in this world."""
        wanted, operation_id = await prepare(kind, self.world), uuid4()
        notes = {"operation": str(operation_id), "market": str(uuid4()), "subject": str(uuid4())}
        return FrozenOperation(
            id=operation_id,
            kind=kind,
            account=wanted.account,
            body=orjson.dumps({**wanted.params, "metadata": notes, **changes}),
            epoch=0,
            amount=wanted.amount,
            first_sent_at=machine(),
        )


def open_provider(world: StripeWorld, **more: Any) -> StripeProvider:
    if world.stand_in is None:
        assert TEST_KEY is not None
        return StripeProvider(TEST_KEY, **more)
    return StripeProvider("sk_test_contract", url=world.stand_in.url, **more)


@pytest.fixture
async def tried(world: StripeWorld) -> AsyncIterator[Tried]:
    provider = open_provider(world)
    yield Tried(world, provider)
    await provider.aclose()


@pytest.fixture
async def breakable(stand_in: StripeWorld) -> AsyncIterator[Tried]:
    """Only the stand-in breaks on request; a patient tester would wait for twenty seconds."""
    provider = open_provider(stand_in, timeout_s=0.5)
    yield Tried(stand_in, provider)
    await provider.aclose()


@pytest.mark.parametrize("kind", OperationKind)
async def test_what_was_sent_is_found_and_sent_again_is_the_same(tried: Tried, kind: OperationKind) -> None:
    operation = await tried.frozen(kind)

    before = await tried.provider.find(operation)
    made = await tried.provider.send(operation)
    found = await tried.provider.find(operation)
    again = await tried.provider.send(operation)

    assert before is None
    assert found is not None
    assert (found.id, again.id) == (made.id, made.id)
    assert (found.kind, found.state, found.amount) == (made.kind, made.state, made.amount)
    read = await tried.provider.retrieve(made.kind, made.id, account=operation.account, parent_id=made.parent_id)
    assert read is not None
    assert (read.id, read.state, read.operation_id) == (made.id, made.state, made.operation_id)
    assert made.operation_id == (None if kind in CHANGES else operation.id)


@pytest.mark.parametrize("kind", MAKING)
async def test_what_another_key_has_made_is_found_too(tried: Tried, kind: OperationKind) -> None:
    operation = await tried.frozen(kind)
    made = await tried.provider.send(replace(operation, epoch=3))

    found = await tried.provider.find(operation)

    assert found is not None
    assert found.id == made.id


async def test_what_cannot_be_is_refused_with_a_reason(tried: Tried) -> None:
    nobody = await tried.frozen(OperationKind.TRANSFER, destination="acct_1000000000000000")
    declined = await tried.frozen(OperationKind.CHARGE, payment_method="pm_card_chargeDeclinedLostCard", customer=None)
    too_much = replace(await tried.frozen(OperationKind.TRANSFER), amount=Money(99_000_000, "USD"))
    not_moved = replace(await tried.frozen(OperationKind.TRANSFER), amount=Money(1_001, "KWD"))

    reasons = []
    for operation in (nobody, declined, too_much, not_moved):
        with pytest.raises(OperationRefused) as refused:
            await tried.provider.send(operation)
        reasons.append(refused.value.reason)

    assert reasons[1:] == ["lost_card", "balance_insufficient", "amount_not_movable"]
    assert reasons[0] in {"resource_missing", "account_invalid"}


async def test_what_does_not_exist_is_none(tried: Tried) -> None:
    missing = {ObjectKind.PAYOUT: "po_none", ObjectKind.CUSTOMER: "cus_none", ObjectKind.ACCOUNT: "acct_none"}

    assert [await tried.provider.retrieve(kind, name, account=None) for kind, name in missing.items()] == [None] * 3


async def test_a_driver_gets_a_page_and_a_shipper_a_secret(tried: Tried) -> None:
    account = await tried.provider.send(await tried.frozen(OperationKind.CREATE_ACCOUNT))
    customer = await tried.provider.send(await tried.frozen(OperationKind.CREATE_CUSTOMER))

    link = await tried.provider.onboarding_link(
        account.id, refresh_url="https://example.com/again", return_url="https://example.com/done"
    )
    secret = await tried.provider.card_setup_secret(customer.id)

    assert link.startswith("http")
    assert secret.startswith("seti_")


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("timeout_before", OutcomeUnknown),
        ("timeout_after", OutcomeUnknown),
        ("reset_before", OutcomeUnknown),
        ("reset_after", OutcomeUnknown),
        ("error_unsaved", OutcomeUnknown),
        ("slow", OutcomeUnknown),
        ("conflict", ProviderBusy),
        ("rate_limit", ProviderBusy),
    ],
)
async def test_what_goes_wrong_is_told_apart_and_tried_once(breakable: Tried, fault: str, raised: type) -> None:
    operation = await breakable.frozen(OperationKind.TRANSFER)
    await breakable.world.break_next(fault, ENDPOINTS[OperationKind.TRANSFER], times=5, delay_s=2)

    with pytest.raises(raised):
        await breakable.provider.send(operation)

    sent = [
        one
        for one in (await breakable.world.control("GET", "/requests"))["requests"]
        if one["idempotency_key"] == operation.key
    ]
    assert len(sent) <= 1
    await breakable.world.control("DELETE", "/faults")


async def test_a_failure_that_repeats_spends_its_key(breakable: Tried) -> None:
    operation = await breakable.frozen(OperationKind.TRANSFER)
    await breakable.world.break_next("error_saved", ENDPOINTS[OperationKind.TRANSFER])

    spent = []
    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as unknown:
            await breakable.provider.send(operation)
        spent.append(unknown.value.is_key_spent)

    assert spent == [False, True]
    with pytest.raises(OutcomeUnknown) as unknown:
        await breakable.provider.send(replace(operation, amount=Money(5, "USD")))
    assert unknown.value.is_key_spent


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (200, b"<html>a proxy of the hotel</html>", OutcomeUnknown),
        (404, b"<html>not here</html>", OutcomeUnknown),
        (403, b"{}", OutcomeUnknown),
        (502, b"", OutcomeUnknown),
        (401, b'{"error":{"type":"invalid_request_error","message":"Invalid API Key: sk_live_x"}}', ProviderBusy),
        (400, b'{"error":{"type":"invalid_request_error","code":"lock_timeout"}}', ProviderBusy),
        (400, b'{"error":{"type":"invalid_request_error","message":"No such email: a@example.com"}}', OperationRefused),
    ],
)
async def test_only_an_answer_in_stripes_own_words_is_believed(
    stand_in: StripeWorld, status: int, body: bytes, raised: type
) -> None:
    answers = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    provider = StripeProvider("sk_test_contract", transport=answers)
    operation = await Tried(stand_in, provider).frozen(OperationKind.CREATE_CUSTOMER)

    with pytest.raises(raised) as told:
        await provider.send(operation)

    await provider.aclose()
    assert "sk_" not in str(told.value)
    assert "example.com" not in str(told.value)
    assert told.value.__cause__ is None
