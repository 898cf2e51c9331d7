"""A driver accepts while the payment provider is closed or does not answer: nothing of an accept goes there."""

import asyncio
from uuid import UUID

import pytest

from marketplace.adapters.stripe import ClosedProvider
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.payments import (
    FrozenOperation,
    OperationKind,
    OperationState,
    ProviderObject,
    open_operations,
    send_operation,
    want_operation,
)
from schema.asgi import build_app
from schema.documents import load_document
from tests.clients import token_of_driver
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.waiting import until

OPERATIONS = 5


class HangingProvider(ClosedProvider):
    """Takes every request and never answers; it counts them."""

    def __init__(self) -> None:
        self.asked = 0

    async def send(self, operation: FrozenOperation) -> ProviderObject:  # noqa: ARG002 - it hears and does nothing
        """Does not come back."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")


async def want_customers(works: Works, market_id: UUID) -> list[UUID]:
    """Operations that wait to be sent."""
    async with works.open() as work:
        return [
            await want_operation(
                work, market_id=market_id, kind=OperationKind.CREATE_CUSTOMER, subject_id=work.new_id(), params={}
            )
            for _ in range(OPERATIONS)
        ]


async def begin_sending(
    works: Works, provider: ClosedProvider, operation_id: UUID
) -> asyncio.Task[OperationState | None]:
    """A worker that sends, up to where it is refused or hangs: the test has one connection for all."""
    before = provider.asked if isinstance(provider, HangingProvider) else 0
    sending = asyncio.create_task(send_operation(works, provider=provider, operation_id=operation_id))
    if isinstance(provider, HangingProvider):
        await until(lambda: provider.asked > before)
    else:
        assert await sending is OperationState.READY
    return sending


async def states(works: Works) -> set[tuple[str, int]]:
    async with works.open() as work:
        rows = await work.fetch("SELECT state, count(*)::int AS number FROM stripe_operation GROUP BY state")
    return {(row["state"], row["number"]) for row in rows}


@pytest.mark.parametrize("provider", [ClosedProvider(), HangingProvider()], ids=["closed", "hanging"])
async def test_a_driver_accepts_while_the_payment_provider_is_away(
    works: Works, marketplace: TestMarketplace, provider: ClosedProvider
) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2)
        tokens = {driver.id: await token_of_driver(work, driver.id) for driver in world.drivers}
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        driver_id, offer_id = next(iter((await open_offers(work, world.route_ids[0])).items()))
    marketplace.provider = provider
    api = Api(build_app(marketplace))
    wanted = await want_customers(works, world.market.id)
    sending = [await begin_sending(works, provider, operation_id) for operation_id in wanted]
    before = await states(works)
    driver = Caller(id=driver_id, market_id=world.market.id, credential=tokens[driver_id])

    async with api.http:
        answer = await api.ask(
            load_document("driver", "accept_offer"),
            {"offerId": to_wire("offer", offer_id), "idempotencyKey": "a"},
            driver,
        )

    assert answer["acceptOffer"]["route"]["state"] == "ASSIGNED"
    assert await states(works) == before == {("SENT" if isinstance(provider, HangingProvider) else "READY", OPERATIONS)}
    if isinstance(provider, HangingProvider):
        assert provider.asked == OPERATIONS, "the accept has asked the provider nothing"
        assert not any(one.done() for one in sending), "all of them hang still"
    async with works.open() as work:
        assert await open_operations(work) == [], "what hangs is leased, what was refused waits"
    for one in sending:
        one.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
