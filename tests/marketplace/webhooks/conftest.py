"""The world of webhooks, in a database of its own: senders work on several connections."""

from collections.abc import AsyncIterator

import pytest

from marketplace.core.work import Works
from tests.marketplace.webhooks.world import WebhookWorld, open_world


@pytest.fixture
async def world(committed_works: Works) -> AsyncIterator[WebhookWorld]:
    """A shipper, its deliveries, a receiver and senders."""
    async with open_world(committed_works) as opened:
        yield opened
