"""How the drivers of a market are paid: dated policies, and the pay laws that come with the program."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, cast
from uuid import UUID

import orjson
import strawberry

from marketplace.accounts import note_action
from marketplace.core.ids import MarketId, OperatorId, from_wire
from marketplace.core.work import Work
from marketplace.markets import (
    DatedPolicy,
    PayPack,
    adopt_pay_policy_pack,
    pay_packs,
    pay_policies,
    set_pay_policy,
)
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.pay_floors import PayCalendarInput, PayFloors, PayFloorsInput
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="The market's own rates, on top of which floors lift.")
class PayRates:
    """Own rates, minor units."""

    base_minor: MoneyMinor = strawberry.field(description="For each route.")
    per_km_minor: MoneyMinor = strawberry.field(description="For each kilometre, the way to the first stop included.")
    per_minute_minor: MoneyMinor = strawberry.field(description="For each minute from acceptance to the last stop.")
    per_stop_minor: MoneyMinor = strawberry.field(description="For each stop.")
    wait_per_minute_minor: MoneyMinor = strawberry.field(description="On top, for each minute at a stop beyond grace.")
    wait_grace_s: int = strawberry.field(description="Seconds at each stop before waiting is paid on top.")
    minimum_minor: MoneyMinor = strawberry.field(description="Least pay of an offer before any raise.")


@strawberry.type(
    description="One dated version of how drivers are paid. Offers are paid by the version they were made under."
)
class PayPolicy:
    """A pay policy."""

    version: int = strawberry.field(description="From 1.")
    effective_from: DateTime = strawberry.field(description="Market time from which offers are made under it.")
    effective_until: DateTime | None = strawberry.field(description="Up to this moment; null while it is the last.")
    rates: PayRates = strawberry.field(description="The market's own rates.")
    floors: PayFloors | None = strawberry.field(description="What the law asks; null where nothing was set.")


@strawberry.type(description="A number that a pack leaves to the place.")
class PayPackParameter:
    """A parameter."""

    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What it is, and in which unit.")


@strawberry.type(description="A pay law that comes with the program: numbers to start from, not legal advice.")
class PayPolicyPack:
    """A pack."""

    name: str = strawberry.field(description="Its name, to adopt it by.")
    title: str = strawberry.field(description="In words.")
    law: str = strawberry.field(description="The law.")
    source: str = strawberry.field(description="Where the numbers are from.")
    effective_from: date = strawberry.field(description="First day of these numbers.")
    currency: str = strawberry.field(description="ISO 4217; the market's must be the same.")
    notice: str = strawberry.field(description="What to do before anybody is paid by it.")
    unverified: list[str] = strawberry.field(description="What about it nobody has checked.", metadata=usually(3))
    parameters: list[PayPackParameter] = strawberry.field(description="Numbers to send along.", metadata=usually(1))
    floors: str = strawberry.field(description="The floors as a JSON object; parameters stand there by their names.")


@strawberry.input(description="The market's own rates, minor units.")
class PayRatesInput:
    """Own rates."""

    base_minor: MoneyMinor = strawberry.field(description="For each route.")
    per_km_minor: MoneyMinor = strawberry.field(description="For each kilometre.")
    per_minute_minor: MoneyMinor = strawberry.field(description="For each engaged minute.")
    per_stop_minor: MoneyMinor = strawberry.field(description="For each stop.")
    wait_per_minute_minor: MoneyMinor = strawberry.field(description="For each minute of waiting beyond grace.")
    wait_grace_s: int = strawberry.field(description="Seconds.")
    minimum_minor: MoneyMinor = strawberry.field(description="Least pay of an offer before any raise.")


@strawberry.input(description="A number that a pack leaves to the place.")
class PayPackParameterInput:
    """A parameter."""

    name: str = strawberry.field(description="As the pack names it.")
    value: MoneyMinor = strawberry.field(description="Minor units.")


@strawberry.type(description="A pay policy is dated; what was offered before is paid as it was offered.")
class PayPolicySet:
    """A new pay policy."""

    policy: PayPolicy = strawberry.field(description="The new version.")


SetPayPolicyResult = Annotated[PayPolicySet | Problem, strawberry.union("SetPayPolicyResult")]
AdoptPayPolicyPackResult = Annotated[PayPolicySet | Problem, strawberry.union("AdoptPayPolicyPackResult")]
EffectiveFrom = Annotated[
    DateTime | None, strawberry.argument(description="Market time from which it is in force; now if left out.")
]


@strawberry.type
class Query:
    """How drivers are paid."""

    @query(
        description="The pay policies of a market, latest first, at most 200, those to come included. For operations.",
        usual_rows=5,
    )
    async def pay_policies(self, info: Info, market_id: MarketArgument) -> list[PayPolicy]:
        """Reads pay policies."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            found = await pay_policies(work, market_id=market)
        return [_policy(one) for one in found]

    @query(description="The pay laws that come with the program, by name. For operations.", usual_rows=6)
    async def pay_policy_packs(self, info: Info) -> list[PayPolicyPack]:
        """Reads packs."""
        require_operator(info)
        return [_pack(one) for one in pay_packs()]


