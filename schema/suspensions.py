"""What operations see and decide about standing: corrections, proposals, appeals, and how fairly work is shared."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.analytics import fairness
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import ContractKind
from marketplace.standing import (
    EvidenceKind,
    SafetyReason,
    SuspensionState,
    answer_correction,
    decide_appeal,
    decide_suspension,
    end_suspension,
    open_corrections,
    propose_for_safety,
    standing_of,
    waiting_suspensions,
)
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutation
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor
from schema.standing import DriverStanding, SuspensionFile, shown_files, shown_standing


@strawberry.type(description="What a driver said against a row of evidence, and nobody has answered.")
class WaitingCorrection:
    """A correction to answer."""

    id: strawberry.ID = strawberry.field(description="cor_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    evidence_id: strawberry.ID = strawberry.field(description="evd_….")
    kind: EvidenceKind = strawberry.field(description="What it is about.")
    is_good: bool = strawberry.field(description="Whether the row speaks for the driver.")
    value: int = strawberry.field(description="Parcels, seconds late by the own part, or stars.")
    occurred_at: DateTime = strawberry.field(description="When it happened, market time.")
    text: str = strawberry.field(description="What the driver says.")
    asked_at: DateTime = strawberry.field(description="When, market time.")


@strawberry.type(
    description="What of standing waits for a person; each list is the longest waiting first, at most 200."
)
class StandingAttention:
    """Work for operators."""

    suspensions: list[SuspensionFile] = strawberry.field(description="Proposals and appeals.", metadata=usually(3))
    corrections: list[WaitingCorrection] = strawberry.field(description="Corrections.", metadata=usually(10))


@strawberry.type(description="How fairly work was shared among a kind of drivers, or among all.")
class FairnessFigures:
    """Figures of a kind."""

    contract_kind: ContractKind | None = strawberry.field(description="Null is all drivers.")
    drivers: int = strawberry.field(description="Drivers who were online, asked or paid.")
    idle_minutes: float = strawberry.field(description="Online without a route, all together.")
    offers: int = strawberry.field(description="Offers sent to them.")
    offers_per_online_hour: float = strawberry.field(description="Offers for each of their hours online.")
    gini: float = strawberry.field(
        description="Inequality of offers per online hour: 0 where all got the same, towards 1 where one got all."
    )
    pay_minor: MoneyMinor = strawberry.field(description="Pay of finished routes, minor units; tips left out.")
    pay_per_engaged_hour_minor: MoneyMinor = strawberry.field(description="Minor units for each hour on a route.")
    pay_per_online_hour_minor: MoneyMinor = strawberry.field(description="Minor units for each hour online.")


@strawberry.type(description="How fairly a market's work was shared on a local day.")
class Fairness:
    """Figures of a day."""

    day: date = strawberry.field(description="Local day of the market.")
    currency: str = strawberry.field(description="ISO 4217.")
    figures: list[FairnessFigures] = strawberry.field(
        description="All drivers first, then dedicated, contracted and crowd.", metadata=usually(4)
    )


@strawberry.type(description="The decision is made, and written down with the operator's name; the driver is told.")
class StandingDecided:
    """A decision."""

    subject_id: strawberry.ID = strawberry.field(description="What it is about: sus_… or cor_….")


StandingDecision = Annotated[StandingDecided | Problem, strawberry.union("StandingDecision")]
Reason = Annotated[str, strawberry.argument(description="Why, 1 to 500 characters; the driver reads it.")]
DriverArgument = Annotated[strawberry.ID, strawberry.argument(description="drv_….")]
SuspensionArgument = Annotated[strawberry.ID, strawberry.argument(description="sus_….")]
ENDINGS = "LIFTED lets the driver back in; DEACTIVATED closes the account, once no appeal is possible any more."


@strawberry.type
class Query:
    """What operators see of standing."""

    @query(description="A driver's standing as the driver sees it. For operations.", own_units=20)
    async def driver_standing(self, info: Info, market_id: MarketArgument, driver_id: DriverArgument) -> DriverStanding:
        """Reads a standing."""
        market, driver = (
            from_wire("market", market_id, field="marketId"),
            from_wire("driver", driver_id, field="driverId"),
        )
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return shown_standing(await standing_of(work, driver_id=driver, market_id=market))

    @query(description="Proposals, appeals and corrections of a market that wait for a person. For operations.")
    async def standing_attention(self, info: Info, market_id: MarketArgument) -> StandingAttention:
        """Reads what waits."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            files = await waiting_suspensions(work, market_id=market)
            corrections = await open_corrections(work, market_id=market)
        nouns = {"id": "standing_correction", "driver_id": "driver", "evidence_id": "standing_evidence"}
        return StandingAttention(
            suspensions=shown_files(files),
            corrections=cast(
                "list[WaitingCorrection]",
                [
                    row
                    | {"kind": EvidenceKind(row["kind"])}
                    | {key: to_wire(noun, row[key]) for key, noun in nouns.items()}
                    for row in corrections
                ],
            ),
        )

    @query(description="Idle time, offers per online hour with their Gini, and pay per hour, by kind. For operations.")
    async def fairness(
        self,
        info: Info,
        market_id: MarketArgument,
        day: Annotated[date | None, strawberry.argument(description="Local day; today so far when left out.")] = None,
    ) -> Fairness:
        """Reads the figures of a day."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return cast("Fairness", await fairness(work, market_id=market, day=day))


@strawberry.type
class Mutation:
    """What operators decide, each by name."""

    @mutation(description="Answers what a driver said against a row of evidence. For operations.")
    async def answer_correction(
        self,
        info: Info,
        market_id: MarketArgument,
        correction_id: Annotated[strawberry.ID, strawberry.argument(description="cor_….")],
        is_upheld: Annotated[bool, strawberry.argument(description="True: the row counts no more.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> StandingDecision:
        """Answers a correction."""
        correction = from_wire("standing_correction", correction_id, field="correctionId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            about = {"correction_id": correction, "market_id": market, "operator_id": operator.id}
            await answer_correction(work, **about, is_upheld=is_upheld, reason=reason)
            return correction

        details = {"correction": correction.hex, "is_upheld": is_upheld, "reason": reason}
        return await _decide(info, "answerCorrection", "standing_correction", market_id, details, idempotency_key, run)

    @mutation(
        description="Proposes to suspend a driver because of a danger. Nothing is taken away by it; decide it next. For"
        " operations."
    )
    async def propose_suspension(
        self,
        info: Info,
        market_id: MarketArgument,
        driver_id: DriverArgument,
        safety_reason: Annotated[SafetyReason, strawberry.argument(description="The danger; there are no others.")],
        reason: Reason,
        evidence: Annotated[
            list[str], strawberry.argument(description="What there is to show, 1 to 200 rows of 1 to 500 characters.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> StandingDecision:
        """Proposes for safety."""
        driver = from_wire("driver", driver_id, field="driverId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            return await propose_for_safety(
                work,
                driver_id=driver,
                market_id=market,
                operator_id=operator.id,
                safety_reason=safety_reason,
                reason=reason,
                evidence=evidence,
            )

        details = {"driver": driver.hex, "safety_reason": safety_reason.value, "reason": reason, "evidence": evidence}
        return await _decide(info, "proposeSuspension", "suspension", market_id, details, idempotency_key, run)

    @mutation(
        description="Confirms a proposal, in force after the notice of the market's law, or dismisses it. At once only"
        " for an enumerated danger. For operations."
    )
    async def decide_suspension(
        self,
        info: Info,
        market_id: MarketArgument,
        suspension_id: SuspensionArgument,
        is_confirmed: Annotated[bool, strawberry.argument(description="False dismisses.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
        is_immediate: Annotated[bool, strawberry.argument(description="At once, because of a danger.")] = False,
    ) -> StandingDecision:
        """Decides."""
        suspension = from_wire("suspension", suspension_id, field="suspensionId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            await decide_suspension(
                work,
                suspension_id=suspension,
                market_id=market,
                operator_id=operator.id,
                is_confirmed=is_confirmed,
                reason=reason,
                is_immediate=is_immediate,
            )
            return suspension

        details = {"suspension": suspension.hex, "is_confirmed": is_confirmed, "is_immediate": is_immediate}
        details["reason"] = reason
        return await _decide(info, "decideSuspension", "suspension", market_id, details, idempotency_key, run)

    @mutation(
        description="Answers an appeal. Whoever confirmed the suspension is refused. Upheld, the driver is back in at"
        " once. For operations."
    )
    async def decide_appeal(
        self,
        info: Info,
        market_id: MarketArgument,
        suspension_id: SuspensionArgument,
        is_upheld: Annotated[bool, strawberry.argument(description="True lets the driver back in.")],
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> StandingDecision:
        """Decides an appeal."""
        suspension = from_wire("suspension", suspension_id, field="suspensionId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            about = {"suspension_id": suspension, "market_id": market, "operator_id": operator.id}
            await decide_appeal(work, **about, is_upheld=is_upheld, reason=reason)
            return suspension

        details = {"suspension": suspension.hex, "is_upheld": is_upheld, "reason": reason}
        return await _decide(info, "decideAppeal", "suspension", market_id, details, idempotency_key, run)

    @mutation(description=f"Ends a suspension. {ENDINGS} For operations.")
    async def end_suspension(
        self,
        info: Info,
        market_id: MarketArgument,
        suspension_id: SuspensionArgument,
        ending: Annotated[SuspensionState, strawberry.argument(description=ENDINGS)],
        reason: Reason,
        idempotency_key: IdempotencyKey,
    ) -> StandingDecision:
        """Ends a suspension."""
        suspension = from_wire("suspension", suspension_id, field="suspensionId")

        async def run(work: Work, market: UUID, operator: Principal) -> UUID:
            about = {"suspension_id": suspension, "market_id": market, "operator_id": operator.id}
            await end_suspension(work, **about, state=ending, reason=reason)
            return suspension

        details = {"suspension": suspension.hex, "ending": ending.value, "reason": reason}
        return await _decide(info, "endSuspension", "suspension", market_id, details, idempotency_key, run)


async def _decide(
    info: Info,
    verb: str,
    noun: str,
    market_id: str,
    details: dict[str, Any],
    key: str,
    run: Callable[[Work, UUID, Principal], Awaitable[UUID]],
) -> StandingDecision:
    """Makes one decision and writes down whose it is."""

    async def answer(_work: Work, subject: UUID) -> StandingDecided:
        return StandingDecided(subject_id=strawberry.ID(to_wire(noun, subject)))

    return await audited(
        info, verb=verb, market_id=market_id, details=details, idempotency_key=key, run=run, answer=answer
    )
