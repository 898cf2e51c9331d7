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

    class Meta:
        table = "market_day"


class RollupHead(Model):
    """How far a market's event stream has been counted."""

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)

    class Meta:
        table = "rollup_head"
