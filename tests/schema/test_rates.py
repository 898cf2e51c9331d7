"""A budget empties by what is asked for and fills with time; nobody can spend that of another."""

import pytest

from schema.asgi import build_app
from schema.rates import Budget, Budgets, Rates, address_key
from schema.refusals import RateLimited
from tests.schema.conftest import SCHEMA, Api, Caller, TestMarketplace


class Stopwatch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stopwatch() -> Stopwatch:
    """A clock that stands still."""
    return Stopwatch()


def test_a_budget_empties_and_fills(stopwatch: Stopwatch) -> None:
    budgets = Budgets(Budget(burst_units=100, units_per_s=10), now=stopwatch)

    assert budgets.spend("ana", 70) == 30
    with pytest.raises(RateLimited) as refusal:
        budgets.spend("ana", 60)
    assert refusal.value.retry_after_s == 3
    assert budgets.spend("bruno", 60) == 40
    stopwatch.now += 3
    assert budgets.spend("ana", 60) == 0


def test_a_budget_never_overflows(stopwatch: Stopwatch) -> None:
    budgets = Budgets(Budget(burst_units=100, units_per_s=10), now=stopwatch)
    budgets.spend("ana", 100)
    stopwatch.now += 3_600

    assert budgets.spend("ana", 1) == 99


def test_what_is_dearer_than_the_budget_passes_once_and_leaves_a_debt(stopwatch: Stopwatch) -> None:
    budgets = Budgets(Budget(burst_units=100, units_per_s=10), now=stopwatch)

    assert budgets.spend("ana", 250) == 0
    stopwatch.now += 15
    with pytest.raises(RateLimited):
        budgets.spend("ana", 1)
    stopwatch.now += 1
    assert budgets.spend("ana", 1) == 9


def test_a_charge_is_taken_from_an_empty_budget_as_well(stopwatch: Stopwatch) -> None:
    budgets = Budgets(Budget(burst_units=100, units_per_s=10), now=stopwatch)
    for _ in range(20):
        budgets.charge("ana", 20)

    with pytest.raises(RateLimited) as refusal:
        budgets.spend("ana", 0)
    assert refusal.value.retry_after_s == 11


def test_only_so_many_callers_are_remembered(stopwatch: Stopwatch) -> None:
    budgets = Budgets(Budget(burst_units=100, units_per_s=10), known_callers=2, now=stopwatch)
    for caller in ("ana", "bruno", "ana", "carla"):
        budgets.spend(caller, 50)

    with pytest.raises(RateLimited):
        budgets.spend("ana", 50)
    assert budgets.spend("bruno", 50) == 50


def test_an_ipv6_network_is_one_address() -> None:
    assert address_key("2001:db8:1:2:3:4:5:6") == address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")
    assert address_key("192.0.2.7") == "192.0.2.7"
    assert address_key("unknown") == "unknown"


def small_rates() -> Rates:
    return Rates(
        callers=Budgets(Budget(burst_units=100, units_per_s=0.01)),
        addresses=Budgets(Budget(burst_units=60, units_per_s=0.01)),
    )


async def test_a_caller_over_budget_is_told_when_to_come_back(marketplace: TestMarketplace, driver: Caller) -> None:
    api = Api(build_app(marketplace, schema=SCHEMA, rates=small_rates()))

    first = await api.send("{grove{id}}", caller=driver)
    second = await api.send("{grove{id}}", caller=driver)
    third = await api.send("{grove{id} boom}", caller=driver)

    # A new document takes 25 units beside the 22 that the operation costs.
    assert (first.headers["x-cost"], first.headers["x-budget-left"]) == ("22", "53")
    assert second.headers["x-budget-left"] == "31"
    assert third.status_code == 429
    assert third.headers["retry-after"] == "3600"
    assert third.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryable": True}


async def test_budgets_of_callers_and_addresses_are_apart(marketplace: TestMarketplace, driver: Caller) -> None:
    api = Api(build_app(marketplace, schema=SCHEMA, rates=small_rates()))
    for _ in range(2):
        await api.send("{grove{id}}")

    assert (await api.send("{grove{id}}")).status_code == 429
    assert (await api.send("{grove{id}}", caller=driver)).status_code == 200


async def test_wrong_credentials_empty_the_budget_of_their_address(
    marketplace: TestMarketplace, driver: Caller
) -> None:
    api = Api(build_app(marketplace, schema=SCHEMA, rates=small_rates()))
    await api.send("{__typename}", caller=driver)

    statuses = [
        (await api.send("{__typename}", headers={"authorization": f"Bearer guess{i}"})).status_code for i in range(5)
    ]

    assert statuses == [401, 401, 401, 429, 429]
    assert (await api.send("{__typename}", caller=driver)).status_code == 200
