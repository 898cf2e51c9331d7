"""What Stripe takes as money and parameters, and how it lists things."""

import pytest
import stripe

from tests.contracts.stripe_scenarios.world import StripeWorld


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"amount": 12.5}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"destination": "acct_nobody"}, "resource_missing", "destination"),
        ({"currency": "zzz"}, None, "currency"),
    ],
)
async def test_a_wrong_parameter_is_named(
    stand_in: StripeWorld, asked: dict[str, object], code: str | None, param: str
) -> None:
    right = {"amount": 1_000, "currency": "usd", "destination": await stand_in.driver()}

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stand_in.v1.transfers.create_async(right | asked)

    assert (refusal.value.http_status, refusal.value.code, refusal.value.param) == (400, code, param)


async def test_the_old_name_of_payment_method_types_is_refused(world: StripeWorld) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.payment_intents.create_async(
            {"amount": 1_000, "currency": "usd", "payment_method_types": ["card"]}
        )

    assert refusal.value.code == "payment_method_types_no_longer_supported"


async def test_a_currency_without_minor_units_is_counted_whole(stand_in: StripeWorld) -> None:
    intent = await stand_in.charge(12_345, currency="clp", expand=["latest_charge.balance_transaction"])

    money = intent.latest_charge.balance_transaction
    assert (money.amount, money.fee, money.net, money.currency) == (12_345, 358, 11_987, "clp")


@pytest.mark.parametrize(("currency", "amount"), [("isk", 12_350), ("bhd", 12_345)])
async def test_amounts_that_a_currency_cannot_have_are_refused(
    stand_in: StripeWorld, currency: str, amount: int
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stand_in.charge(amount, currency=currency)

    assert refusal.value.param == "amount"


async def test_lists_come_in_pages_newest_first(world: StripeWorld) -> None:
    made = [
        (await world.v1.customers.create_async({"email": f"{world.run}@example.com", "name": str(number)})).id
        for number in range(5)
    ]
    asked = {"email": f"{world.run}@example.com", "limit": 2}

    first = await world.v1.customers.list_async(asked)
    everyone = [customer.id async for customer in first.auto_paging_iter()]
    back = await world.v1.customers.list_async(asked | {"ending_before": made[1]})

    assert (first.has_more, [customer.id for customer in first.data]) == (True, [made[4], made[3]])
    assert everyone == made[::-1]
    assert [customer.id for customer in back.data] == [made[3], made[2]]


async def test_a_connected_account_sees_its_own_things_only(world: StripeWorld) -> None:
    driver = await world.driver()
    customer, _ = await world.shipper()

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await world.v1.customers.retrieve_async(customer, options={"stripe_account": driver})
    with pytest.raises(stripe.PermissionError):
        await world.v1.balance.retrieve_async(options={"stripe_account": "acct_nobody"})

    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")
