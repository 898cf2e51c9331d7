"""Reckons an old statement again from the facts and the policies it was issued under."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import StatementId
from marketplace.core.work import Work
from marketplace.markets import PayPolicy, pay_policy_version
from marketplace.payouts.queries import STATEMENT
from marketplace.payouts.states import StatementKind
from marketplace.pricing import (
    DrivenFacts,
    PeriodFacts,
    PoolFacts,
    PoolShare,
    PriceLine,
    offer_floor_lines,
    pool_lines,
    share_digest,
    share_line,
    statement_digest,
    statement_pay,
    tip_digest,
    tip_line,
    total_minor,
    true_up_digest,
    true_up_lines,
)

PROMISED = ("guarantee_minor", "raise_minor", "bonus_minor", "bonus_rule")
"""What the offer had promised, as a route's statement keeps it beside what was driven."""
CLOSED_PERIOD = "SELECT market_id, facts FROM pay_period WHERE id = $1"

Kept = Mapping[str, Any] | asyncpg.Record


async def recompute_statement(work: Work, *, statement_id: StatementId) -> bool:
    """Whether the same facts under the same policies still give the same lines, total and digest, to the byte."""
    kept = await work.fetch_row(STATEMENT, statement_id)
    if kept is None:
        raise NotFound("there is no such statement")
    lines, digest = await _again(work, kept, orjson.loads(kept["facts"]))
    again = ([asdict(line) for line in lines], sum(line.amount_minor for line in lines), digest)
    return again == (orjson.loads(kept["lines"]), kept["total_minor"], kept["digest"])


async def floor_working(work: Work, *, market_id: UUID, version: int, facts: Mapping[str, Any]) -> list[PriceLine]:
    """How the law's floor of a route's statement was reckoned; nothing where its policy has none."""
    policy = await pay_policy_version(work, market_id=market_id, version=version)
    driven, _ = _driven(facts)
    return offer_floor_lines(policy, distance_m=driven.engaged_m, duration_s=driven.engaged_s)


async def pool_working(work: Work, *, pay_period_id: UUID) -> tuple[PriceLine, ...]:
    """How the shortfall of a closed period was reckoned."""
    row = await work.fetch_row(CLOSED_PERIOD, pay_period_id)
    assert row is not None, "a share without its period"
    facts = PoolFacts.from_json(orjson.loads(row["facts"]))
    policies = await policies_of(work, row["market_id"], [one.version for one in facts.work])
    return pool_lines(policies, facts)


async def policies_of(work: Work, market_id: UUID, versions: Sequence[int]) -> dict[int, PayPolicy]:
    """The policies under which the work of a period was offered."""
    return {one: await pay_policy_version(work, market_id=market_id, version=one) for one in versions}


async def _again(work: Work, kept: Kept, facts: dict[str, Any]) -> tuple[tuple[PriceLine, ...], bytes]:
    match StatementKind(kept["kind"]):
        case StatementKind.ROUTE:
            policy = await pay_policy_version(work, market_id=kept["market_id"], version=kept["policy_version"])
            driven, promised = _driven(facts)
            pay = statement_pay(policy, driven, **promised)
            return pay.lines, statement_digest(policy, driven, pay, **promised)
        case StatementKind.TRUE_UP:
            period = facts.pop("period")
            read = PeriodFacts.from_json(facts)
            policies = await policies_of(work, kept["market_id"], [one.version for one in read.work])
            lines = true_up_lines(policies, read)
            return lines, true_up_digest(policies, read, period, lines)
        case StatementKind.POOL_SHARE:
            period, rule = facts.pop("period"), facts.pop("rule")
            # The shortfall is reckoned again too, from everybody's time and pay.
            pool = await pool_working(work, pay_period_id=kept["pay_period_id"])
            share = PoolShare(**facts | {"shortfall_minor": total_minor(pool)})
            line = share_line(share, rule)
            return (line,), share_digest(share, period, line)
        case StatementKind.TIP:
            line = tip_line(facts["amount_minor"])
            return (line,), tip_digest(kept["delivery_id"], line)


def _driven(facts: Mapping[str, Any]) -> tuple[DrivenFacts, dict[str, Any]]:
    rest = dict(facts)
    promised = {name: rest.pop(name) for name in PROMISED if name in rest}
    return DrivenFacts.from_json(rest), promised
