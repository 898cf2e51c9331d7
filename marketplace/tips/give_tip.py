"""A recipient wants to give the driver a tip: a page to pay it on is asked of the provider."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.batches import DeliveryState
from marketplace.core.currencies import movable_part
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import OperationKind, want_operation
from marketplace.pricing import smallest_tip
from marketplace.tips.queries import INSERT_TIP, LOCK_DELIVERY, TIPS_OF
from marketplace.tips.states import TipState

FIRST_LOOK_AFTER = timedelta(minutes=2)
"""By then the provider has told us whether somebody paid at once, unless that was lost."""
PRODUCT_NAMES = {"en": "Tip for your driver", "es": "Propina para tu repartidor"}


class TipsAreOver(Conflict):
    """The delivery has not arrived, or it arrived too long ago, or the market takes no tips."""

    code = "TIPS_ARE_OVER"


class BadTipAmount(Invalid):
    """Too little, too much, or nothing that can be moved."""

    code = "BAD_TIP_AMOUNT"


class AnotherTipWaits(Conflict):
    """The page of a tip of another amount is just being made."""

    code = "ANOTHER_TIP_WAITS"


async def give_tip(work: Work, *, delivery_id: DeliveryId, amount: Money, back_url: str, language: str = "en") -> UUID:
    """Writes the tip down and has its page made; returns its id. The same amount again while it waits is the same tip.

    `back_url` is where the provider's page leads, with `tip=paid` or `tip=back`. It names no delivery and holds no
    token: what follows one delivery is a secret that the provider has no need of.
    """
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id)
    if delivery is None:
        raise NotFound("there is no such delivery")
    _check_time(work, delivery)
    tips = await work.fetch(TIPS_OF, delivery_id)
    waiting = next((tip for tip in tips if TipState(tip["state"]).is_open), None)
    if waiting is not None and waiting["amount_minor"] == amount.minor:
        tip_id: UUID = waiting["id"]
        return tip_id
    _check_amount(delivery, amount, sum(tip["amount_minor"] for tip in tips if tip is not waiting))
    if waiting is not None:
        await _withdraw(work, waiting)
    return await _want(work, delivery, amount, back_url, language)


async def _withdraw(work: Work, tip: asyncpg.Record) -> None:
    """Has the page of another amount closed. Who pays on it all the same meant it: then both are booked."""
    if tip["session_id"] is None:
        raise AnotherTipWaits("a tip is just being prepared; try again in a moment")
    await want_operation(
        work,
        market_id=tip["market_id"],
        kind=OperationKind.EXPIRE_CHECKOUT,
        subject_id=tip["id"],
        params={"session": tip["session_id"]},
    )


def _check_time(work: Work, delivery: asyncpg.Record) -> None:
    if delivery["state"] != DeliveryState.DELIVERED or delivery["driver_id"] is None:
        raise TipsAreOver("a tip is for the driver who brought the delivery; give it once it has arrived")
    if delivery["changed_at"] + timedelta(seconds=delivery["tip_within_s"]) < work.now:
        raise TipsAreOver("this delivery arrived too long ago to be tipped")


def _check_amount(delivery: asyncpg.Record, amount: Money, given_minor: int) -> None:
    limit = Money(delivery["tip_limit_minor"], delivery["currency"])
    if limit.minor == 0:
        raise TipsAreOver("no tips are taken here")
    if amount.currency != limit.currency or movable_part(amount) != amount:
        raise BadTipAmount(f"a tip is an amount of {limit.currency} that can be paid", field="amountMinor")
    least = smallest_tip(limit)
    if amount.minor < least.minor or amount.minor + given_minor > limit.minor:
        raise BadTipAmount(
            f"a tip is at least {least.minor:,} and tips are at most {limit.minor:,} together, in minor units"
            f" of {limit.currency}",
            field="amountMinor",
        )


async def _want(work: Work, delivery: asyncpg.Record, amount: Money, back_url: str, language: str) -> UUID:
    tip_id = work.new_id()
    await work.execute(
        INSERT_TIP,
        tip_id,
        delivery["market_id"],
        delivery["id"],
        delivery["shipper_id"],
        delivery["driver_id"],
        amount.minor,
        amount.currency,
        work.machine_now + FIRST_LOOK_AFTER,
        work.now,
    )
    await want_operation(
        work,
        market_id=delivery["market_id"],
        kind=OperationKind.CREATE_CHECKOUT,
        subject_id=tip_id,
        params={
            "mode": "payment",
            "submit_type": "pay",
            "product_name": PRODUCT_NAMES.get(language, PRODUCT_NAMES["en"]),
            "locale": language if language in PRODUCT_NAMES else "auto",
            "success_url": f"{back_url}?tip=paid",
            "cancel_url": f"{back_url}?tip=back",
        },
        amount=amount,
    )
    return tip_id
