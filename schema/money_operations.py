"""Money for operations: what stands still, payouts stopped and released, pay adjusted, and years of pay."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.ids import DriverId, MarketId, PayoutId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.payouts import (
    MoneyMatter as MatterRecord,
)
from marketplace.payouts import (
    PayoutState,
    YearOfPay,
    adjust_driver_pay,
    hold_payout,
    money_attention,
    pay_of_year,
    release_payout,
    reverse_payout,
    run_payouts_now,
)
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_key, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

PayoutArgument = Annotated[strawberry.ID, strawberry.argument(description="pay_….")]


@strawberry.type(description="Money that stands still, and what to do about it.")
class MoneyMatter:
    """Something to look at."""

    kind: str = strawberry.field(
        description="SUSPENSE, OPERATION_UNKNOWN, OPERATION_REJECTED, PAYOUT_FAILED, PAYOUT_ON_HOLD, WAITS_FOR_BALANCE,"
        " STATEMENT_HELD, ACCOUNT_MISSING or ACCOUNT_NOT_READY: in this order of urgency."
    )
    subject_id: strawberry.ID = strawberry.field(description="opn_…, pay_…, stm_…, drv_…, or mkt_… for suspense.")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_… whose money it is.")
    amount_minor: MoneyMinor | None = strawberry.field(description="How much stands still, minor units.")
    currency: str | None = strawberry.field(description="ISO 4217.")
    since: DateTime = strawberry.field(description="Since when, market time.")
    reason: str | None = strawberry.field(description="Why, in a word of ours or of the payment provider.")
    what_to_do: str = strawberry.field(description="What a person does about it.")


@strawberry.type(description="What one driver was paid in one quarter of the market's calendar.")
class PayOfQuarter:
    """A quarter of pay."""

    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    name: str = strawberry.field(description="The driver's name.")
    quarter: int = strawberry.field(description="1 to 4.")
    currency: str = strawberry.field(description="ISO 4217.")
    gross_minor: MoneyMinor = strawberry.field(description="Earned by work, without tips, minor units.")
    tips_minor: MoneyMinor = strawberry.field(description="Tips, minor units.")
    fees_minor: MoneyMinor = strawberry.field(description="Fees of instant payouts, minor units.")
    paid_minor: MoneyMinor = strawberry.field(description="Paid to the bank, minor units.")
    count: int = strawberry.field(description="Routes that were paid.")


@strawberry.type(description="Everybody who can be paid is being paid.")
class PayoutsRun:
    """A payout run by hand."""

    market_id: strawberry.ID = strawberry.field(description="mkt_….")


@strawberry.type(description="The payout stands still, or goes on.")
class PayoutDecided:
    """A payout after an operator's decision."""

    payout_id: strawberry.ID = strawberry.field(description="pay_….")
    state: PayoutState = strawberry.field(
        description="ON_HOLD when it was held or is being taken back; what it goes on from when released."
    )


@strawberry.type(description="The driver's pay is adjusted.")
class DriverPayAdjusted:
    """An adjustment."""

    adjustment_id: strawberry.ID = strawberry.field(description="adj_….")


RunPayoutsResult = Annotated[PayoutsRun | Problem, strawberry.union("RunPayoutsResult")]
HoldPayoutResult = Annotated[PayoutDecided | Problem, strawberry.union("HoldPayoutResult")]
ReleasePayoutResult = Annotated[PayoutDecided | Problem, strawberry.union("ReleasePayoutResult")]
ReversePayoutResult = Annotated[PayoutDecided | Problem, strawberry.union("ReversePayoutResult")]
AdjustDriverPayResult = Annotated[DriverPayAdjusted | Problem, strawberry.union("AdjustDriverPayResult")]


@strawberry.type
class Query:
    """What waits, and what was paid."""

    @query(
        description="Money of a market that stands still, most urgent and oldest first, at most 200. For operations.",
        usual_rows=10,
    )
    async def money_attention(self, info: Info, market_id: MarketArgument) -> list[MoneyMatter]:
        """Reads what stands still."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return [_matter(matter, market) for matter in await money_attention(connection, market_id=market)]

    @query(
        description="What the drivers of a market were paid in a year, by quarters, for tax reports. For operations.",
    )
    async def pay_of_year(
        self,
        info: Info,
        market_id: MarketArgument,
        year: Annotated[int, strawberry.argument(description="2000 to 2200, by the market's own calendar.")],
        first: First = USUAL_PAGE,
        after: After = None,
    ) -> Connection[PayOfQuarter]:
        """Reads a page of a year."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        key, limit = after_key(after, parts=2), rows_to_read(first)
        place = (from_wire("driver", key[0], field="after"), int(key[1]) if key[1].isdigit() else 0) if key else None
        async with info.context.marketplace.works.read() as connection:
            rows = await pay_of_year(connection, market_id=market, year=year, after=place, limit=limit)
        quarters = [_quarter(row) for row in rows]
        page = page_of(quarters, first=first, key=lambda row: [str(row.driver_id), str(row.quarter)])
        return cast("Connection[PayOfQuarter]", page)


