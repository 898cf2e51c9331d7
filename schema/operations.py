"""Stuck work, for operations: jobs that failed too often, pay that waits for a person, and who decided about it."""

from typing import Annotated, Any, cast

import orjson
import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import note_action, page_actions
from marketplace.core.ids import JobId, MarketId, StatementId, from_wire, to_wire
from marketplace.core.jobs import DeadJob as DeadJobRecord
from marketplace.core.jobs import dead_jobs, replay_job
from marketplace.core.work import Work
from marketplace.payouts import StatementState, held_statements, release_statement
from marketplace.routes import ReportFlag, ReportVerb
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.offers import PayLine
from schema.paging import USUAL_PAGE, After, Connection, First, after_key, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor
from schema.undo import NO_UNDO, UNDO


@strawberry.type(description="Work that failed too often and waits for a person.")
class DeadJob:
    """A dead job."""

    id: strawberry.ID = strawberry.field(description="job_….")
    kind: str = strawberry.field(description="What was to be done, such as settle_payout.")
    subject: str = strawberry.field(description="Whom it is about: an id without its prefix.")
    attempts: int = strawberry.field(description="How often it was tried.")
    error: str = strawberry.field(description="How it failed last, at most 500 characters; for operations only.")
    created_at: DateTime = strawberry.field(description="When it was first asked for, machine time.")


@strawberry.type(description="A report of a driver that was out of bounds.")
class FlaggedReport:
    """Why a person should look at a route before it is paid."""

    verb: ReportVerb = strawberry.field(description="What was reported.")
    flag: ReportFlag = strawberry.field(description="What is odd about it.")
    stop_id: strawberry.ID | None = strawberry.field(description="stp_…, for reports about a stop.")
    occurred_at: DateTime = strawberry.field(description="When it happened by the app's word, market time.")
    received_at: DateTime = strawberry.field(description="When it came in, market time.")


