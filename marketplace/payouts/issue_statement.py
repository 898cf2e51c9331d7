"""Turns a completed route into an itemised pay statement, exactly once, and its total into money on the wallet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import RouteId, StatementId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import DRIVER_PAY, PEAK_BONUS, Entry, JournalId, Payee, post_journal
from marketplace.markets import PayPolicy, pay_policy_version
from marketplace.payouts.events import PayStatementIssued
from marketplace.payouts.models import PayStatement
from marketplace.payouts.queries import ISSUED_BEFORE, LOCK_ROUTE, VISITED_STOPS
from marketplace.payouts.states import StatementState
from marketplace.pricing import DrivenFacts, statement_digest, statement_pay
from marketplace.routes.states import RouteState, StopKind


class RouteNotCompleted(Conflict):
    """A route is paid when every stop has ended."""

    code = "ROUTE_NOT_COMPLETED"


async def issue_statement(work: Work, *, route_id: RouteId) -> StatementId:
    """Writes the pay statement of a completed route and puts the pay on the payee's wallet; repeated, it is the first.

    The payee is the driver, or the contracted company for which the driver took the route, whoever they drive for now.
    A flagged route is paid too, but its statement is HELD and moves no money until a person has released it.
    """
    # Two workers at once: the second waits at the route's lock and then finds the first's statement.
    route = await work.fetch_row(LOCK_ROUTE, route_id)
    if route is None:
        raise NotFound("there is no such route")
    if (first := await work.fetch_value(ISSUED_BEFORE, route_id)) is not None:
        return StatementId(first)
    if route["state"] != RouteState.COMPLETED:
        raise RouteNotCompleted(f"a route that is {route['state']} has no pay statement yet; complete it first")
    policy = await pay_policy_version(work, market_id=route["market_id"], version=route["policy_version"])
    facts = driven_facts(route, await work.fetch(VISITED_STOPS, route_id))
    return await _issue(work, route, policy, facts)


async def _issue(work: Work, route: asyncpg.Record, policy: PayPolicy, facts: DrivenFacts) -> StatementId:
    promised: dict[str, Any] = {"guarantee_minor": route["guarantee_minor"], "raise_minor": route["raise_minor"]}
    promised |= {"bonus_minor": route["bonus_minor"]} if route["bonus_minor"] else {}
    promised |= {"bonus_rule": route["bonus_rule"]} if route["bonus_rule"] else {}
    pay = statement_pay(policy, facts, **promised)
    statement_id = StatementId(work.new_id())
    total = Money(pay.total_minor, route["currency"])
    journal_id = None
    if not route["is_flagged"]:
        journal_id = await post_pay(
            work,
            market_id=route["market_id"],
            statement_id=statement_id,
            payee=Payee.of_work(route["driver_id"], route["company_id"]),
            total=total,
            bonus_minor=route["bonus_minor"],
            policy_version=policy.version,
        )
    await PayStatement.create(
        using_db=work.db,
        id=statement_id,
        market_id=route["market_id"],
        route_id=route["id"],
        driver_id=route["driver_id"],
        company_id=route["company_id"],
        policy_version=policy.version,
        facts=facts.as_json() | promised,
        lines=pay.as_json(),
        total_minor=total.minor,
        currency=total.currency,
        digest=statement_digest(policy, facts, pay, **promised),
        state=(StatementState.HELD if route["is_flagged"] else StatementState.PAYABLE).value,
        journal_id=journal_id,
        created_at=work.now,
        **_period(route, policy),
    )
    work.emit(
        PayStatementIssued(
            market_id=route["market_id"],
            statement_id=statement_id,
            route_id=route["id"],
            driver_id=route["driver_id"],
            total_minor=total.minor,
            currency=total.currency,
            is_held=route["is_flagged"],
        )
    )
    return statement_id


async def post_pay(
    work: Work,
    *,
    market_id: UUID,
    statement_id: UUID,
    payee: Payee,
    total: Money,
    bonus_minor: int,
    policy_version: int,
) -> JournalId | None:
    """Puts a statement's total on the payee's wallet, once; a statement of nothing moves nothing.

    What of it is the bonus of a busy hour is an expense of its own, so that the books tell what surge has cost.
    """
    if total.minor == 0:
        return None
    plain, bonus = Money(total.minor - bonus_minor, total.currency), Money(bonus_minor, total.currency)
    return await post_journal(
        work,
        market_id=market_id,
        key=f"statement:{statement_id}:earn",
        kind="DRIVER_PAY",
        subject_id=statement_id,
        entries=[
            Entry(debit=account, credit=payee.wallet, amount=amount)
            for account, amount in ((DRIVER_PAY, plain), (PEAK_BONUS, bonus))
            if amount.minor
        ],
        policy_version=policy_version,
    )


def _period(route: asyncpg.Record, policy: PayPolicy) -> dict[str, Any]:
    """The pay period in which a route ended, where the law asks something of whole periods.

    What a company's own people drive counts for none: the law's periods are between the company and its people.
    """
    if route["company_id"] is not None or policy.floors is None or (floor := policy.floors.period) is None:
        return {}
    period = floor.calendar.period_of(route["ended_at"], route["time_zone"])
    return {
        "jurisdiction": policy.floors.jurisdiction,
        "period_starts_at": period.starts_at,
        "period_ends_at": period.ends_at,
        "settles_at": floor.calendar.settles_at(period),
    }


def driven_facts(route: asyncpg.Record, stops: Sequence[asyncpg.Record]) -> DrivenFacts:
    """What was driven, from the route and the stops at which the driver arrived; the way to the first stop counts.

    So does, of a route that passed on to another driver, the way to where they met.
    """
    returns = [stop for stop in stops if stop["kind"] == StopKind.RETURN]
    others = [stop for stop in stops if stop["kind"] != StopKind.RETURN]
    return DrivenFacts(
        distance_m=route["approach_m"] + sum(stop["leg_m"] for stop in others) + route["way_m"],
        engaged_s=_seconds(route["accepted_at"], route["ended_at"]),
        stop_count=len(others),
        stop_times_s=tuple(_seconds(stop["arrived_at"], stop["ended_at"]) for stop in stops),
        return_m=sum(stop["leg_m"] for stop in returns),
        return_count=len(returns),
    )


def _seconds(begin: datetime, end: datetime) -> int:
    """Whole seconds between two reported moments; a report out of order counts as none, and has flagged the route."""
    return max(0, int((end - begin).total_seconds()))