@strawberry.type
class Mutation:
    """Decisions about money. Each is written down with the operator's name."""

    @mutation(
        description="Pays everybody now who can be paid; the market's own days of pay stay as they are. For operations."
    )
    async def run_payouts(
        self, info: Info, market_id: MarketArgument, idempotency_key: IdempotencyKey
    ) -> RunPayoutsResult:
        """Runs payouts."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)

        async def run(work: Work) -> str:
            await run_payouts_now(work, market_id=market, operator_id=operator.operator_id)
            return market.hex

        async def answer(_work: Work, _reference: str) -> PayoutsRun:
            return PayoutsRun(market_id=market_id)

        return await mutate(
            info,
            operation="runPayouts",
            arguments={"market": market},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Stops a payout before it leaves for the bank. For operations.")
    async def hold_payout(
        self,
        info: Info,
        payout_id: PayoutArgument,
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 200 characters; for the audit.")],
        idempotency_key: IdempotencyKey,
    ) -> HoldPayoutResult:
        """Holds."""
        operator, payout = require_operator(info), PayoutId(from_wire("payout", payout_id, field="payoutId"))

        async def run(work: Work) -> str:
            state = await hold_payout(work, payout_id=payout, operator_id=operator.operator_id, reason=reason)
            return state.value

        async def answer(_work: Work, reference: str) -> PayoutDecided:
            return PayoutDecided(payout_id=payout_id, state=PayoutState(reference))

        return await mutate(
            info,
            operation="holdPayout",
            arguments={"payout": payout, "reason": reason},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Lets a payout go on that was stopped, or tries one again at once that the bank sent back."
        " For operations."
    )
    async def release_payout(
        self, info: Info, payout_id: PayoutArgument, idempotency_key: IdempotencyKey
    ) -> ReleasePayoutResult:
        """Releases."""
        operator, payout = require_operator(info), PayoutId(from_wire("payout", payout_id, field="payoutId"))

        async def run(work: Work) -> str:
            return (await release_payout(work, payout_id=payout, operator_id=operator.operator_id)).value

        async def answer(_work: Work, reference: str) -> PayoutDecided:
            return PayoutDecided(payout_id=payout_id, state=PayoutState(reference))

        return await mutate(
            info,
            operation="releasePayout",
            arguments={"payout": payout},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Takes a payout back whose money lies on the driver's own account at the provider: its transfer is"
        " reversed, and what it paid is on the wallet again. What has left for the bank cannot be taken back, except"
        " when it comes back. For operations."
    )
    async def reverse_payout(
        self,
        info: Info,
        payout_id: PayoutArgument,
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 200 characters; for the audit.")],
        idempotency_key: IdempotencyKey,
    ) -> ReversePayoutResult:
        """Reverses."""
        operator, payout = require_operator(info), PayoutId(from_wire("payout", payout_id, field="payoutId"))

        async def run(work: Work) -> str:
            state = await reverse_payout(work, payout_id=payout, operator_id=operator.operator_id, reason=reason)
            return state.value

        async def answer(_work: Work, reference: str) -> PayoutDecided:
            return PayoutDecided(payout_id=payout_id, state=PayoutState(reference))

        return await mutate(
            info,
            operation="reversePayout",
            arguments={"payout": payout, "reason": reason},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Adds to a driver's pay, or, below nothing, writes down a debt that later pay repays in part. No"
        " wallet is lowered, and tips repay nothing. For operations."
    )
    async def adjust_driver_pay(
        self,
        info: Info,
        driver_id: Annotated[strawberry.ID, strawberry.argument(description="drv_….")],
        amount_minor: Annotated[
            MoneyMinor,
            strawberry.argument(
                description="Minor units of the market's currency, to 1,000,000,000 either way; not 0."
            ),
        ],
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 200 characters.")],
        evidence: Annotated[str, strawberry.argument(description="What shows it, 1 to 500 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> AdjustDriverPayResult:
        """Adjusts."""
        operator, driver = require_operator(info), DriverId(from_wire("driver", driver_id, field="driverId"))

        async def run(work: Work) -> str:
            made = await adjust_driver_pay(
                work,
                driver_id=driver,
                operator_id=operator.operator_id,
                amount_minor=amount_minor,
                reason=reason,
                evidence=evidence,
            )
            return made.hex

        async def answer(_work: Work, reference: str) -> DriverPayAdjusted:
            return DriverPayAdjusted(adjustment_id=strawberry.ID(to_wire("adjustment", UUID(hex=reference))))

        return await mutate(
            info,
            operation="adjustDriverPay",
            arguments={"driver": driver, "amount": amount_minor, "reason": reason, "evidence": evidence},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _matter(matter: MatterRecord, market_id: MarketId) -> MoneyMatter:
    noun = matter.subject_noun
    return MoneyMatter(
        kind=matter.kind,
        subject_id=strawberry.ID(to_wire(noun, matter.subject_id) if noun else to_wire("market", market_id)),
        driver_id=strawberry.ID(to_wire("driver", matter.driver_id)) if matter.driver_id else None,
        amount_minor=None if matter.amount_minor is None else MoneyMinor(matter.amount_minor),
        currency=matter.currency,
        since=matter.since,
        reason=matter.reason,
        what_to_do=matter.what_to_do,
    )


def _quarter(row: YearOfPay) -> PayOfQuarter:
    return PayOfQuarter(
        driver_id=strawberry.ID(to_wire("driver", row.driver_id)),
        name=row.name,
        quarter=row.quarter,
        currency=row.currency,
        gross_minor=MoneyMinor(row.gross_minor),
        tips_minor=MoneyMinor(row.tips_minor),
        fees_minor=MoneyMinor(row.fees_minor),
        paid_minor=MoneyMinor(row.paid_minor),
        count=row.count,
    )
