"""The demo's shippers put a card on file, as their browsers would, so that the evening shows charges too."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from marketplace.adapters.stripe import DevelopmentStripe
from marketplace.app import Marketplace
from marketplace.billing import UNLIMITED, CustomerNotReady, Terms, find_profile, set_billing_terms, set_up_card
from marketplace.core.errors import Unavailable
from marketplace.core.money import Money

READY_WITHIN_S = 20.0
"""Longest wait for the stand-in and the worker; a shipper without a card by then goes on paying by invoice."""
PAUSE_S = 0.2


async def give_cards(marketplace: Marketplace, *, market_id: UUID, shipper_ids: Iterable[UUID]) -> int:
    """Gives each shipper a card and the terms to pay with it; counts those that got one."""
    provider = marketplace.provider
    if not isinstance(provider, DevelopmentStripe):
        return 0
    given = 0
    for shipper_id in shipper_ids:
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN_S):
                await _give_card(marketplace, provider, market_id, shipper_id)
                given += 1
    return given


async def _give_card(marketplace: Marketplace, provider: DevelopmentStripe, market_id: UUID, shipper_id: UUID) -> None:
    async with marketplace.works.open() as work:
        profile = await find_profile(work, shipper_id=shipper_id, market_id=market_id)
    assert profile is not None, "the demo's shippers have terms"
    while True:
        try:
            setup = await set_up_card(
                marketplace.works, provider=provider, shipper_id=shipper_id, billing_id=profile.id
            )
            break
        except (CustomerNotReady, Unavailable):
            await asyncio.sleep(PAUSE_S)  # the worker has it opened at the provider
    await provider.give_card(setup.client_secret)
    while profile is None or profile.card_id is None:
        await asyncio.sleep(PAUSE_S)  # the provider tells the API, and the worker looks into it
        async with marketplace.works.open() as work:
            profile = await find_profile(work, shipper_id=shipper_id, market_id=market_id)
    async with marketplace.works.open() as work:
        await set_billing_terms(
            work,
            shipper_id=shipper_id,
            market_id=market_id,
            terms=Terms.CARD,
            credit_limit=Money(UNLIMITED, profile.currency),
        )
