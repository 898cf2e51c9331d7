"""Batches that are posted again and again: previewed, set up, steered, and read with what became of each day."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import Requirement, Sector
from marketplace.core.ids import from_wire
from marketplace.core.work import Work
from marketplace.recurring_batches import (
    OnClosedDay,
    RecurringState,
    RunOutcome,
    Template,
    Terms,
    change_recurring_batch,
    create_recurring_batch,
    end_recurring_batch,
    find_recurring_batch,
    page_recurring_batches,
    pause_recurring_batch,
    preview_recurrence,
    resume_recurring_batch,
    skip_occurrence,
)
from marketplace.shippers import Tier
from schema.access import require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.delivery_input import DeliveryInput, RowProblemType, delivery_requests
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.places import Address, Package
from schema.problem import Problem
from schema.scalars import DateTime, LocalDateTime

RULE = (
    "An RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO,TH: DAILY, WEEKLY, MONTHLY or YEARLY, with INTERVAL, BYDAY,"
    " BYMONTHDAY, BYMONTH, BYSETPOS, and COUNT or UNTIL; its days are those of the market's calendar."
)
STARTS_AT = "Local time of the market, now or later: days from then on, each at this time of day."
EXCEPT_DAYS = "Days that are left out, at most 366."
LEAD = (
    "Seconds by the clock on the wall before that time of day at which a day is posted, 0 to 1,209,600. A tier promises"
    " by the moment of posting: NEXT_DAY is posted the day before, SAME_DAY and EXPRESS on the day."
)
ON_CLOSED_DAY = (
    "What is done with a day on which a hub that it names does not serve: SKIP leaves it out, MOVE delivers on the next"
    " day that all its hubs serve, POST posts it all the same: rows of that hub are refused then, and the others go."
)
MAY_SPLIT = "As in postBatch: whether what no hub has all of may come from several."


@strawberry.type(description="A day to come of a recurring batch.")
class RecurringOccurrence:
    """A day, and when it is posted."""

    day: date = strawberry.field(description="Local day of the market, as the rule gives it.")
    falls_on: date | None = strawberry.field(
        description="The day on which it is delivered: another one where it moves; null where it is skipped."
    )
    posts_at: DateTime | None = strawberry.field(
        description="When it is posted, market time; null where it is skipped."
    )


@strawberry.type(description="What became of a day of a recurring batch; never changed.")
class RecurringRun:
    """A settled day."""

    day: date = strawberry.field(description="Local day of the market, as the rule gave it.")
    falls_on: date = strawberry.field(description="The day for which it was posted.")
    version: int = strawberry.field(description="The version of its terms.")
    outcome: RunOutcome = strawberry.field(description="Posted, skipped or refused.")
    reason: str | None = strawberry.field(
        description="Why it was skipped: BY_SHIPPER, CLOSED_DAY, MISSED, PAUSED or NOBODY_LEFT; or the code of what was"
        " refused, as postBatch would have answered."
    )
    message: str | None = strawberry.field(description="A refusal for people.")
    batch_id: strawberry.ID | None = strawberry.field(description="bat_… that was posted.")
    posted_count: int = strawberry.field(description="Rows that were posted.")
    problems: list[RowProblemType] = strawberry.field(
        description="Rows that were not, and why, at most 50.", metadata=usually(1)
    )
    happened_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="An interval by the clock on the wall.")
class LocalWindow:
    """From when to when, without an offset."""

    opens: LocalDateTime = strawberry.field(description="First local time.")
    closes: LocalDateTime = strawberry.field(description="Last local time.")


@strawberry.type(description="So many of a SKU.")
class RecurringItem:
    """A line of what comes from stock."""

    sku: str = strawberry.field(description="Its code.")
    quantity: int = strawberry.field(description="How many.")


@strawberry.type(description="A row of a recurring batch as it is on the day of startsAt.")
class RecurringDelivery:
    """What is delivered on each day."""

    external_id: str = strawberry.field(description="Your reference; its deliveries have @ and the day behind it.")
    hub_id: strawberry.ID | None = strawberry.field(description="hub_…, where it names one.")
    pickup: Address | None = strawberry.field(description="Where it is picked up, if not at a hub.")
    dropoff: Address = strawberry.field(description="Where it goes.")
    pickup_window: LocalWindow | None = strawberry.field(description="When it can be picked up, if it says so.")
    dropoff_window: LocalWindow | None = strawberry.field(description="When it is handed over, if no tier says so.")
    tier: Tier | None = strawberry.field(description="The tier whose terms give its window.")
    service_level: str = strawberry.field(description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY.")
    packages: list[Package] = strawberry.field(description="At most 20.", metadata=usually(1))
    items: list[RecurringItem] = strawberry.field(description="What comes from stock.", metadata=usually(1))
    requirements: list[Requirement] = strawberry.field(description="What it asks for besides its sector's.")
    sector: Sector | None = strawberry.field(description="The trade that it is for.")
    waived_requirements: list[Requirement] = strawberry.field(description="What of its sector it does without.")
    instructions: str = strawberry.field(description="For the driver.")
    priority: int = strawberry.field(description="0 to 100.")


@strawberry.type(description="A batch that is posted again and again by a rule.")
class RecurringBatch:
    """A recurring batch as its shipper sees it."""

    id: strawberry.ID = strawberry.field(description="rcb_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    name: str = strawberry.field(description="For people.")
    state: RecurringState = strawberry.field(description="Where in its life it is.")
    version: int = strawberry.field(description="The version of its terms that counts, from 1.")
    refusals: int = strawberry.field(description="Days in a row for which nothing was taken; three pause it.")
    starts_at: LocalDateTime = strawberry.field(description=STARTS_AT)
    rule: str = strawberry.field(description=RULE)
    except_days: list[date] = strawberry.field(description=EXCEPT_DAYS)
    lead_s: int = strawberry.field(description=LEAD)
    on_closed_day: OnClosedDay = strawberry.field(description=ON_CLOSED_DAY)
    may_split: bool = strawberry.field(description=MAY_SPLIT)
    time_zone: str = strawberry.field(description="IANA zone of its days.")
    delivery_count: int = strawberry.field(description="Rows of each day.")
    deliveries: list[RecurringDelivery] = strawberry.field(
        description="Its rows, at most 1,000; empty in lists, ask for one recurring batch instead.",
        metadata=usually(10),
    )
    next_occurrences: list[RecurringOccurrence] = strawberry.field(
        description="The next 10 days that are not settled; while it is paused, those that it would have.",
        metadata=usually(10),
    )
    last_runs: list[RecurringRun] = strawberry.field(
        description="What became of the 10 days that were settled last, latest first.", metadata=usually(10)
    )
    created_at: DateTime = strawberry.field(description="When it was set up, market time.")


@strawberry.type(name="RecurringBatchChanged", description="The recurring batch as it is now.")
class RecurringBatchChangedType:
    """A recurring batch after a change."""

    recurring_batch: RecurringBatch = strawberry.field(description="With its rows.")


@strawberry.input(description="What is posted again and again, and when.")
class RecurringBatchInput:
    """A template as a shipper sends it."""

    name: str = strawberry.field(description="For people, 1 to 80 characters.")
    starts_at: LocalDateTime = strawberry.field(description=STARTS_AT)
    rule: str = strawberry.field(description=RULE)
    deliveries: list[DeliveryInput] = strawberry.field(
        description="1 to 1,000 rows as in postBatch, with their windows as they are on the day of startsAt: on every"
        " other day they are at the same local times. An externalId has at most 89 characters; @ and the day are put"
        " behind it."
    )
    except_days: list[date] = strawberry.field(default_factory=list, description=EXCEPT_DAYS)
    lead_s: int = strawberry.field(default=0, description=LEAD)
    on_closed_day: OnClosedDay = strawberry.field(default=OnClosedDay.SKIP, description=ON_CLOSED_DAY)
    may_split: bool = strawberry.field(default=False, description=MAY_SPLIT)

    def value(self) -> Template:
        """The template as the marketplace takes it."""
        return Template(
            name=self.name,
            terms=Terms(
                starts_at=self.starts_at,
                rule=self.rule,
                except_days=frozenset(self.except_days),
                lead_s=self.lead_s,
                on_closed_day=self.on_closed_day,
                may_split=self.may_split,
            ),
            rows=delivery_requests(self.deliveries),
        )


RecurringBatchResult = Annotated[RecurringBatchChangedType | Problem, strawberry.union("RecurringBatchResult")]
RecurringArgument = Annotated[strawberry.ID, strawberry.argument(description="rcb_….")]
TemplateArgument = Annotated[RecurringBatchInput, strawberry.argument(description="The whole of it.")]


@strawberry.type
class Query:
    """What a shipper has posted again and again; a thing of another shipper looks like none."""

    @query(
        description="Your recurring batches, newest first, each with its next days and what became of the last ones."
    )
    async def recurring_batches(
        self, info: Info, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[RecurringBatch]:
        """Reads a page of recurring batches."""
        shipper, before = require_shipper(info), after_id("recurring_batch", after)
        async with info.context.marketplace.works.open() as work:
            trees = await page_recurring_batches(work, shipper_id=shipper.id, before=before, limit=rows_to_read(first))
        return cast("Connection[RecurringBatch]", page_of(trees, first=first, key=lambda tree: [tree["id"]]))

    @query(description="One of your recurring batches, with its rows.")
    async def recurring_batch(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="rcb_….")],  # noqa: A002 - its name in the API
    ) -> RecurringBatch | None:
        """Reads a recurring batch."""
        shipper, recurring_id = require_shipper(info), from_wire("recurring_batch", id, field="id")
        async with info.context.marketplace.works.open() as work:
            found = await find_recurring_batch(work, recurring_batch_id=recurring_id, shipper_id=shipper.id)
        return cast("RecurringBatch | None", found)

    @query(description="The days that a rule would have, before anything is set up.", usual_rows=10)
    async def preview_recurrence(
        self,
        info: Info,
        market_id: MarketArgument,
        starts_at: Annotated[LocalDateTime, strawberry.argument(description="Local time of the market.")],
        rule: Annotated[str, strawberry.argument(description=RULE)],
        except_days: Annotated[list[date] | None, strawberry.argument(description=EXCEPT_DAYS)] = None,
        lead_s: Annotated[int, strawberry.argument(description=LEAD)] = 0,
        on_closed_day: Annotated[OnClosedDay, strawberry.argument(description=ON_CLOSED_DAY)] = OnClosedDay.SKIP,
        hub_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="hub_… whose days of rest and holidays count, at most 20."),
        ] = None,
        first: Annotated[int, strawberry.argument(description="Days wanted, 1 to 100.")] = USUAL_PAGE,
    ) -> list[RecurringOccurrence]:
        """Looks ahead."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        hubs = [from_wire("hub", one, field="hubIds") for one in hub_ids or []]
        terms = Terms(
            starts_at=starts_at,
            rule=rule,
            except_days=frozenset(except_days or []),
            lead_s=lead_s,
            on_closed_day=on_closed_day,
        )
        async with info.context.marketplace.works.open() as work:
            found = await preview_recurrence(
                work, shipper_id=shipper.id, market_id=market, terms=terms, hub_ids=hubs, count=first
            )
        return cast("list[RecurringOccurrence]", found)


