"""Releases a held statement: a person has looked at the flagged reports, and the pay goes to the wallet."""

from marketplace.accounts import note_action
from marketplace.core.errors import NotFound
from marketplace.core.ids import OperatorId, StatementId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import Payee
from marketplace.payouts.events import PayStatementIssued
from marketplace.payouts.issue_statement import post_pay
from marketplace.payouts.queries import LOCK_STATEMENT
from marketplace.payouts.states import StatementState

# An operator without a market looks after all of them.
MAY_RELEASE = "SELECT true FROM operator WHERE id = $1 AND (market_id IS NULL OR market_id = $2)"
RELEASE = "UPDATE pay_statement SET state = 'PAYABLE', journal_id = $2 WHERE id = $1 AND state = 'HELD'"


async def release_statement(work: Work, *, statement_id: StatementId, operator_id: OperatorId) -> StatementState:
    """Puts the pay of a held statement on the payee's wallet; one that was released before stays as it is.

    Who released it is written down with it.
    """
    # Two operators at once: the second waits at the statement's lock and finds it released.
    statement = await work.fetch_row(LOCK_STATEMENT, statement_id)
    if statement is None or not await work.fetch_value(MAY_RELEASE, operator_id, statement["market_id"]):
        raise NotFound("there is no such statement")
    if statement["state"] != StatementState.HELD:
        return StatementState(statement["state"])
    journal_id = await post_pay(
        work,
        market_id=statement["market_id"],
        statement_id=statement_id,
        payee=Payee.of_work(statement["driver_id"], statement["company_id"]),
        total=Money(statement["total_minor"], statement["currency"]),
        bonus_minor=statement["bonus_minor"],
        policy_version=statement["policy_version"],
    )
    await work.execute(RELEASE, statement_id, journal_id)
    await note_action(
        work,
        operator_id=operator_id,
        market_id=statement["market_id"],
        verb="releaseStatement",
        subject_id=statement_id,
        details={"total_minor": statement["total_minor"], "currency": statement["currency"]},
    )
    work.emit(
        PayStatementIssued(
            market_id=statement["market_id"],
            statement_id=statement_id,
            route_id=statement["route_id"],
            driver_id=statement["driver_id"],
            total_minor=statement["total_minor"],
            currency=statement["currency"],
            is_held=False,
        )
    )
    return StatementState.PAYABLE
