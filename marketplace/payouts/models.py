"""Tables of what drivers get: statements of routes, true-ups and tips, closed pay periods, and payouts."""

from tortoise import fields
from tortoise.models import Model


class PayStatement(Model):
    """What one driver gets for one reason, itemised and frozen: a route's pay, a period's true-up, a tip.

    A route's statement under a law of pay periods names its period; the true-up that counted it is written beside it.
    `company_id` is the contracted company that is paid for it instead of the driver: the one for which the route was
    taken. A true-up is counted by the closing of its period. `number` tells adjustments from the first true-up, 0.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    kind = fields.CharField(max_length=10, db_default="ROUTE")
    route_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    driver_id = fields.UUIDField()
    company_id = fields.UUIDField(null=True)
    policy_version = fields.IntField(null=True)
    facts = fields.JSONField[dict[str, object]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    digest = fields.BinaryField()
    state = fields.CharField(max_length=10)
    journal_id = fields.UUIDField(null=True)
    payout_id = fields.UUIDField(null=True)
    jurisdiction = fields.CharField(max_length=40, null=True)
    period_starts_at = fields.DatetimeField(null=True)
    period_ends_at = fields.DatetimeField(null=True)
    settles_at = fields.DatetimeField(null=True)
    number = fields.SmallIntField(null=True)
    true_up_id = fields.UUIDField(null=True)
    pay_period_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "pay_statement"


class PayPeriodRecord(Model):
    """A closed pay period of a market: what all its drivers were paid, and what a pooled floor shares among them.

    Closed once, and closed again under the next number where late statements came in. `shared_at` is when the last
    share of it was paid.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    jurisdiction = fields.CharField(max_length=40)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    number = fields.SmallIntField()
    facts = fields.JSONField[dict[str, object]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    shares = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    closed_at = fields.DatetimeField()
    shared_at = fields.DatetimeField(null=True)

    class Meta:
        table = "pay_period"


class Payout(Model):
    """Money on its way to a driver or a company: held on the wallet, transferred to their account, sent to a bank.

    `amount_minor` is what arrives: its entries, and what was carried forward, without fee and repaid debt. `sends`
    count the sendings that were wanted, `booked_sends` and `returned_send` what is known to have left the account and
    to have come back. `reason` says why it waits, is held, or failed. `reversed_minor` is what was taken back of its
    transfer, `owed_minor` what of that the bank had already: it stands on the driver's debt.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField(null=True)
    company_id = fields.UUIDField(null=True)
    method = fields.CharField(max_length=10)
    state = fields.CharField(max_length=10)
    amount_minor = fields.BigIntField()
    entries_minor = fields.BigIntField()
    carried_minor = fields.BigIntField()
    fee_minor = fields.BigIntField()
    debt_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    account = fields.CharField(max_length=80)
    hold_id = fields.UUIDField(null=True)
    fee_hold_id = fields.UUIDField(null=True)
    debt_hold_id = fields.UUIDField(null=True)
    sends = fields.SmallIntField(db_default=0)
    booked_sends = fields.SmallIntField(db_default=0)
    failures = fields.SmallIntField(db_default=0)
    returned_send = fields.SmallIntField(db_default=0)
    reason = fields.CharField(max_length=80, null=True)
    retry_at = fields.DatetimeField(null=True)
    is_given_back = fields.BooleanField(db_default=False)
    transferred_at = fields.DatetimeField(null=True)
    arrives_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)
    reversed_minor = fields.BigIntField(db_default=0)
    owed_minor = fields.BigIntField(db_default=0)

    class Meta:
        table = "payout"


class PayoutEntry(Model):
    """A posting on a driver's wallet that a payout pays: in at most one payout, since it is the key."""

    posting_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    payout_id = fields.UUIDField()
    kind = fields.CharField(max_length=30)
    amount_minor = fields.BigIntField()

    class Meta:
        table = "payout_entry"


class PayoutAccount(Model):
    """A driver's or a company's own account at the payment provider, as we last read it: what it may do, what is asked.

    `payee_id` is the id of the one or the other, whichever it is of.
    `target` names the bank account or card that payouts go to; when it changes nothing is paid until `held_until`.
    """

    payee_id = fields.UUIDField(primary_key=True)
    driver_id = fields.UUIDField(null=True)
    company_id = fields.UUIDField(null=True)
    market_id = fields.UUIDField()
    account = fields.CharField(max_length=80, null=True)
    can_receive = fields.BooleanField(db_default=False)
    can_pay_out = fields.BooleanField(db_default=False)
    can_pay_at_once = fields.BooleanField(db_default=False)
    is_submitted = fields.BooleanField(db_default=False)
    currently_due = fields.JSONField[list[str]]()
    deadline = fields.DatetimeField(null=True)
    disabled_reason = fields.CharField(max_length=80, null=True)
    target = fields.CharField(max_length=80, null=True)
    target_changed_at = fields.DatetimeField(null=True)
    held_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "payout_account"


class PayoutQuote(Model):
    """What a payout would cost and bring, as it was shown to the payee before they asked for it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField(null=True)
    company_id = fields.UUIDField(null=True)
    method = fields.CharField(max_length=10)
    amount_minor = fields.BigIntField()
    fee_minor = fields.BigIntField()
    debt_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "payout_quote"


class PayAdjustment(Model):
    """What an operator added to a driver's pay, or wrote down as owed; why, and what shows it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    operator_id = fields.UUIDField()
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    reason = fields.CharField(max_length=200)
    evidence = fields.CharField(max_length=500)
    journal_id = fields.UUIDField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "pay_adjustment"