@strawberry.type
class Mutation:
    """Setting up and steering what is posted again and again."""

    @mutation(description="Sets up a batch that is posted on each day of a rule; see previewRecurrence.")
    async def create_recurring_batch(
        self, info: Info, market_id: MarketArgument, template: TemplateArgument, idempotency_key: IdempotencyKey
    ) -> RecurringBatchResult:
        """Sets up."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        value = template.value()

        async def run(work: Work) -> UUID:
            return await create_recurring_batch(work, shipper_id=shipper.id, market_id=market, template=value)

        return await _step(info, "createRecurringBatch", {"market": market, **_told(value)}, idempotency_key, run)

    @mutation(
        description="Follows the terms and rows of a recurring batch by others; days that are posted or skipped stay as"
        " they are."
    )
    async def change_recurring_batch(
        self,
        info: Info,
        recurring_batch_id: RecurringArgument,
        template: TemplateArgument,
        idempotency_key: IdempotencyKey,
    ) -> RecurringBatchResult:
        """Changes."""
        shipper, recurring_id = require_shipper(info), _id(recurring_batch_id)
        value = template.value()

        async def run(work: Work) -> UUID:
            await change_recurring_batch(work, shipper_id=shipper.id, recurring_batch_id=recurring_id, template=value)
            return recurring_id

        about = {"recurring": recurring_id, **_told(value)}
        return await _step(info, "changeRecurringBatch", about, idempotency_key, run)

    @mutation(description="Posts no further day until it is resumed; a day that comes due meanwhile is skipped.")
    async def pause_recurring_batch(
        self, info: Info, recurring_batch_id: RecurringArgument, idempotency_key: IdempotencyKey
    ) -> RecurringBatchResult:
        """Pauses."""
        return await _steer(info, "pauseRecurringBatch", pause_recurring_batch, recurring_batch_id, idempotency_key)

    @mutation(description="Goes on with the first day that is not due yet, also after too many refusals.")
    async def resume_recurring_batch(
        self, info: Info, recurring_batch_id: RecurringArgument, idempotency_key: IdempotencyKey
    ) -> RecurringBatchResult:
        """Resumes."""
        return await _steer(info, "resumeRecurringBatch", resume_recurring_batch, recurring_batch_id, idempotency_key)

    @mutation(description="Posts no further day, for good; what was posted goes its way.")
    async def end_recurring_batch(
        self, info: Info, recurring_batch_id: RecurringArgument, idempotency_key: IdempotencyKey
    ) -> RecurringBatchResult:
        """Ends."""
        return await _steer(info, "endRecurringBatch", end_recurring_batch, recurring_batch_id, idempotency_key)

    @mutation(description="Leaves out one day to come; a posted one is called off by cancelDelivery.")
    async def skip_occurrence(
        self,
        info: Info,
        recurring_batch_id: RecurringArgument,
        day: Annotated[date, strawberry.argument(description="A day of the rule, as in nextOccurrences.")],
        idempotency_key: IdempotencyKey,
    ) -> RecurringBatchResult:
        """Skips."""
        shipper, recurring_id = require_shipper(info), _id(recurring_batch_id)

        async def run(work: Work) -> UUID:
            await skip_occurrence(work, shipper_id=shipper.id, recurring_batch_id=recurring_id, day=day)
            return recurring_id

        about = {"recurring": recurring_id, "day": str(day)}
        return await _step(info, "skipOccurrence", about, idempotency_key, run)


async def _steer(
    info: Info, operation: str, verb: Callable[..., Awaitable[None]], wire: strawberry.ID, idempotency_key: str
) -> RecurringBatchChangedType | Problem:
    shipper, recurring_id = require_shipper(info), _id(wire)

    async def run(work: Work) -> UUID:
        await verb(work, shipper_id=shipper.id, recurring_batch_id=recurring_id)
        return recurring_id

    return await _step(info, operation, {"recurring": recurring_id}, idempotency_key, run)


async def _step(
    info: Info, operation: str, about: dict[str, Any], idempotency_key: str, run: Callable[[Work], Awaitable[UUID]]
) -> RecurringBatchChangedType | Problem:
    """Takes a step once for a key, and answers with the recurring batch as it stands."""
    shipper = require_shipper(info)

    async def answer(work: Work, reference: str) -> RecurringBatchChangedType:
        found = await find_recurring_batch(work, recurring_batch_id=UUID(reference), shipper_id=shipper.id)
        return RecurringBatchChangedType(recurring_batch=cast("RecurringBatch", found))

    async def step(work: Work) -> str:
        return str(await run(work))

    return await mutate(
        info, operation=operation, arguments=about, idempotency_key=idempotency_key, run=step, answer=answer
    )


def _told(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "terms": repr(replace(template.terms, except_days=frozenset())),
        "except_days": sorted(map(str, template.terms.except_days)),
        "digests": [row.external_id + row.digest.hex() for row in template.rows],
    }


def _id(wire: strawberry.ID) -> UUID:
    return from_wire("recurring_batch", wire, field="recurringBatchId")
