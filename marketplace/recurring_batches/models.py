"""Tables of recurring batches: as they stand, each version of their terms, and what became of each day."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class RecurringBatch(Model):
    """A batch that a shipper has posted again and again by a rule.

    `next_day` is the next day that is not settled, by the market's calendar, and `next_at` when it is to be posted;
    both are empty once it has ended. `refusals` counts the days in a row for which nothing was taken.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    name = fields.CharField(max_length=80)
    state = fields.CharField(max_length=6)
    version = fields.IntField()
    refusals = fields.SmallIntField(db_default=0)
    next_day = fields.DateField(null=True)
    next_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "recurring_batch"


class RecurringVersion(Model):
    """One version of a recurring batch's rule and rows; never edited, only followed by another.

    `starts_at` is a local time without an offset. The windows of `deliveries` are those of its day; on every other day
    they are as many days later. The rows of a recipient who is erased are removed.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    recurring_batch_id = fields.UUIDField()
    number = fields.IntField()
    starts_at = fields.CharField(max_length=19)
    rule = fields.CharField(max_length=200)
    except_days = ArrayField(element_type="date", null=False)
    lead_s = fields.IntField()
    on_closed_day = fields.CharField(max_length=4)
    may_split = fields.BooleanField()
    hub_ids = ArrayField(element_type="uuid", null=False)
    deliveries = fields.JSONField[list[dict[str, object]]]()
    created_at = fields.DatetimeField()

    class Meta:
        table = "recurring_version"


class RecurringRun(Model):
    """What became of one day of a recurring batch: posted, skipped or refused, and why; never edited."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    recurring_batch_id = fields.UUIDField()
    day = fields.DateField()
    moved_to = fields.DateField(null=True)
    version = fields.IntField()
    outcome = fields.CharField(max_length=7)
    reason = fields.CharField(max_length=40, null=True)
    message = fields.CharField(max_length=300, null=True)
    batch_id = fields.UUIDField(null=True)
    posted_count = fields.IntField()
    problems = fields.JSONField[list[dict[str, object]]]()
    created_at = fields.DatetimeField()

    class Meta:
        table = "recurring_run"
