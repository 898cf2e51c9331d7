"""Checkout sessions: made, read, listed, expired; and, on the stand-in, paid on their page."""

from typing import Any

import httpx
import pytest
import stripe

from tests.contracts.stripe_scenarios.world import StripeWorld, error_of

PAID_URL = "https://example.com/paid"
BACK_URL = "https://example.com/back"


def asked(amount: int = 300, **more: Any) -> dict[str, Any]:
    price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Tip for your driver"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": PAID_URL,
        "cancel_url": BACK_URL,
        "metadata": {"operation": "one"},
        "payment_intent_data": {"metadata": {"operation": "one"}},
        **more,
    }


async def page_of(url: str, **form: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await (http.post(url, data=form) if form else http.get(url))


async def events(world: StripeWorld) -> list[str]:
    page = await world.v1.events.list_async({"limit": 20})
    return [event.type for event in reversed(page.data)]


async def test_a_session_is_open_read_and_listed(world: StripeWorld) -> None:
    made = await world.v1.checkout.sessions.create_async(asked())

    read = await world.v1.checkout.sessions.retrieve_async(made.id)
    listed = await world.v1.checkout.sessions.list_async({"limit": 5})

    assert (made.status, made.payment_status, made.amount_total, made.currency) == ("open", "unpaid", 300, "usd")
    assert (made.payment_intent, made.mode, made.metadata.operation) == (None, "payment", "one")
    assert read.url == made.url
    assert made.url.startswith("http")
    assert made.id in [one.id for one in listed.data]
    assert made.expires_at - made.created == 86_400


async def test_an_open_session_expires_once_and_for_good(world: StripeWorld) -> None:
    made = await world.v1.checkout.sessions.create_async(asked())

    expired = await world.v1.checkout.sessions.expire_async(made.id)
    with pytest.raises(stripe.InvalidRequestError):
        await world.v1.checkout.sessions.expire_async(made.id)

    assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)


async def test_what_is_too_small_or_too_short_is_refused(world: StripeWorld) -> None:
    for wrong in (asked(amount=20), asked(expires_at=1), asked(mode="payment", success_url=None)):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await world.v1.checkout.sessions.create_async({k: v for k, v in wrong.items() if v is not None})
        assert error_of(refused)["type"] == "invalid_request_error"


async def test_paid_on_its_page_it_tells_of_its_payment(stand_in: StripeWorld) -> None:
    made = await stand_in.v1.checkout.sessions.create_async(asked())

    shown = await page_of(made.url)
    paid = await page_of(made.url, action="pay", card="4242 4242 4242 4242")
    again = await page_of(made.url)

    assert "3.00 USD" in shown.text
    assert BACK_URL in shown.text
    assert (paid.status_code, paid.headers["location"]) == (303, PAID_URL)
    assert "This was paid." in again.text
    session = await stand_in.v1.checkout.sessions.retrieve_async(made.id)
    intent = await stand_in.v1.payment_intents.retrieve_async(session.payment_intent)
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (intent.status, intent.amount_received, intent.metadata.operation) == ("succeeded", 300, "one")
    assert (await events(stand_in))[-3:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


async def test_a_declined_card_leaves_the_page_open_for_another(stand_in: StripeWorld) -> None:
    made = await stand_in.v1.checkout.sessions.create_async(asked())

    declined = await page_of(made.url, action="pay", card="4000000000000002")
    unknown = await page_of(made.url, action="pay", card="1234")
    question = await page_of(made.url, action="pay", card="4000002760003184")
    paid = await page_of(made.url, action="authenticate")

    assert "Your card was declined." in declined.text
    assert "no test card" in unknown.text
    assert "whether it is you" in question.text
    assert paid.status_code == 303
    assert len((await stand_in.v1.payment_intents.list_async({})).data) == 1


async def test_nobody_pays_and_the_page_expires_by_itself(stand_in: StripeWorld) -> None:
    made = await stand_in.v1.checkout.sessions.create_async(asked())

    await stand_in.pass_time(86_400)

    session = await stand_in.v1.checkout.sessions.retrieve_async(made.id)
    late = await page_of(made.url, action="pay", card="4242424242424242")
    assert session.status == "expired"
    assert late.status_code == 400
    assert "expired" in (await page_of(made.url)).text
    assert (await events(stand_in))[-1] == "checkout.session.expired"
