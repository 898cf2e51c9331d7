"""The credit gate: before a batch is posted, its shipper must be good for it.

Postings of one shipper in one market queue up at its profile, so that two at once cannot both use the last of a credit.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.billing.profile import Profile, lock_profile
from marketplace.billing.queries import EXPOSURE, PREPAID
from marketplace.billing.states import ProfileState, Terms
from marketplace.core.errors import Conflict
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import shipper_prepaid


class PaymentRequired(Conflict):
    """The shipper has to settle or set up something before it posts: no terms, no card, or something past due."""

    code = "PAYMENT_REQUIRED"


class CreditExhausted(Conflict):
    """What is open already and what is asked for come to more than the shipper is good for."""

    code = "CREDIT_EXHAUSTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What counts against a shipper's credit, and what is left of it; minor units."""

    posted_minor: int
    unbilled_minor: int
    charging_minor: int
    invoiced_minor: int
    prepaid_minor: int
    left_minor: int


async def check_credit(work: Work, *, shipper_id: UUID, market_id: UUID, wanted: Money) -> None:
    """Lets a posting in where its shipper is good for it; raises PaymentRequired or CreditExhausted where not."""
    profile = await lock_profile(work, shipper_id=shipper_id, market_id=market_id)
    if profile is None:
        raise PaymentRequired("you have no billing terms in this market yet; ask its operator for them")
    if profile.state is ProfileState.PAST_DUE:
        raise PaymentRequired(
            "a payment of yours is past due; see myBilling, put a card that works on file and try again"
        )
    if profile.terms is Terms.CARD and profile.card_id is None:
        raise PaymentRequired("you have no card on file; call setUpCard for one and try again")
    credit = await credit_of(work, profile)
    missing = wanted.minor - credit.left_minor
    if missing > 0:
        how = "top up" if profile.terms is Terms.PREPAID else "pay what is open, or post less"
        raise CreditExhausted(f"{missing} {wanted.currency} (minor units) are missing for this; {how}")


async def credit_of(work: Work, profile: Profile) -> Credit:
    """What is open and what is left, read at one moment."""
    row = await work.fetch_row(EXPOSURE, profile.shipper_id, profile.market_id)
    assert row is not None, "sums always answer"
    code = shipper_prepaid(profile.shipper_id).code(profile.market_id, profile.currency)
    prepaid_minor = await work.fetch_value(PREPAID, profile.market_id, code) or 0
    ground = profile.credit_limit_minor + (prepaid_minor if profile.terms is Terms.PREPAID else 0)
    return Credit(**dict(row), prepaid_minor=prepaid_minor, left_minor=ground - sum(row.values()))
