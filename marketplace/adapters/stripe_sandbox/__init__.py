"""A stand-in for Stripe that speaks its wire protocol: the real stripe package cannot tell the difference.

It keeps customers, intents, charges, refunds, disputes, connected accounts, transfers, payouts, balances and events;
it has a clock of its own, breaks on request, and survives kill -9 when it is given a folder. It moves no money and
refuses live keys. `server.running` starts it, `exchange.Door` is its front door, `control` what only it can do.
"""

from marketplace.adapters.stripe_sandbox.exchange import Answer, Door, Request
from marketplace.adapters.stripe_sandbox.records import API_VERSION, PLATFORM
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox

__all__ = ["API_VERSION", "PLATFORM", "Answer", "Door", "Request", "Sandbox"]
