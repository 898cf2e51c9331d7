"""Standing as its driver sees it: published rules, level, figures with their evidence, corrections, and the file."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, cast

import orjson
import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.analytics import OwnFairness, own_fairness
from marketplace.core.errors import NotFound
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from marketplace.fleet import ContractKind
from marketplace.standing import (
    PUBLISHED,
    RULES,
    CorrectionState,
    EvidenceKind,
    EvidenceRow,
    Excluded,
    SafetyReason,
    ShownFigure,
    Standing,
    SuspensionRule,
    SuspensionState,
    appeal_suspension,
    ask_correction,
    standing_of,
    suspension_files,
    words_of,
)
from marketplace.standing import SuspensionFile as FileRecord
from schema.access import require_driver, require_one_of, require_operator
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="A level of standing. It opens blocks earlier; neither routes nor pay depend on it.")
class StandingLevel:
    """What it takes and what it opens."""

    level: int = strawberry.field(description="1 is everybody's.")
    early_access_minutes: int = strawberry.field(description="Blocks open so many minutes before others see them.")
    completed: int = strawberry.field(description="Parcels handed over in the window, at least.")
    arrival_percent: int = strawberry.field(description="Arrivals not late by the driver's own part, at least.")
    hand_over_percent: int = strawberry.field(description="Hand-overs in order, at least.")
    rating_percent: int = strawberry.field(description="Good ratings, at least.")


@strawberry.type(description="From so much counted evidence on, a figure with fewer good rows leads to a proposal.")
class StandingProposalRule:
    """A rule that proposes; it never decides."""

    rule: SuspensionRule = strawberry.field(description="Which rule.")
    kind: EvidenceKind = strawberry.field(description="What it looks at.")
    below_percent: int = strawberry.field(description="Proposes where fewer of a hundred are good.")
    evidence: int = strawberry.field(description="Counted rows that it takes.")


@strawberry.type(description="The published rules of standing: for machines, and in words.")
class StandingRules:
    """One version of the rules."""

    version: int = strawberry.field(description="Every standing and proposal names the version it was made by.")
    window_days: int = strawberry.field(description="Only what happened in so many days counts.")
    grace_s: int = strawberry.field(description="An arrival is late from so many seconds on.")
    levels: list[StandingLevel] = strawberry.field(description="Lowest first.", metadata=usually(3))
    proposals: list[StandingProposalRule] = strawberry.field(description="What is proposed when.", metadata=usually(3))
    words_en: list[str] = strawberry.field(description="In English, a sentence or two each.")
    words_es: list[str] = strawberry.field(description="In Spanish, the same.")
    as_json: str = strawberry.field(description="The whole file that the rules are computed by, as JSON.")


@strawberry.type(description="One thing that a driver did, as it counts. Answers to offers are never among them.")
class StandingEvidence:
    """A row of evidence."""

    id: strawberry.ID = strawberry.field(description="evd_….")
    route_id: strawberry.ID = strawberry.field(description="rte_… of the driver's own.")
    is_good: bool = strawberry.field(description="Whether it speaks for the driver.")
    counts: bool = strawberry.field(description="Whether it is part of the figure.")
    excluded: Excluded | None = strawberry.field(description="Why it does not count, if so.")
    words: str = strawberry.field(description="What happened, such as how the seconds of a late arrival divide.")
    occurred_at: DateTime = strawberry.field(description="When, market time.")
    correction: CorrectionState | None = strawberry.field(description="How far a correction is, if one was asked for.")
    answer: str | None = strawberry.field(description="What the person who looked at it said.")
    answered_by: str | None = strawberry.field(description="That person's name.")


@strawberry.type(description="A figure of standing and the rows it is made of.")
class StandingFigure:
    """One figure."""

    code: EvidenceKind = strawberry.field(description="Which figure.")
    value: int = strawberry.field(description="Parcels for COMPLETED; for the others rows that speak for the driver.")
    of: int = strawberry.field(description="Rows that count.")
    minimum: int = strawberry.field(description="With fewer rows nothing is held against the driver.")
    evidence: list[StandingEvidence] = strawberry.field(
        description="Latest first, at most 100; those that do not count as well.", metadata=usually(20)
    )


@strawberry.type(description="What a figure lacks for the next level.")
class StandingMissing:
    """Something to reach."""

    code: EvidenceKind = strawberry.field(description="Which figure.")
    needed: int = strawberry.field(description="Parcels or per cent.")
    now: int = strawberry.field(description="Parcels or per cent, rounded down.")


@strawberry.type(description="Where a driver stands by the published rules, computed for this answer.")
class DriverStanding:
    """Level, figures and what comes next."""

    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    level: int = strawberry.field(description="The level.")
    early_access_minutes: int = strawberry.field(description="Blocks open so many minutes earlier.")
    rules_version: int = strawberry.field(description="By which version of the rules.")
    computed_at: DateTime = strawberry.field(description="Market time.")
    figures: list[StandingFigure] = strawberry.field(description="All four.", metadata=usually(4))
    next: StandingLevel | None = strawberry.field(description="The next level; null on the highest.")
    missing: list[StandingMissing] = strawberry.field(description="What is lacking for it.", metadata=usually(2))


@strawberry.type(description="One thing that happened in a file: who did what, when and why.")
class SuspensionStep:
    """A step."""

    happened_at: DateTime = strawberry.field(description="Market time.")
    what: str = strawberry.field(description="PROPOSED, CONFIRMED, DISMISSED, IN_FORCE, APPEALED and so on.")
    who: str = strawberry.field(description="A person's name; a rule's only where something was proposed.")
    why: str = strawberry.field(description="The reason.")


@strawberry.type(description="All that there is about one suspension; driver and operations read the same.")
class SuspensionFile:
    """A file."""

    id: strawberry.ID = strawberry.field(description="sus_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    state: SuspensionState = strawberry.field(description="How far it is.")
    rule: SuspensionRule = strawberry.field(description="By which rule it was proposed.")
    rules_version: int = strawberry.field(description="Of which version of the rules.")
    safety_reason: SafetyReason | None = strawberry.field(description="The danger, where an operator proposed it.")
    reason: str = strawberry.field(description="Why it was proposed.")
    evidence: list[str] = strawberry.field(description="What it goes by, each row in words.")
    proposed_at: DateTime = strawberry.field(description="Market time.")
    decided_by: str | None = strawberry.field(description="Name of the person who decided.")
    effective_at: DateTime | None = strawberry.field(description="From when on it is in force, market time.")
    notice_law: str | None = strawberry.field(description="The law whose notice was kept.")
    can_appeal_until: DateTime | None = strawberry.field(description="Until when the driver can appeal; null if not.")
    appeal_text: str | None = strawberry.field(description="What the driver says.")
    appeal_evidence: list[str] = strawberry.field(description="What the driver shows.")
    appeal_upheld: bool | None = strawberry.field(description="How the appeal ended.")
    steps: list[SuspensionStep] = strawberry.field(
        description="All that happened, first one first.", metadata=usually(4)
    )


@strawberry.type(description="A driver's day in figures of fairness.")
class OwnFigures:
    """Own figures, or the middle of others'."""

    idle_minutes: float = strawberry.field(description="Online without a route.")
    offers_per_online_hour: float = strawberry.field(description="Offers received for each hour online.")
    pay_per_engaged_hour_minor: MoneyMinor = strawberry.field(description="Minor units; tips left out.")
    pay_per_online_hour_minor: MoneyMinor = strawberry.field(description="Minor units; tips left out.")