@strawberry.type(
    description="Pay of a completed route that waits for a person because a report was flagged, or the driver was not"
    " where a way in vain leads."
)
class HeldStatement:
    """A statement that moves no money yet."""

    id: strawberry.ID = strawberry.field(description="stm_….")
    route_id: strawberry.ID = strawberry.field(description="rte_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    total_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    created_at: DateTime = strawberry.field(description="When the route was reckoned, market time.")
    lines: list[PayLine] = strawberry.field(description="What the pay is made of.", metadata=usually(5))
    reassignment_id: strawberry.ID | None = strawberry.field(
        description="ras_… for whose sake the driver drove in vain, but was not where the way leads; null for any other"
        " route."
    )
    flagged_reports: list[FlaggedReport] = strawberry.field(
        description="The reports that were flagged, first one first, at most 20.", metadata=usually(2)
    )


@strawberry.type(description="What an operator did by hand; such a line is never changed.")
class OperatorAction:
    """A line of the audit."""

    id: strawberry.ID = strawberry.field(description="act_….")
    operator_id: strawberry.ID = strawberry.field(description="opr_….")
    operator_name: str = strawberry.field(description="The operator's name as it is now.")
    verb: str = strawberry.field(description="The mutation, such as releaseStatement.")
    subject_id: strawberry.ID = strawberry.field(
        description="What it was done to: mkt_…, job_…, stm_…, pay_…, drv_…, shp_…, hub_…, rfd_…, crd_…, mov_…, dlv_…,"
        " doc_…, vhc_…, com_…, cor_…, sus_…, clm_…, rte_…, ras_…, pse_…,"
        " rzn_…, rsv_…."
    )
    details: str = strawberry.field(description="What was changed or decided, as a JSON object.")
    happened_at: DateTime = strawberry.field(description="Market time.")
    undo: str | None = strawberry.field(
        description="The mutation that takes it back, such as resumeZone; null where nothing does."
    )
    no_undo: str | None = strawberry.field(description="Why nothing takes it back; null where something does.")


@strawberry.type(description="The job has all its tries again and starts within ten seconds.")
class JobReplayed:
    """A job that waits for a worker."""

    job_id: strawberry.ID = strawberry.field(description="job_… of the job that will run; it is a new one.")


@strawberry.type(description="The pay of the statement is the driver's.")
class StatementReleased:
    """A released statement."""

    statement_id: strawberry.ID = strawberry.field(description="stm_….")
    state: StatementState = strawberry.field(description="PAYABLE, or what came after when it was released before.")


ReplayJobResult = Annotated[JobReplayed | Problem, strawberry.union("ReplayJobResult")]
ReleaseStatementResult = Annotated[StatementReleased | Problem, strawberry.union("ReleaseStatementResult")]
SUBJECTS = {
    "setMarketDials": "market",
    "setPayPolicy": "market",
    "adoptPayPolicyPack": "market",
    "replayJob": "job",
    "releaseStatement": "statement",
    "bookMovement": "movement",
    "setBillingTerms": "shipper",
    "setRateCard": "shipper",
    "setServiceLevel": "shipper",
    "setServiceArea": "market",
    "reserveCapacity": "reservation",
    "changeReservation": "reservation",
    "endReservation": "reservation",
    "setExperienceGoal": "shipper",
    "setRuralZone": "rural_zone",
    "setHubOpening": "hub",
    "receiveStock": "hub",
    "countStock": "hub",
    "setReplenishment": "hub",
    "transferStock": "delivery",
    "refundCharge": "refund",
    "refundDelivery": "refund",
    "grantGoodwill": "credit",
    "issueCreditNote": "credit",
    "redrawInvoice": "invoice",
    "askClaimEvidence": "claim",
    "acceptClaim": "claim",
    "rejectClaim": "claim",
    "runPayouts": "market",
    "holdPayout": "payout",
    "releasePayout": "payout",
    "reversePayout": "payout",
    "adjustDriverPay": "driver",
    "eraseRecipient": "delivery",
    "returnDelivery": "delivery",
    "resolveAddress": "delivery",
    "settleDropPoint": "drop_point",
    "setSurge": "market",
    "clearSurge": "market",
    "freezeSurge": "market",
    "checkDocument": "driver_document",
    "checkVehicle": "vehicle",
    "enterDocument": "driver_document",
    "openDocument": "driver_document",
    "addDocumentPicture": "driver_document",
    "addCompanyVehicle": "vehicle",
    "retireVehicle": "vehicle",
    "approveDriver": "driver",
    "activateDriver": "driver",
    "planShift": "driver",
    "messageDriver": "driver",
    "settleColdBreach": "delivery",
    "proposeSubstitute": "delivery",
    "assignDelivery": "delivery",
    "offerDelivery": "delivery",
    "assignRoute": "route",
    "unassignRoute": "route",
    "reassignRoute": "reassignment",
    "cancelReassignment": "reassignment",
    "pauseZone": "pause",
    "resumeZone": "pause",
    "addCompany": "company",
    "addDispatcher": "company",
    "setCompanyTerms": "company",
    "endCompany": "company",
    "publishBlocks": "market",
    "cancelBlock": "block",
    "answerCorrection": "standing_correction",
    "proposeSuspension": "suspension",
    "decideSuspension": "suspension",
    "decideAppeal": "suspension",
    "endSuspension": "suspension",
}
"""What the subject of each audited mutation is."""


@strawberry.type
class Query:
    """What waits for a person."""

    @query(
        description="Jobs of a market that failed too often, latest first, at most 200. For operations.",
        usual_rows=5,
    )
    async def dead_jobs(self, info: Info, market_id: MarketArgument) -> list[DeadJob]:
        """Reads dead jobs."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return [_dead_job(job) for job in await dead_jobs(connection, market_id=market)]

    @query(
        description="Pay of a market that waits for a person, oldest first, at most 200. For operations.",
        usual_rows=10,
    )
    async def held_statements(self, info: Info, market_id: MarketArgument) -> list[HeldStatement]:
        """Reads held statements."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[HeldStatement]", await held_statements(connection, market_id=market))

    @query(description="What operators did by hand in a market, latest first. For operations.")
    async def operator_actions(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[OperatorAction]:
        """Reads a page of the audit."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        key, limit = after_key(after), rows_to_read(first)
        before = from_wire("action", key[0], field="after") if key else None
        async with info.context.marketplace.works.read() as connection:
            rows = await page_actions(connection, market_id=market, before=before, limit=limit)
        actions = [_action(row) for row in rows]
        return cast("Connection[OperatorAction]", page_of(actions, first=first, key=lambda action: [str(action["id"])]))


@strawberry.type
class Mutation:
    """Decisions about stuck work. Each is written down with the operator's name."""

    @mutation(description="Gives a dead job all its tries again, after its cause is removed. For operations.")
    async def replay_job(
        self,
        info: Info,
        market_id: MarketArgument,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="job_… of a dead job.")],
        idempotency_key: IdempotencyKey,
    ) -> ReplayJobResult:
        """Replays."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, job = require_operator(info, market), JobId(from_wire("job", job_id, field="jobId"))

        async def run(work: Work) -> str:
            ready = await replay_job(work, job_id=job, market_id=market)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="replayJob",
                subject_id=job,
                details={"kind": ready.kind, "replayed_as": to_wire("job", ready.id)},
            )
            return ready.id.hex

        async def answer(_work: Work, reference: str) -> JobReplayed:
            return JobReplayed(job_id=strawberry.ID(f"job_{reference}"))

        return await mutate(
            info,
            operation="replayJob",
            arguments={"market": market, "job": job},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Puts the pay of a held statement on the driver's wallet, after somebody has looked at the flagged"
        " reports. Released again, it stays as it is. For operations."
    )
    async def release_statement(
        self,
        info: Info,
        statement_id: Annotated[strawberry.ID, strawberry.argument(description="stm_… of a held statement.")],
        idempotency_key: IdempotencyKey,
    ) -> ReleaseStatementResult:
        """Releases."""
        operator = require_operator(info)
        statement = StatementId(from_wire("statement", statement_id, field="statementId"))

        async def run(work: Work) -> str:
            state = await release_statement(work, statement_id=statement, operator_id=operator.operator_id)
            return state.value

        async def answer(_work: Work, reference: str) -> StatementReleased:
            return StatementReleased(statement_id=statement_id, state=StatementState(reference))

        return await mutate(
            info,
            operation="releaseStatement",
            arguments={"statement": statement},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _dead_job(job: DeadJobRecord) -> DeadJob:
    return DeadJob(
        id=strawberry.ID(to_wire("job", job.id)),
        kind=job.kind,
        subject=job.subject.replace("-", ""),
        attempts=job.attempts,
        error=job.error,
        created_at=job.created_at,
    )


def _action(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "id": to_wire("action", row["id"]),
        "operator_id": to_wire("operator", row["operator_id"]),
        "subject_id": to_wire(SUBJECTS[row["verb"]], row["subject_id"]),
        "details": orjson.dumps(orjson.loads(row["details"])).decode(),
        "undo": UNDO.get(row["verb"]),
        "no_undo": NO_UNDO.get(row["verb"]),
    }
