"""Stripe through the stripe package: what the marketplace asks of a payment provider, in Stripe's own words.

`StripeProvider` speaks to Stripe itself or to its stand-in; only the address differs. `DevelopmentStripe` also starts
that stand-in, `open_simulated_stripe` keeps it within the process, and `ClosedProvider` is for a market without a key.
"""

from marketplace.adapters.stripe.closed import ClosedProvider
from marketplace.adapters.stripe.development import DevelopmentStripe
from marketplace.adapters.stripe.provider import StripeProvider
from marketplace.adapters.stripe.signatures import Secrets, fixed_secrets
from marketplace.adapters.stripe.simulated import SimulatedStripe, open_simulated_stripe

__all__ = [
    "ClosedProvider",
    "DevelopmentStripe",
    "Secrets",
    "SimulatedStripe",
    "StripeProvider",
    "fixed_secrets",
    "open_simulated_stripe",
]