@strawberry.type(description="A driver's own day beside the median of drivers of the same kind.")
class MyFairness:
    """Own figures and the median."""

    day: date = strawberry.field(description="Local day of the market.")
    currency: str = strawberry.field(description="ISO 4217.")
    contract_kind: ContractKind = strawberry.field(description="The kind that the median is of.")
    own: OwnFigures = strawberry.field(description="The driver's own.")
    median: OwnFigures | None = strawberry.field(description="Null where fewer than five of the kind were online.")


@strawberry.type(description="It is kept, and a person looks at it.")
class CorrectionAsked:
    """A correction that waits."""

    correction_id: strawberry.ID = strawberry.field(description="cor_….")


@strawberry.type(description="The appeal is kept; another person than the one who suspended decides it.")
class SuspensionAppealed:
    """An appeal that waits."""

    file: SuspensionFile = strawberry.field(description="The file as it is now.")


AskCorrectionResult = Annotated[CorrectionAsked | Problem, strawberry.union("AskCorrectionResult")]
AppealSuspensionResult = Annotated[SuspensionAppealed | Problem, strawberry.union("AppealSuspensionResult")]


@strawberry.type
class Query:
    """Standing and suspensions."""

    @query(description="The published rules of standing, for everybody to read.")
    async def standing_rules(self) -> StandingRules:
        """Reads the rules."""
        return cast(
            "StandingRules",
            {
                "version": RULES.version,
                "window_days": RULES.window_days,
                "grace_s": RULES.grace_s,
                "levels": RULES.levels,
                "proposals": RULES.proposals,
                "words_en": PUBLISHED["words"]["en"],
                "words_es": PUBLISHED["words"]["es"],
                "as_json": orjson.dumps(PUBLISHED).decode(),
            },
        )

    @query(description="Where the calling driver stands, with every row that counts.", own_units=20)
    async def my_standing(self, info: Info) -> DriverStanding:
        """Computes and reads one's own standing."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            return shown_standing(await standing_of(work, driver_id=driver.id))

    @query(
        description="The suspensions of a driver, latest first, at most 50. A driver reads the own file and names"
        " nobody; operations name driver and market, and read the same.",
        usual_rows=1,
    )
    async def suspension_file(
        self,
        info: Info,
        market_id: Annotated[strawberry.ID | None, strawberry.argument(description="mkt_…; for operations.")] = None,
        driver_id: Annotated[strawberry.ID | None, strawberry.argument(description="drv_…; for operations.")] = None,
    ) -> list[SuspensionFile]:
        """Reads the files."""
        caller = require_one_of(info, PrincipalKind.DRIVER, PrincipalKind.OPERATOR)
        wanted = from_wire("driver", driver_id, field="driverId") if driver_id else None
        market = from_wire("market", market_id, field="marketId") if market_id else None
        if caller.kind is PrincipalKind.DRIVER:
            if wanted not in {None, caller.id} or market not in {None, caller.market_id}:
                raise NotFound("there is no such driver", field="driverId")
            wanted, market = caller.id, caller.market_id
        if wanted is None or market is None:
            raise NotFound("name a driver and their market", field="driverId")
        if caller.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return shown_files(await suspension_files(work, driver_id=wanted, market_id=market))

    @query(description="The calling driver's day: idle time, offers and pay per hour, beside the median of the kind.")
    async def my_fairness(
        self,
        info: Info,
        day: Annotated[date | None, strawberry.argument(description="Local day; today when left out.")] = None,
    ) -> MyFairness:
        """Reads one's own figures."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            found: OwnFairness = await own_fairness(work, driver_id=driver.id, day=day)
        return cast("MyFairness", found)


