"""What stands in the way of another payout to a driver: refusals, each with what to do next."""

from marketplace.core.errors import Conflict

UNDER_WAY = """
SELECT id FROM payout
WHERE (driver_id = $1 OR company_id = $1)
  AND (state IN ('SCHEDULED', 'IN_TRANSIT', 'ON_HOLD') OR state = 'FAILED' AND NOT is_given_back)
LIMIT 1
"""
"""One payout at a time; one that came back from the bank, or is held, has to be mended first."""


class NothingToPay(Conflict):
    """The driver has earned nothing that is free to be paid now."""

    code = "NOTHING_TO_PAY"


class BelowPayoutMinimum(Conflict):
    """What is payable does not reach the market's minimum; it is carried forward."""

    code = "BELOW_PAYOUT_MINIMUM"


class PayoutUnderWay(Conflict):
    """A driver has one payout at a time."""

    code = "PAYOUT_UNDER_WAY"


class NoPayoutAccount(Conflict):
    """The driver has no account at the payment provider that money may go to."""

    code = "NO_PAYOUT_ACCOUNT"


class PayoutsOnHold(Conflict):
    """Where the money goes was changed a short time ago."""

    code = "PAYOUTS_ON_HOLD"


class QuoteNeeded(Conflict):
    """An instant payout costs something, which the driver must have been shown."""

    code = "PAYOUT_QUOTE_NEEDED"


class QuoteChanged(Conflict):
    """What was shown to the driver is not what the payout would be now."""

    code = "PAYOUT_QUOTE_CHANGED"
