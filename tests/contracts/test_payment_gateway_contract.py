"""What every PaymentGateway keeps to: one key, one payment, one answer; an unknown outcome can be looked up."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from uuid import UUID

import pytest

from marketplace.adapters.gateways import FolderGateway, GatewayFault, InMemoryGateway
from marketplace.adapters.gateways.faults import FaultScript
from marketplace.core.ids import DriverId
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.payouts import GatewayUnavailable, Payment, PaymentGateway, PaymentKeyReused, PaymentRefused

PAYMENT = Payment(
    key="payout-1", driver_id=DriverId(UUID(int=1)), amount=Money(12_345, "CLP"), reference="pay_0198c0de"
)


class ScriptedGateway(PaymentGateway, Protocol):
    """A gateway that can be told to fail."""

    faults: FaultScript


@pytest.fixture(params=["memory", "folder"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> ScriptedGateway:
    """Each implementation in turn."""
    if request.param == "memory":
        return InMemoryGateway(is_production=False)
    return FolderGateway(tmp_path / "payments", is_production=False)


async def test_a_payment_is_made_and_can_be_found(gateway: ScriptedGateway) -> None:
    result = await gateway.pay(PAYMENT)

    assert (result.key, result.amount) == ("payout-1", Money(12_345, "CLP"))
    assert result.reference
    assert await gateway.find("payout-1") == result


async def test_nothing_is_found_under_a_key_that_was_never_used(gateway: ScriptedGateway) -> None:
    await gateway.pay(PAYMENT)

    assert await gateway.find("payout-2") is None


async def test_the_same_payment_again_gets_the_first_answer(gateway: ScriptedGateway) -> None:
    assert await gateway.pay(PAYMENT) == await gateway.pay(PAYMENT)


async def test_two_keys_are_two_payments(gateway: ScriptedGateway) -> None:
    one = await gateway.pay(PAYMENT)
    two = await gateway.pay(replace(PAYMENT, key="payout-2"))

    assert one.reference != two.reference


@pytest.mark.parametrize(
    "other",
    [
        replace(PAYMENT, amount=Money(12_346, "CLP")),
        replace(PAYMENT, amount=Money(12_345, "USD")),
        replace(PAYMENT, driver_id=DriverId(UUID(int=2))),
        replace(PAYMENT, reference="pay_other"),
    ],
)
async def test_a_key_stands_for_one_payment_only(gateway: ScriptedGateway, other: Payment) -> None:
    first = await gateway.pay(PAYMENT)

    with pytest.raises(PaymentKeyReused):
        await gateway.pay(other)

    assert await gateway.find("payout-1") == first


async def test_a_refused_payment_pays_nothing_and_stays_refused(gateway: ScriptedGateway) -> None:
    gateway.faults.add(GatewayFault.REFUSE)

    with pytest.raises(PaymentRefused) as refusal:
        await gateway.pay(PAYMENT)
    with pytest.raises(PaymentRefused):
        await gateway.pay(PAYMENT)

    assert refusal.value.reason == "ACCOUNT_CLOSED"
    assert await gateway.find("payout-1") is None


async def test_unavailable_before_paying_has_paid_nothing(gateway: ScriptedGateway) -> None:
    gateway.faults.add(GatewayFault.UNAVAILABLE_BEFORE)

    with pytest.raises(GatewayUnavailable) as refusal:
        await gateway.pay(PAYMENT)

    assert refusal.value.retryable
    assert await gateway.find("payout-1") is None


async def test_unavailable_after_paying_has_paid_and_can_be_found(gateway: ScriptedGateway) -> None:
    gateway.faults.add(GatewayFault.UNAVAILABLE_AFTER_PAYING)

    with pytest.raises(GatewayUnavailable):
        await gateway.pay(PAYMENT)

    found = await gateway.find("payout-1")
    assert found is not None
    assert found.amount == Money(12_345, "CLP")
    assert await gateway.pay(PAYMENT) == found


async def test_faults_come_in_the_order_of_the_script(gateway: ScriptedGateway) -> None:
    gateway.faults.add(None, GatewayFault.UNAVAILABLE_BEFORE)

    await gateway.pay(PAYMENT)
    with pytest.raises(GatewayUnavailable):
        await gateway.pay(PAYMENT)
    await gateway.pay(PAYMENT)


async def test_many_at_once_with_one_key_are_one_payment(gateway: ScriptedGateway) -> None:
    results = await asyncio.gather(*(gateway.pay(PAYMENT) for _ in range(20)))

    assert len({result.reference for result in results}) == 1


async def test_no_gateway_is_called_while_a_work_is_open(gateway: ScriptedGateway, works: Works) -> None:
    async with works.open():
        with pytest.raises(AssertionError, match="a Work is open"):
            await gateway.pay(PAYMENT)
        with pytest.raises(AssertionError, match="a Work is open"):
            await gateway.find("payout-1")

    assert await gateway.find("payout-1") is None


def test_stand_ins_are_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="production"):
        InMemoryGateway(is_production=True)
    with pytest.raises(RuntimeError, match="production"):
        FolderGateway(tmp_path / "payments", is_production=True)

    assert not (tmp_path / "payments").exists()


async def test_a_folder_is_one_gateway_for_all_processes(tmp_path: Path) -> None:
    first = await FolderGateway(tmp_path, is_production=False).pay(PAYMENT)

    second = FolderGateway(tmp_path, is_production=False)

    assert await second.find("payout-1") == first
    assert await second.pay(PAYMENT) == first
    assert await second.paid() == [PAYMENT]


async def test_a_folder_holds_whole_payments_only(tmp_path: Path) -> None:
    gateway = FolderGateway(tmp_path, is_production=False)
    # What a process leaves that was killed while it wrote, before the payment got its name.
    (tmp_path / "0123456789abcdef.draft").write_bytes(b'{"key": "payout-1", "amou')

    assert await gateway.find("payout-1") is None
    assert await gateway.paid() == []
    await gateway.pay(PAYMENT)
    assert await gateway.paid() == [PAYMENT]