@strawberry.type
class Mutation:
    """What a driver says against something."""

    @mutation(description="Says that a row of one's own evidence is wrong; a person answers. Once for each row.")
    async def ask_correction(
        self,
        info: Info,
        evidence_id: Annotated[strawberry.ID, strawberry.argument(description="evd_….")],
        text: Annotated[str, strawberry.argument(description="What was different, 1 to 500 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> AskCorrectionResult:
        """Asks for a correction."""
        driver, evidence = require_driver(info), from_wire("standing_evidence", evidence_id, field="evidenceId")

        async def run(work: Work) -> str:
            return (await ask_correction(work, evidence_id=evidence, driver_id=driver.id, text=text)).hex

        async def answer(_work: Work, reference: str) -> CorrectionAsked:
            return CorrectionAsked(correction_id=strawberry.ID(f"cor_{reference}"))

        arguments = {"evidence": evidence, "text": text}
        return await mutate(
            info,
            operation="askCorrection",
            arguments=arguments,
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Appeals a confirmed suspension, from the decision until 14 days after it is in force; once."
        " Another person than the one who suspended decides."
    )
    async def appeal_suspension(
        self,
        info: Info,
        suspension_id: Annotated[strawberry.ID, strawberry.argument(description="sus_….")],
        text: Annotated[str, strawberry.argument(description="1 to 2,000 characters.")],
        idempotency_key: IdempotencyKey,
        evidence: Annotated[
            list[str] | None, strawberry.argument(description="At most 20, each 1 to 500 characters.")
        ] = None,
    ) -> AppealSuspensionResult:
        """Appeals."""
        driver, suspension = require_driver(info), from_wire("suspension", suspension_id, field="suspensionId")
        shown = evidence or []

        async def run(work: Work) -> str:
            await appeal_suspension(work, suspension_id=suspension, driver_id=driver.id, text=text, evidence=shown)
            return suspension.hex

        async def answer(work: Work, _reference: str) -> SuspensionAppealed:
            files = await suspension_files(work, driver_id=driver.id)
            return SuspensionAppealed(file=shown_files([one for one in files if one.id == suspension])[0])

        arguments = {"suspension": suspension, "text": text, "evidence": shown}
        return await mutate(
            info,
            operation="appealSuspension",
            arguments=arguments,
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def shown_standing(standing: Standing) -> DriverStanding:
    """A standing as the API shows it, to its driver and to operations alike."""
    return DriverStanding(
        driver_id=strawberry.ID(to_wire("driver", standing.driver_id)),
        level=standing.level,
        early_access_minutes=standing.early_access_minutes,
        rules_version=standing.rules_version,
        computed_at=standing.computed_at,
        figures=[_figure(one) for one in standing.figures],
        next=cast("StandingLevel | None", standing.next_level),
        missing=[StandingMissing(code=one.kind, needed=one.needed, now=one.now) for one in standing.missing],
    )


def shown_files(files: Sequence[FileRecord]) -> list[SuspensionFile]:
    """Files as the API shows them, to both sides alike."""
    return [
        cast(
            "SuspensionFile",
            {name: getattr(one, name) for name in one.__slots__}
            | {"id": to_wire("suspension", one.id), "driver_id": to_wire("driver", one.driver_id)},
        )
        for one in files
    ]


def _figure(shown: ShownFigure) -> StandingFigure:
    figure = shown.figure
    return StandingFigure(
        code=figure.kind,
        value=figure.total if figure.kind is EvidenceKind.COMPLETED else figure.good,
        of=figure.counted,
        minimum=shown.minimum,
        evidence=[_evidence(row) for row in shown.rows],
    )


def _evidence(row: EvidenceRow) -> StandingEvidence:
    return StandingEvidence(
        id=strawberry.ID(to_wire("standing_evidence", row.id)),
        route_id=strawberry.ID(to_wire("route", row.route_id)),
        is_good=row.is_good,
        counts=row.counts,
        excluded=row.excluded,
        words=words_of(row.kind.value, row.is_good, row.value, row.facts),
        occurred_at=row.occurred_at,
        correction=row.correction_state,
        answer=row.correction_reason,
        answered_by=row.corrected_by,
    )