@strawberry.type
class Mutation:
    """Setting how drivers are paid. Each change is written down with the operator's name."""

    @mutation(
        description="Dates a new pay policy. Floors that are left out stay as they would be then, unless `dropsFloors`"
        " says otherwise. For operations."
    )
    async def set_pay_policy(
        self,
        info: Info,
        market_id: MarketArgument,
        rates: Annotated[PayRatesInput, strawberry.argument(description="The market's own rates.")],
        idempotency_key: IdempotencyKey,
        floors: Annotated[PayFloorsInput | None, strawberry.argument(description="What the law asks.")] = None,
        drops_floors: Annotated[bool, strawberry.argument(description="Whether no law is to hold any more.")] = False,
        effective_from: EffectiveFrom = None,
    ) -> SetPayPolicyResult:
        """Sets a pay policy."""
        operator, market = _steward(info, market_id)
        value, own = floors.value() if floors else None, dict(vars(rates))

        async def run(work: Work) -> int:
            return await set_pay_policy(
                work,
                market_id=market,
                rates=own,
                floors=value,
                keeps_floors=not drops_floors,
                effective_from=effective_from,
            )

        details = {"rates": own, "floors": value and value.as_json(), "drops_floors": drops_floors}
        return await _dated(
            info, "setPayPolicy", operator, market, details | _from(effective_from), idempotency_key, run
        )

    @mutation(
        description="Dates a pay policy with the floors of a pack; the market's own rates stay, or are those sent"
        " along. For operations."
    )
    async def adopt_pay_policy_pack(
        self,
        info: Info,
        market_id: MarketArgument,
        pack: Annotated[str, strawberry.argument(description="The pack's name.")],
        idempotency_key: IdempotencyKey,
        parameters: Annotated[
            list[PayPackParameterInput] | None, strawberry.argument(description="Exactly those that the pack names.")
        ] = None,
        rates: Annotated[
            PayRatesInput | None, strawberry.argument(description="New rates of the market's own.")
        ] = None,
        calendar: Annotated[
            PayCalendarInput | None, strawberry.argument(description="Other pay periods than the pack's.")
        ] = None,
        effective_from: EffectiveFrom = None,
    ) -> AdoptPayPolicyPackResult:
        """Adopts a pack."""
        operator, market = _steward(info, market_id)
        own = dict(vars(rates)) if rates else None
        given = {one.name: int(one.value) for one in parameters or []}
        periods = calendar.value() if calendar else None

        async def run(work: Work) -> int:
            return await adopt_pay_policy_pack(
                work,
                market_id=market,
                pack=pack,
                parameters=given,
                rates=own,
                calendar=periods,
                effective_from=effective_from,
            )

        details = {"pack": pack, "parameters": given, "rates": own, "calendar": periods and periods.as_json()}
        return await _dated(
            info, "adoptPayPolicyPack", operator, market, details | _from(effective_from), idempotency_key, run
        )


def _steward(info: Info, market_id: str) -> tuple[OperatorId, UUID]:
    """The operator who asks, who must be there for the market."""
    market = from_wire("market", market_id, field="marketId")
    return require_operator(info, market).operator_id, market


def _from(moment: datetime | None) -> dict[str, Any]:
    return {"effective_from": moment and moment.isoformat()}


async def _dated(
    info: Info,
    operation: str,
    operator_id: OperatorId,
    market: UUID,
    details: dict[str, Any],
    idempotency_key: str,
    change: Callable[[Work], Awaitable[int]],
) -> PayPolicySet | Problem:
    """Dates a policy and writes down who did it; answers with the new version."""

    async def run(work: Work) -> str:
        version = await change(work)
        await note_action(
            work,
            operator_id=operator_id,
            market_id=MarketId(market),
            verb=operation,
            subject_id=market,
            details=details | {"version": version},
        )
        return str(version)

    async def answer(work: Work, reference: str) -> PayPolicySet:
        found = await pay_policies(work, market_id=market)
        return PayPolicySet(policy=next(_policy(one) for one in found if one.policy.version == int(reference)))

    return await mutate(
        info,
        operation=operation,
        arguments={"market": market} | details,
        idempotency_key=idempotency_key,
        run=run,
        answer=answer,
    )


def _policy(dated: DatedPolicy) -> PayPolicy:
    return PayPolicy(
        version=dated.policy.version,
        effective_from=dated.effective_from,
        effective_until=dated.effective_until,
        rates=cast("PayRates", dated.policy.rates()),
        floors=cast("PayFloors | None", dated.policy.floors),
    )


def _pack(pack: PayPack) -> PayPolicyPack:
    return PayPolicyPack(
        name=pack.name,
        title=pack.title,
        law=pack.law,
        source=pack.source,
        effective_from=pack.effective_from,
        currency=pack.currency,
        notice=pack.notice,
        unverified=list(pack.unverified),
        parameters=[PayPackParameter(name=name, description=text) for name, text in pack.parameters.items()],
        floors=orjson.dumps(pack.template).decode(),
    )
