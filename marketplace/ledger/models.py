"""Tables of the double-entry ledger: accounts, journals, two-sided postings."""

from tortoise import fields
from tortoise.models import Model


class Account(Model):
    """A place money can stand in, of one currency.

    Only accounts with `is_floored` keep running totals, because only they need a floor under concurrency; balances of
    all others are sums over postings.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    code = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=10)
    currency = fields.CharField(max_length=3)
    is_floored = fields.BooleanField()
    debits_posted = fields.BigIntField(db_default=0)
    credits_posted = fields.BigIntField(db_default=0)
    debits_pending = fields.BigIntField(db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "account"


class Journal(Model):
    """Postings that belong together and happened for one reason; `key` makes each reason happen once."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    key = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=30)
    subject_id = fields.UUIDField()
    policy_version = fields.IntField(null=True)
    effective_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "journal"


class Posting(Model):
    """`amount_minor` moved from the debit to the credit side; never edited and never deleted.

    A pending posting holds money on a floored account until another posting of the same pair posts or voids it.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    journal_id = fields.UUIDField()
    debit_id = fields.UUIDField()
    credit_id = fields.UUIDField()
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    state = fields.CharField(max_length=12)
    pending_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "posting"
