"""Goals for what recipients experience: set by operations for each shipper, seen by both with what came of them."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.goals import Goal, Metric, TrackedGoal, experience_goals, set_experience_goal
from schema.access import require_operator, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.fields import query
from schema.mutations import mutation
from schema.problem import Problem
from schema.rate_cards import ShipperArgument
from schema.scalars import DateTime

TARGET = "At least so many percent for FIRST_ATTEMPT and ON_TIME, at most so many minutes for the others."
PERIOD = "Over how many whole local days up to yesterday it is measured, 1 to 92."
SAMPLE = "Fewer deliveries than so many say nothing, 1 to 1,000,000."


@strawberry.type(name="ExperienceGoal", description="What recipients are to experience, and what they did.")
class ExperienceGoalType:
    """A goal and how it stands."""

    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    metric: Metric = strawberry.field(description="What is measured.")
    version: int = strawberry.field(description="Counts from 1; a version is never edited, only followed.")
    effective_from: DateTime = strawberry.field(description="Since when this version is in force, market time.")
    target: float = strawberry.field(description=TARGET)
    period_days: int = strawberry.field(description=PERIOD)
    min_sample: int = strawberry.field(description=SAMPLE)
    first_day: date = strawberry.field(description="The first local day of the period.")
    last_day: date = strawberry.field(description="The last local day of the period: yesterday.")
    actual: float | None = strawberry.field(description="What happened, percent or minutes; null of nothing.")
    sample: int = strawberry.field(description="Out of how many deliveries.")
    is_met: bool | None = strawberry.field(description="Whether it is met; null where the sample is too small.")
    change: float | None = strawberry.field(
        description="By how much it is more than over as many days before, percent or minutes."
    )


@strawberry.input(description="A version of a goal that is to be set.")
class ExperienceGoalInput:
    """The goal that is to be set."""

    metric: Metric = strawberry.field(description="What is measured.")
    target: float = strawberry.field(description=TARGET)
    period_days: int = strawberry.field(default=28, description=PERIOD)
    min_sample: int = strawberry.field(default=50, description=SAMPLE)
    is_withdrawn: bool = strawberry.field(default=False, description="Whether there is no such goal any more.")
    effective_from: DateTime | None = strawberry.field(default=None, description="Now where it is left out.")

    def value(self) -> Goal:
        """The goal as the marketplace takes it; a wrong one is refused here."""
        return Goal(
            metric=self.metric,
            target=self.target,
            period_days=self.period_days,
            min_sample=self.min_sample,
            is_withdrawn=self.is_withdrawn,
        )


@strawberry.type(description="A new version of a goal was set.")
class ExperienceGoalSet:
    """A goal that was set."""

    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    metric: Metric = strawberry.field(description="What is measured.")


SetExperienceGoalResult = Annotated[ExperienceGoalSet | Problem, strawberry.union("SetExperienceGoalResult")]


@strawberry.type
class Query:
    """How goals stand."""

    @query(description="Your goals in every market, as they stand.", usual_rows=4, own_units=5)
    async def experience_goals(self, info: Info) -> list[ExperienceGoalType]:
        """Reads one's own goals."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.open() as work:
            return [_goal(one) for one in await experience_goals(work, shipper_id=shipper.id)]

    @query(description="A shipper's goals in a market, as they stand. For operations.", usual_rows=4, own_units=5)
    async def shipper_experience_goals(
        self, info: Info, market_id: MarketArgument, shipper_id: ShipperArgument
    ) -> list[ExperienceGoalType]:
        """Reads a shipper's goals."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId")
        async with info.context.marketplace.works.open() as work:
            return [_goal(one) for one in await experience_goals(work, market_id=market, shipper_id=shipper)]


@strawberry.type
class Mutation:
    """Setting goals."""

    @mutation(
        description="Sets the next version of what a shipper's recipients are to experience, from now or later on. One"
        " that is missed waits in `needsAttention`, and is told to operations once a period. For operations."
    )
    async def set_experience_goal(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        goal: Annotated[ExperienceGoalInput, strawberry.argument(description="The whole goal.")],
        idempotency_key: IdempotencyKey,
    ) -> SetExperienceGoalResult:
        """Sets a goal."""
        shipper, value = from_wire("shipper", shipper_id, field="shipperId"), goal.value()

        async def run(work: Work, market: MarketId, _operator: Principal) -> UUID:
            await set_experience_goal(
                work, shipper_id=shipper, market_id=market, goal=value, effective_from=goal.effective_from
            )
            return shipper

        async def answer(_work: Work, subject: UUID) -> ExperienceGoalSet:
            return ExperienceGoalSet(shipper_id=strawberry.ID(to_wire("shipper", subject)), metric=value.metric)

        return await audited(
            info,
            verb="setExperienceGoal",
            market_id=market_id,
            details={
                "metric": value.metric.value,
                "target": value.target,
                "period_days": value.period_days,
                "min_sample": value.min_sample,
                "is_withdrawn": value.is_withdrawn,
                "effective_from": goal.effective_from.isoformat() if goal.effective_from else None,
            },
            more={"shipper": shipper},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _goal(one: TrackedGoal) -> ExperienceGoalType:
    return ExperienceGoalType(
        market_id=strawberry.ID(to_wire("market", one.market_id)),
        shipper_id=strawberry.ID(to_wire("shipper", one.shipper_id)),
        metric=one.goal.metric,
        version=one.goal.version,
        effective_from=one.effective_from,
        target=one.goal.target,
        period_days=one.goal.period_days,
        min_sample=one.goal.min_sample,
        first_day=one.first_day,
        last_day=one.last_day,
        actual=one.measured.actual,
        sample=one.measured.sample,
        is_met=one.is_met,
        change=one.change,
    )
