"""Reckons an old statement again from the facts and the policy it was issued under."""

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import StatementId
from marketplace.core.work import Work
from marketplace.payouts.issue_statement import find_policy
from marketplace.payouts.queries import STATEMENT
from marketplace.pricing import DrivenFacts, statement_digest, statement_pay


async def recompute_statement(work: Work, *, statement_id: StatementId) -> bool:
    """Whether the same facts under the same policy still give the same lines, total and digest, to the byte."""
    kept = await work.fetch_row(STATEMENT, statement_id)
    if kept is None:
        raise NotFound("there is no such statement")
    policy = await find_policy(work, market_id=kept["market_id"], version=kept["policy_version"])
    facts = orjson.loads(kept["facts"])
    promised = {name: facts.pop(name) for name in ("guarantee_minor", "raise_minor")}
    driven = DrivenFacts.from_json(facts)
    pay = statement_pay(policy, driven, **promised)
    again = (pay.as_json(), pay.total_minor, statement_digest(policy, driven, pay, **promised))
    return again == (orjson.loads(kept["lines"]), kept["total_minor"], kept["digest"])
