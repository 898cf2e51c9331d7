"""Billing is tested against the stand-in, through our own adapter."""

import pytest

from marketplace.core.clock import ManualClock
from tests.marketplace.billing.world import BillingWorld
from tests.payment_worlds import PaymentWorld, payments

__all__ = ["payments"]


@pytest.fixture
def billing(payments: PaymentWorld, clock: ManualClock) -> BillingWorld:
    """A billing world that is still to be opened."""
    return BillingWorld(payments, clock)
