"""The money side of a made-up world: drivers whom the stand-in believes at once, a platform with money, quick banks."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

import orjson

from marketplace.adapters.stripe import SimulatedStripe
from marketplace.adapters.stripe_sandbox.account_links import onboard
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.app import Marketplace
from marketplace.core.clock import machine
from marketplace.core.ids import DriverId
from marketplace.core.money import Money
from marketplace.payments import (
    FrozenOperation,
    OperationKind,
    PaymentProvider,
    apply_events,
    open_operations,
    receive_event,
    send_operation,
)
from marketplace.payouts import open_payout_account, settle_account

ARRIVES_WITHIN_S = 3 * 86_400
"""After so long, in the stand-in's own time, every standard payout has arrived."""
PLATFORM_HAS_MINOR = 90_000_000
ACCOUNTS_AT_ONCE = 50
CHARGES = 4


async def fund_platform(provider: PaymentProvider, *, market_id: UUID, currency: str) -> None:
    """Puts money on the platform's balance at a stand-in, as if shippers had paid long ago; it is no money of ours."""
    for number in range(CHARGES):
        body = {
            "payment_method": "pm_card_bypassPending",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        await provider.send(
            FrozenOperation(
                id=UUID(int=market_id.int ^ number),
                kind=OperationKind.CHARGE,
                account=None,
                body=orjson.dumps(body),
                epoch=0,
                amount=Money(PLATFORM_HAS_MINOR, currency),
            )
        )


async def open_accounts(marketplace: Marketplace, stripe: SimulatedStripe, driver_ids: Iterable[UUID]) -> None:
    """Opens an account for each driver, has the stand-in believe them, and writes down that they can be paid."""
    drivers = [DriverId(driver_id) for driver_id in driver_ids]
    for at in range(0, len(drivers), ACCOUNTS_AT_ONCE):
        some = drivers[at : at + ACCOUNTS_AT_ONCE]
        async with marketplace.works.open() as work:
            for driver_id in some:
                await open_payout_account(work, driver_id=driver_id)
        async with marketplace.works.open() as work:
            wanted = await open_operations(work)
        for operation_id, _ in wanted:
            await send_operation(marketplace.works, provider=marketplace.provider, operation_id=operation_id)
        async with marketplace.works.open() as work:
            rows = await work.fetch(
                "SELECT object_id FROM stripe_operation WHERE subject_id = ANY($1) AND state = 'DONE'", some
            )
        for row in rows:
            stripe.sandbox.change(partial(_believe, row["object_id"]))
    await hear_banks(marketplace, stripe)
    async with marketplace.works.open() as work:
        for driver_id in drivers:
            await settle_account(work, payee_id=driver_id)


def _believe(account: str, call: Call) -> None:
    onboard(call, call.find("account", account))


async def let_payouts_arrive(marketplace: Marketplace, stripe: SimulatedStripe) -> None:
    """Banks are quick in a made-up world: what is on its way arrives now, and we hear of it."""
    stripe.pass_time(ARRIVES_WITHIN_S)
    await hear_banks(marketplace, stripe)


async def hear_banks(marketplace: Marketplace, stripe: SimulatedStripe) -> None:
    """Takes in what the stand-in tells, and looks into it."""
    for endpoint, body in stripe.take_events():
        now = machine()
        event = marketplace.provider.read_event(body, stripe.sign(endpoint, body, now), endpoint=endpoint, now=now)
        async with marketplace.works.open() as work:
            await receive_event(work, event=event)
    await apply_events(marketplace.works, provider=marketplace.provider, at_once=1)
