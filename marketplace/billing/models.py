"""Tables of what shippers owe and pay: profiles, lines, charges, refunds and invoices."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class BillingProfile(Model):
    """How one shipper pays in one market. Its row is what postings of the shipper queue up at for credit.

    `credit_limit_minor` is the most that may be open at once: what is posted and not billed, and what is billed and not
    paid. `customer_id` and `card_id` are the provider's; nothing of the card itself is here. `setup_ids` are those
    whose cards were taken over, so that an older one never comes back.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    terms = fields.CharField(max_length=8)
    collects = fields.CharField(max_length=6)
    shortfall = fields.CharField(max_length=5, db_default="WAITS")
    state = fields.CharField(max_length=10)
    currency = fields.CharField(max_length=3)
    credit_limit_minor = fields.BigIntField()
    due_days = fields.SmallIntField()
    customer_id = fields.CharField(max_length=80, null=True)
    card_id = fields.CharField(max_length=80, null=True)
    setup_ids = ArrayField(element_type="text", null=False)
    next_due_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "billing_profile"


class BillLine(Model):
    """One thing that a shipper owes, or is given back where the amount is negative; booked by its journal.

    A line is collected once: by a charge or on an invoice. Only what is carried over has no journal: it moves nothing.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    delivery_id = fields.UUIDField(null=True)
    batch_id = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=12)
    service_level = fields.CharField(max_length=20, null=True)
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    reason = fields.CharField(max_length=200, null=True)
    journal_id = fields.UUIDField(null=True)
    charge_id = fields.UUIDField(null=True)
    invoice_line_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "bill_line"


class Charge(Model):
    """Money that is taken from a shipper at once: for lines, from the card or from what is prepaid, or to prepay.

    `refunded_minor` is reserved when a refund is wanted, so that refunds never exceed what was captured.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    means = fields.CharField(max_length=8)
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    state = fields.CharField(max_length=15)
    attempts = fields.SmallIntField(db_default=0)
    next_try_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=80, null=True)
    captured_minor = fields.BigIntField(db_default=0)
    refunded_minor = fields.BigIntField(db_default=0)
    disputed_minor = fields.BigIntField(db_default=0)
    intent_id = fields.CharField(max_length=80, null=True)
    available_on = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    paid_at = fields.DatetimeField(null=True)

    class Meta:
        table = "charge"


class Refund(Model):
    """Money of a charge that goes back to its shipper.

    `object_id` is the provider's name of one that was made there by hand, of a charge or of an invoice's payment.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    charge_id = fields.UUIDField(null=True)
    invoice_id = fields.UUIDField(null=True)
    delivery_id = fields.UUIDField(null=True)
    object_id = fields.CharField(max_length=80, null=True)
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    reason = fields.CharField(max_length=200)
    state = fields.CharField(max_length=8)
    error_code = fields.CharField(max_length=80, null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refund"


class Invoice(Model):
    """What a shipper owes for one month of the market's calendar. Our lines are the truth, the provider's an image.

    `drawing` counts the images: one that was refused or taken back there is drawn again under the next number.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    number = fields.IntField()
    period_start = fields.DatetimeField()
    period_end = fields.DatetimeField()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    state = fields.CharField(max_length=10)
    due_days = fields.SmallIntField()
    due_at = fields.DatetimeField()
    object_id = fields.CharField(max_length=80, null=True)
    shown_minor = fields.BigIntField(null=True)
    drawing = fields.SmallIntField(db_default=1)
    refunded_minor = fields.BigIntField(db_default=0)
    disputed_minor = fields.BigIntField(db_default=0)
    available_on = fields.DatetimeField(null=True)
    settled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    issued_at = fields.DatetimeField(null=True)
    paid_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invoice"


class InvoiceLine(Model):
    """One line of an invoice: all bill lines of one kind and service level; `place` is its order."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    invoice_id = fields.UUIDField()
    place = fields.SmallIntField()
    kind = fields.CharField(max_length=12)
    service_level = fields.CharField(max_length=20, null=True)
    label = fields.CharField(max_length=120)
    quantity = fields.IntField()
    amount_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)

    class Meta:
        table = "invoice_line"
