"""Adding a person of operations, who then signs in by e-mail."""

from marketplace.accounts.addresses import mailbox_of
from marketplace.accounts.models import Operator
from marketplace.core.errors import Conflict
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work


class OperatorExists(Conflict):
    """Somebody already signs in with that e-mail address."""

    code = "OPERATOR_EXISTS"


async def add_operator(work: Work, *, name: str, email: str, market_id: MarketId | None = None) -> OperatorId:
    """Lets a person run one market, or every market when none is named."""
    mailbox = mailbox_of(email)
    if await work.fetch_value("SELECT true FROM operator WHERE email = $1", mailbox):
        raise OperatorExists("an operator with this e-mail address exists", field="email")
    operator_id = OperatorId(work.new_id())
    await Operator.create(
        using_db=work.db, id=operator_id, market_id=market_id, name=name[:80], email=mailbox, created_at=work.now
    )
    return operator_id
