"""The queue of operations: everything that needs a person, in one read."""

from typing import cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.attention import Need as NeedRecord
from marketplace.attention import NeedKind, needs_attention
from marketplace.core.ids import MarketId, from_wire, to_wire
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.fields import query
from schema.places import Point
from schema.scalars import DateTime, MoneyMinor

SUBJECTS = {
    NeedKind.COLD_CHAIN: "delivery",
    NeedKind.DOCK_MISSED: "delivery",
    NeedKind.LATE_RISK: "delivery",
    NeedKind.UNASSIGNED: "delivery",
    NeedKind.REASSIGNMENT: "reassignment",
    NeedKind.FAILED_ATTEMPT: "delivery",
    NeedKind.ADDRESS: "delivery",
    NeedKind.CLAIM: "claim",
    NeedKind.SUSPENSION: "suspension",
    NeedKind.HELD_STATEMENT: "statement",
    NeedKind.DEAD_JOB: "job",
    NeedKind.GOAL_MISSED: "goal_miss",
}
"""What each kind is about."""


@strawberry.type(description="One thing that needs a person. Ids that do not belong to it are null.")
class Need:
    """A row of the queue."""

    kind: NeedKind = strawberry.field(description="Why it needs a person.")
    subject_id: strawberry.ID = strawberry.field(
        description="What is decided about: dlv_…, ras_…, clm_…, sus_…, stm_…, job_… or gms_…."
    )
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_….")
    external_id: str | None = strawberry.field(description="The shipper's reference of that delivery.")
    route_id: strawberry.ID | None = strawberry.field(description="rte_….")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_….")
    driver_name: str | None = strawberry.field(description="That driver's name.")
    reason: str | None = strawberry.field(
        description="Why: of UNASSIGNED an UnassignedReason, of FAILED_ATTEMPT an AttemptFailure, of LATE_RISK the"
        " chance, of CLAIM its ClaimKind, of COLD_CHAIN the minutes out of the cold and those allowed, of DOCK_MISSED"
        " the dock, of SUSPENSION the rule, of REASSIGNMENT its state, of DEAD_JOB its kind, of GOAL_MISSED shipper,"
        " metric, figure and target."
    )
    due_at: DateTime = strawberry.field(
        description="When it is too late, or, where nothing ends, since when it waits; of CLAIM when its driver is"
        " heard. Market time."
    )
    point: Point | None = strawberry.field(description="Where it is, if it is anywhere.")
    amount_minor: MoneyMinor | None = strawberry.field(description="The money that it is about, minor units.")
    of_kind: int = strawberry.field(description="How many such there are; at most 50 of a kind are listed.")


@strawberry.type
class Query:
    """What waits for operations."""

    @query(
        description="Everything in a market that waits for an operator, the gravest kind first and the most urgent"
        " first within it, at most 50 of a kind. For operations.",
        usual_rows=30,
        own_units=10,
    )
    async def needs_attention(self, info: Info, market_id: MarketArgument) -> list[Need]:
        """Reads the queue."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return [_need(one) for one in await needs_attention(work, market_id=market)]


def _need(one: NeedRecord) -> Need:
    def wire(noun: str) -> strawberry.ID | None:
        value = getattr(one, f"{noun}_id")
        return strawberry.ID(to_wire(noun, value)) if value is not None else None

    return Need(
        kind=one.kind,
        subject_id=strawberry.ID(to_wire(SUBJECTS[one.kind], one.subject_id)),
        delivery_id=wire("delivery"),
        external_id=one.external_id,
        route_id=wire("route"),
        driver_id=wire("driver"),
        driver_name=one.driver_name,
        reason=one.reason,
        due_at=one.due_at,
        point=Point(lat=one.lat, lon=one.lon) if one.lat is not None and one.lon is not None else None,
        amount_minor=cast("MoneyMinor | None", one.amount_minor),
        of_kind=one.of_kind,
    )
