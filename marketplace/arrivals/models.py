"""Tables of arrivals: what is expected of each delivery, the timing of routes, what was predicted, what was learnt."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Arrival(Model):
    """When the driver of an open delivery is expected at its drop-off, and at its pickup until it is picked up.

    Of ten arrivals one is expected before `p10` and one after `p90`. The shown window is what people are told; it is
    moved seldom. `raised_for` is the end of the promised window for which a risk of being late was raised; `moments`
    has a bit for each moment at which a prediction was kept.
    """

    delivery_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    pickup_stop_id = fields.UUIDField(null=True)
    p10 = fields.DatetimeField()
    p50 = fields.DatetimeField()
    p90 = fields.DatetimeField()
    pickup_p10 = fields.DatetimeField(null=True)
    pickup_p50 = fields.DatetimeField(null=True)
    pickup_p90 = fields.DatetimeField(null=True)
    shown_opens_at = fields.DatetimeField()
    shown_closes_at = fields.DatetimeField()
    late_probability = fields.FloatField()
    raised_for = fields.DatetimeField(null=True)
    moments = fields.SmallIntField(db_default=0)
    computed_at = fields.DatetimeField()

    class Meta:
        table = "arrival"


class RouteTiming(Model):
    """When a route that is not over is timed again, and its legs as they were last asked of the router.

    `claim` rises with every reading of the route: what was worked out from an older one is not written any more. `legs`
    has for each stop the seconds of the way to it and the hour of departure for which they were asked.
    """

    route_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    claim = fields.IntField(db_default=0)
    due_at = fields.DatetimeField()
    legs = fields.JSONField[dict[str, Any]]()

    class Meta:
        table = "route_timing"


class ArrivalPrediction(Model):
    """What was expected of a drop-off at a telling moment; never changed, and dropped after some days.

    `eta_at` is what travel and service times say; the outer quantiles are what the market's own past makes of it, and
    `stage` is what they were told apart by. How far off it was is counted from the prediction, or from the start of the
    route where that was still to come.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    moment = fields.CharField(max_length=11)
    stage = fields.CharField(max_length=7)
    predicted_at = fields.DatetimeField()
    counted_from = fields.DatetimeField()
    eta_at = fields.DatetimeField()
    p10 = fields.DatetimeField()
    p50 = fields.DatetimeField()
    p90 = fields.DatetimeField()
    shown_opens_at = fields.DatetimeField()
    shown_closes_at = fields.DatetimeField()
    late_probability = fields.FloatField()

    class Meta:
        table = "arrival_prediction"


class ArrivalLaw(Model):
    """What a market has learnt of its arrivals: service times, time to fill, and how predictions turned out.

    `position` is how far its event stream has been learnt from, so that nothing is learnt twice.
    """

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)
    law = fields.JSONField[dict[str, Any]]()
    learnt_at = fields.DatetimeField()

    class Meta:
        table = "arrival_law"
