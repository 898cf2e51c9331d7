"""Tables of the figures: counts for each market and day, and how far the event log has been counted."""

from tortoise import fields
from tortoise.models import Model


class MarketDay(Model):
    """What happened in a market on one local day, as counts. The id is a digest of market and day."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()
    posted = fields.IntField(db_default=0)
    delivered = fields.IntField(db_default=0)
    on_time = fields.IntField(db_default=0)
    attempted = fields.IntField(db_default=0)
    failed = fields.IntField(db_default=0)
    returned = fields.IntField(db_default=0)
    cancelled = fields.IntField(db_default=0)
    offers_sent = fields.IntField(db_default=0)
    offers_accepted = fields.IntField(db_default=0)
    offers_declined = fields.IntField(db_default=0)
    offers_expired = fields.IntField(db_default=0)
    routes_assigned = fields.IntField(db_default=0)
    routes_completed = fields.IntField(db_default=0)
    earned_minor = fields.BigIntField(db_default=0)
    paid_minor = fields.BigIntField(db_default=0)
    windows_shown = fields.IntField(db_default=0)
    windows_narrowed = fields.IntField(db_default=0)
    windows_moved = fields.IntField(db_default=0)
    late_risks = fields.IntField(db_default=0)

    class Meta:
        table = "market_day"


class EtaDay(Model):
    """How the predictions of one local day turned out, by moment and horizon, as counts and sums.

    `horizon_min` is the least of the minutes that the arrival was away when it was predicted. The id is a digest of
    market, day, moment and horizon.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()
    moment = fields.CharField(max_length=11)
    horizon_min = fields.SmallIntField()
    arrivals = fields.IntField(db_default=0)
    error_s = fields.BigIntField(db_default=0)
    bias_s = fields.BigIntField(db_default=0)
    percent = fields.FloatField(db_default=0)
    covered = fields.IntField(db_default=0)
    shown_covered = fields.IntField(db_default=0)
    width_s = fields.BigIntField(db_default=0)
    shown_width_s = fields.BigIntField(db_default=0)
    late = fields.IntField(db_default=0)

    class Meta:
        table = "eta_day"


class RollupHead(Model):
    """How far a market's event stream has been counted."""

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)

    class Meta:
        table = "rollup_head"
