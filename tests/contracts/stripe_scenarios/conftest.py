"""The stand-in and Stripe's test mode, as fixtures."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.stripe_scenarios.world import TEST_KEY, StripeWorld, real_test_mode, stand_in_world

NO_KEY = pytest.mark.skipif(TEST_KEY is None, reason="STRIPE_TEST_KEY is not set: Stripe's test mode is not asked")


@pytest.fixture
async def stand_in() -> AsyncIterator[StripeWorld]:
    """A fresh stand-in."""
    async with stand_in_world() as world:
        yield world


@pytest.fixture(params=["stand-in", pytest.param("test mode", marks=NO_KEY)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[StripeWorld]:
    """The stand-in, then Stripe itself."""
    async with stand_in_world() if request.param == "stand-in" else real_test_mode() as world:
        yield world
