"""The errand of sending one payout: reserve the attempt, call the gateway, settle what came of it.

However often it runs, and wherever it is killed, the gateway is asked to pay under one key. After an attempt whose end
is unknown the key is looked up before anything is sent again.
"""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.ids import PayoutId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import GATEWAY_AVAILABLE, SUSPENSE, Entry, post_journal, settle_hold, void_hold
from marketplace.payouts.events import PayoutFailed, PayoutPaid
from marketplace.payouts.gateway import GatewayUnavailable, Payment, PaymentGateway, PaymentRefused, PaymentResult
from marketplace.payouts.queries import (
    CLOSE_PAYOUT,
    FREE_STATEMENTS,
    LOCK_PAYOUT,
    MARK_STATEMENTS_PAID,
    TAKE_PAYOUT,
    WAIT_WITH_PAYOUT,
)
from marketplace.payouts.states import PayoutState

LEASE = timedelta(seconds=120)
"""How long one attempt owns a payout, in machine time; a gateway's own time-outs must be well below it."""
FIRST_WAIT_S = 5
LONGEST_WAIT_S = 3_600
LONGEST_ERROR = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send a payout; `number` tells it from the tries before and after it."""

    payout_id: PayoutId
    number: int
    payment: Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPayout:
    """Sends one payout through the gateway; run it with `run_errand`."""

    gateway: PaymentGateway
    payout_id: PayoutId

    async def read(self, work: Work) -> Attempt | None:
        """Takes the payout for one attempt; None where it is at its end, or another worker has it now."""
        row = await work.fetch_row(TAKE_PAYOUT, self.payout_id, work.machine_now, work.machine_now + LEASE)
        if row is None:
            return None
        payment = Payment(
            key=f"payout-{row['id']}",
            driver_id=row["driver_id"],
            amount=Money(row["amount_minor"], row["currency"]),
            reference=to_wire("payout", row["id"]),
        )
        return Attempt(payout_id=self.payout_id, number=row["attempts"], payment=payment)

    async def call(self, found: Attempt) -> PaymentResult | PaymentRefused | GatewayUnavailable:
        """Pays, after looking the key up when an earlier attempt may have paid already."""
        answer: PaymentResult | PaymentRefused | GatewayUnavailable
        try:
            earlier = await self.gateway.find(found.payment.key) if found.number > 1 else None
            answer = earlier or await self.gateway.pay(found.payment)
        except (PaymentRefused, GatewayUnavailable) as no:
            answer = no
        pass_failpoint("after_gateway_before_record")
        return answer

    async def record(
        self, work: Work, found: Attempt, answer: PaymentResult | PaymentRefused | GatewayUnavailable
    ) -> PayoutState:
        """Settles, gives back or waits; an answer that comes late changes nothing that is at its end."""
        # A slow attempt and its successor may both come here: the payout's lock lets them in one by one.
        payout = await work.fetch_row(LOCK_PAYOUT, self.payout_id)
        if payout is None:
            raise NotFound("there is no such payout")
        state = PayoutState(payout["state"])
        match answer:
            case PaymentResult() if answer.amount != found.payment.amount:
                await _wait(work, payout, "the gateway knows this key with another amount")
            case PaymentResult() if state is PayoutState.IN_TRANSIT:
                await _settle(work, payout, answer)
                state = PayoutState.PAID
            case PaymentResult() if state is PayoutState.FAILED:
                await _suspend(work, payout, answer)
            case PaymentRefused() if state is PayoutState.IN_TRANSIT and payout["attempts"] == found.number:
                await _give_back(work, payout, answer.reason)
                state = PayoutState.FAILED
            case GatewayUnavailable() if state is PayoutState.IN_TRANSIT and payout["attempts"] == found.number:
                await _wait(work, payout, answer.message)
        return state


async def _settle(work: Work, payout: asyncpg.Record, result: PaymentResult) -> None:
    await settle_hold(work, hold_id=payout["hold_id"], kind="PAYOUT_PAID")
    await work.execute(CLOSE_PAYOUT, payout["id"], PayoutState.PAID.value, result.reference, None, work.now)
    await work.execute(MARK_STATEMENTS_PAID, payout["id"])
    work.emit(
        PayoutPaid(
            market_id=payout["market_id"],
            payout_id=payout["id"],
            driver_id=payout["driver_id"],
            amount_minor=payout["amount_minor"],
            currency=payout["currency"],
        )
    )


async def _give_back(work: Work, payout: asyncpg.Record, reason: str) -> None:
    """The next run, or the driver, makes a new payout with a new key: a refused key stays refused."""
    await void_hold(work, hold_id=payout["hold_id"], kind="PAYOUT_FAILED")
    await work.execute(CLOSE_PAYOUT, payout["id"], PayoutState.FAILED.value, None, reason[:LONGEST_ERROR], work.now)
    await work.execute(FREE_STATEMENTS, payout["id"])
    work.emit(
        PayoutFailed(
            market_id=payout["market_id"],
            payout_id=payout["id"],
            driver_id=payout["driver_id"],
            amount_minor=payout["amount_minor"],
            currency=payout["currency"],
            reason=reason[:LONGEST_ERROR],
        )
    )


async def _wait(work: Work, payout: asyncpg.Record, why: str) -> None:
    """The money stays on hold; the sweep comes back, each time a little later."""
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(payout["attempts"], 16))
    await work.execute(
        WAIT_WITH_PAYOUT, payout["id"], why[:LONGEST_ERROR], work.machine_now + timedelta(seconds=wait_s)
    )


async def _suspend(work: Work, payout: asyncpg.Record, result: PaymentResult) -> None:
    """Money left for a payout that was given back: it stands in suspense, where a person and the check see it."""
    await post_journal(
        work,
        market_id=payout["market_id"],
        key=f"payout:{payout['id']}:unexpected",
        kind="PAYOUT_UNEXPECTED",
        subject_id=payout["id"],
        entries=[Entry(debit=SUSPENSE, credit=GATEWAY_AVAILABLE, amount=result.amount)],
    )
