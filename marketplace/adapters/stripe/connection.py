"""The line to Stripe: one client for each event loop, whose time-outs and retries are our own choice."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import stripe
from stripe import StripeClient

from marketplace.payments import OutcomeUnknown

API_VERSION = "2026-10-28.endive"
TIMEOUT_S = 20.0
"""Longest wait for each piece of an answer; the package would wait 80 s."""
RETRIES = 0
"""The package never sends again by itself: whoever does not know an outcome looks first, and that is the outbox."""
READ_RETRIES = 1
"""A question changes nothing, so it may be asked again at once."""
LONGEST_CALL_S = 40.0
"""Bound of one call with all that it takes; a lease of the outbox outlives two of them."""

# The package tells what it sends and gets at these levels, and that may be personal.
logging.getLogger("stripe").setLevel(logging.WARNING)


class Connection(stripe.HTTPXClient):
    """The package's own HTTP client, which leaves out proxies of the environment and can stay in this process."""

    def __init__(self, *, timeout_s: float, transport: httpx.AsyncBaseTransport | None, trust_env: bool) -> None:
        super().__init__(timeout=timeout_s)
        if transport is not None or not trust_env:
            self._client_async = httpx.AsyncClient(transport=transport, trust_env=trust_env)


def make_client(
    secret_key: str,
    url: str | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    transport: httpx.AsyncBaseTransport | None = None,
) -> StripeClient:
    """A client for Stripe itself, or for a stand-in at `url`, which no proxy stands before."""
    return StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": url} if url else {},
        http_client=Connection(timeout_s=timeout_s, transport=transport, trust_env=url is None),
        max_network_retries=RETRIES,
    )


async def close_client(client: StripeClient) -> None:
    """Closes its connections; the package has no public door for that."""
    http: Any = client._requestor._get_http_client()
    await http.close_async()


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """Ends a call that takes too long altogether, however its pieces trickle in."""
    try:
        async with asyncio.timeout(LONGEST_CALL_S):
            yield
    except TimeoutError as late:
        raise OutcomeUnknown("Stripe did not answer in time") from late
