"""Stripe as the contract suite meets it: the stand-in, or Stripe's own test mode, through the real stripe package."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import stripe
from stripe import StripeClient
from stripe.params import AccountCreateParams

from marketplace.adapters.stripe_sandbox.server import Running, running
from tests.marketplace.adapters.stripe_sandbox.shapes import shape_problems

TEST_KEY = os.environ.get("STRIPE_TEST_KEY")
"""Stripe's own test mode is asked too when this is set."""
VERIFIED_WITHIN_S = 90
DAY_S = 86_400
ONBOARDED_BY_US = {
    "losses": {"payments": "application"},
    "fees": {"payer": "application"},
    "requirement_collection": "application",
    "stripe_dashboard": {"type": "none"},
}
ONBOARDED_BY_STRIPE = ONBOARDED_BY_US | {"requirement_collection": "stripe", "stripe_dashboard": {"type": "express"}}
GOOD_BANK = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
DRIVER = {
    "business_type": "individual",
    "business_profile": {"mcc": "4215", "product_description": "Last-mile deliveries"},
    "individual": {
        "first_name": "Jenny",
        "last_name": "Rosen",
        "email": "jenny@example.com",
        "phone": "+10000000000",
        "dob": {"day": 1, "month": 1, "year": 1901},
        "address": {"line1": "address_full_match", "city": "Seattle", "state": "WA", "postal_code": "98101"},
        "id_number": "000000000",
        "ssn_last_4": "0000",
    },
    "tos_acceptance": {"date": 1_767_225_600, "ip": "203.0.113.7"},
}
"""Stripe's test values that are believed at once."""


class StripeWorld:
    """One Stripe. `run` makes keys and groups that no other run has used."""

    def __init__(self, client: StripeClient, stand_in: Running | None) -> None:
        self.client = client
        self.stand_in = stand_in
        self.run = uuid4().hex[:12]

    @property
    def v1(self) -> Any:
        """The first version of the interface; its parameters are checked by Stripe, not by the type checker."""
        return self.client.v1

    def key(self, name: str) -> dict[str, str]:
        """Request options with an explicit idempotency key."""
        return {"idempotency_key": f"{self.run}:{name}"}

    async def control(self, method: str, path: str, **wishes: Any) -> dict[str, Any]:
        """Gives the stand-in a command."""
        assert self.stand_in is not None
        async with httpx.AsyncClient(base_url=self.stand_in.url, trust_env=False) as http:
            answer = await http.request(method, f"/_sandbox{path}", json=wishes)
            assert answer.status_code == httpx.codes.OK, answer.text
            return cast("dict[str, Any]", answer.json())

    async def pass_time(self, seconds: int) -> None:
        """Lets time pass; only the stand-in can."""
        await self.control("POST", "/clock", advance_s=seconds)

    async def break_next(self, fault: str, match: str, **more: Any) -> None:
        """Breaks the next request of a kind."""
        await self.control("POST", "/faults", fault=fault, match=match, **more)

    async def shipper(self, card: str = "pm_card_visa") -> tuple[str, str]:
        """A customer with a card on file, and the card."""
        customer = await self.v1.customers.create_async({"name": "Corner Shop"})
        setup = await self.v1.setup_intents.create_async(
            {
                "customer": customer.id,
                "payment_method": card,
                "confirm": True,
                "usage": "off_session",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        assert setup.status == "succeeded"
        return customer.id, setup.payment_method

    async def driver(self, bank: Any = None) -> str:
        """A verified connected account with a bank account."""
        asked = {
            "country": "US",
            "controller": ONBOARDED_BY_US,
            "capabilities": {"transfers": {"requested": True}},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "external_account": bank or GOOD_BANK,
            **DRIVER,
        }
        account = await self.v1.accounts.create_async(cast("AccountCreateParams", asked))
        async with asyncio.timeout(VERIFIED_WITHIN_S):
            while not (account.payouts_enabled and account.capabilities.transfers == "active"):
                await asyncio.sleep(0.05 if self.stand_in else 2)
                account = await self.v1.accounts.retrieve_async(account.id)
        return str(account.id)

    async def float(self, amount: int = 100_000) -> None:
        """Puts money on the platform's available balance at once."""
        await self.v1.payment_intents.create_async(
            {
                "amount": amount,
                "currency": "usd",
                "payment_method": "pm_card_bypassPending",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )

    async def charge(self, amount: int, **more: Any) -> Any:
        """A charge of a shipper who is not there: the payment intent, succeeded."""
        customer, card = await self.shipper()
        return await self.v1.payment_intents.create_async(
            {
                "amount": amount,
                "currency": "usd",
                "customer": customer,
                "payment_method": card,
                "off_session": True,
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                **more,
            }
        )

    async def balance(self, account: str | None = None) -> tuple[int, int]:
        """Available and pending dollars, in cents."""
        options = {"stripe_account": account} if account else {}
        balance = await self.v1.balance.retrieve_async(options=options)
        return _cents(balance.available), _cents(balance.pending)


@asynccontextmanager
async def stand_in_world(**started: Any) -> AsyncIterator[StripeWorld]:
    """A fresh stand-in; at the end everything that it has kept must look as Stripe says and add up."""
    async with running(**started) as stand_in:
        world = StripeWorld(make_client("sk_test_stand_in", stand_in.url), stand_in)
        try:
            yield world
            sums = await world.control("GET", "/sums")
            assert set(sums["inside"].values()) <= {0}
            assert sums["held"] == sums["outside"]
            assert shape_problems(stand_in.sandbox) == []
        finally:
            await close_client(world.client)


@asynccontextmanager
async def real_test_mode() -> AsyncIterator[StripeWorld]:
    """Stripe's own test mode, with the key of the environment."""
    assert TEST_KEY is not None
    assert TEST_KEY.startswith("sk_test_"), "STRIPE_TEST_KEY must be a test key"
    world = StripeWorld(make_client(TEST_KEY), None)
    try:
        yield world
    finally:
        await close_client(world.client)


def make_client(secret: str, url: str | None = None, *, timeout_s: float = 20, retries: int = 2) -> StripeClient:
    """The stripe package's client as the marketplace uses it: asynchronous, with explicit retries."""
    return StripeClient(
        secret,
        base_addresses={"api": url} if url else {},
        http_client=stripe.HTTPXClient(timeout=timeout_s),
        max_network_retries=retries,
    )


async def close_client(client: StripeClient) -> None:
    """Closes the connections of a client."""
    http: Any = client._requestor._get_http_client()
    await http.close_async()


def error_of(refusal: pytest.ExceptionInfo[stripe.StripeError]) -> dict[str, Any]:
    """The error object of a refusal, as it came over the wire."""
    return cast("dict[str, dict[str, Any]]", refusal.value.json_body)["error"]


def _cents(amounts: Any) -> int:
    return sum(int(amount.amount) for amount in amounts if amount.currency == "usd")
