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


class EtaShipperDay(Model):
    """How the predictions of one local day turned out for one shipper's deliveries from one hub.

    Predictions are dropped after some days, so that this is counted once, as they come true. The id is a digest of
    market, day, shipper and hub.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()
    shipper_id = fields.UUIDField()
    hub_id = fields.UUIDField(null=True)
    arrivals = fields.IntField(db_default=0)
    covered = fields.IntField(db_default=0)

    class Meta:
        table = "eta_shipper_day"


class RollupHead(Model):
    """How far a market's event stream has been counted."""

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)

    class Meta:
        table = "rollup_head"


class ShipperDay(Model):
    """How one shipper's parcels fared at the doors of a market on one local day, as counts and minor units.

    The id is a digest of market, shipper and day. `attempted_first` counts deliveries, `attempts` every attempt.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    day = fields.DateField()
    delivered_first = fields.IntField(db_default=0)
    attempted_first = fields.IntField(db_default=0)
    attempts = fields.IntField(db_default=0)
    redelivered = fields.IntField(db_default=0)
    left_safe = fields.IntField(db_default=0)
    returned = fields.IntField(db_default=0)
    discarded = fields.IntField(db_default=0)
    return_minor = fields.BigIntField(db_default=0)
    redelivery_minor = fields.BigIntField(db_default=0)

    class Meta:
        table = "shipper_day"


class AttemptDay(Model):
    """How often a hand-over to one shipper's recipients failed for one reason on one local day.

    The id is a digest of market, shipper, day and reason.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    day = fields.DateField()
    reason = fields.CharField(max_length=30)
    attempts = fields.IntField(db_default=0)
    waited_s = fields.BigIntField(db_default=0)

    class Meta:
        table = "attempt_day"


class KpiDay(Model):
    """What one local day of a market came to for one shipper and hub, as counts and sums of whole units.

    Without a shipper it is what belongs to the market alone, such as pay that no parcel caused. A shipper without a hub
    sent from places of its own. What a route or its offers had as a whole is shared evenly among its deliveries; what
    is one and cannot be cut, such as an offer, is kept in millionths.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()
    shipper_id = fields.UUIDField(null=True)
    hub_id = fields.UUIDField(null=True)
    posted = fields.BigIntField(db_default=0)
    delivered = fields.BigIntField(db_default=0)
    failed = fields.BigIntField(db_default=0)
    returned = fields.BigIntField(db_default=0)
    cancelled = fields.BigIntField(db_default=0)
    transfers = fields.BigIntField(db_default=0)
    on_time = fields.BigIntField(db_default=0)
    delivered_2h = fields.BigIntField(db_default=0)
    on_time_2h = fields.BigIntField(db_default=0)
    delivered_4h = fields.BigIntField(db_default=0)
    on_time_4h = fields.BigIntField(db_default=0)
    delivered_first = fields.BigIntField(db_default=0)
    attempted_first = fields.BigIntField(db_default=0)
    attempts = fields.BigIntField(db_default=0)
    filled = fields.BigIntField(db_default=0)
    fill_s = fields.BigIntField(db_default=0)
    hub_in = fields.BigIntField(db_default=0)
    hub_out = fields.BigIntField(db_default=0)
    stops = fields.BigIntField(db_default=0)
    bicycle_m = fields.BigIntField(db_default=0)
    motorcycle_m = fields.BigIntField(db_default=0)
    car_m = fields.BigIntField(db_default=0)
    van_m = fields.BigIntField(db_default=0)
    electric_bicycle_m = fields.BigIntField(db_default=0)
    electric_motorcycle_m = fields.BigIntField(db_default=0)
    electric_car_m = fields.BigIntField(db_default=0)
    electric_van_m = fields.BigIntField(db_default=0)
    empty_m = fields.BigIntField(db_default=0)
    driven_s = fields.BigIntField(db_default=0)
    load_l = fields.BigIntField(db_default=0)
    capacity_l = fields.BigIntField(db_default=0)
    bicycle_delivered = fields.BigIntField(db_default=0)
    motorcycle_delivered = fields.BigIntField(db_default=0)
    car_delivered = fields.BigIntField(db_default=0)
    van_delivered = fields.BigIntField(db_default=0)
    electric_bicycle_delivered = fields.BigIntField(db_default=0)
    electric_motorcycle_delivered = fields.BigIntField(db_default=0)
    electric_car_delivered = fields.BigIntField(db_default=0)
    electric_van_delivered = fields.BigIntField(db_default=0)
    billed_minor = fields.BigIntField(db_default=0)
    credited_minor = fields.BigIntField(db_default=0)
    penalty_minor = fields.BigIntField(db_default=0)
    claim_minor = fields.BigIntField(db_default=0)
    refunded_minor = fields.BigIntField(db_default=0)
    driver_minor = fields.BigIntField(db_default=0)
    attempt_minor = fields.BigIntField(db_default=0)
    return_minor = fields.BigIntField(db_default=0)
    transfer_minor = fields.BigIntField(db_default=0)
    fuel_minor = fields.BigIntField(db_default=0)
    vehicle_minor = fields.BigIntField(db_default=0)
    support_minor = fields.BigIntField(db_default=0)
    actions = fields.BigIntField(db_default=0)
    routes_ppm = fields.BigIntField(db_default=0)
    offers_sent_ppm = fields.BigIntField(db_default=0)
    offers_accepted_ppm = fields.BigIntField(db_default=0)
    offers_declined_ppm = fields.BigIntField(db_default=0)
    offers_expired_ppm = fields.BigIntField(db_default=0)
    drivers = fields.BigIntField(db_default=0)
    eta_arrivals = fields.BigIntField(db_default=0)
    eta_covered = fields.BigIntField(db_default=0)

    class Meta:
        table = "kpi_day"


class FairnessDay(Model):
    """How one local day's work was shared among the drivers of a contract kind, or among all where that is null.

    `drivers` were online, asked or paid; `gini_days` is one where anybody was online.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()
    contract_kind = fields.CharField(max_length=14, null=True)
    drivers = fields.BigIntField(db_default=0)
    online_s = fields.BigIntField(db_default=0)
    engaged_s = fields.BigIntField(db_default=0)
    offers = fields.BigIntField(db_default=0)
    pay_minor = fields.BigIntField(db_default=0)
    gini_ppm = fields.BigIntField(db_default=0)
    gini_days = fields.BigIntField(db_default=0)

    class Meta:
        table = "fairness_day"


class KpiDue(Model):
    """A market's day of which something has changed since it was read into the figures."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    day = fields.DateField()

    class Meta:
        table = "kpi_due"


class KpiHead(Model):
    """How far a market's events have been looked through for days that changed, and when."""

    market_id = fields.UUIDField(primary_key=True)
    position = fields.BigIntField(db_default=0)
    looked_at = fields.DatetimeField()

    class Meta:
        table = "kpi_head"


class ExperienceDay(Model):
    """What one shipper's recipients were promised and told on one local day, as counts and sums of seconds."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    day = fields.DateField()
    promised = fields.IntField(db_default=0)
    width_s = fields.BigIntField(db_default=0)
    eta_arrivals = fields.IntField(db_default=0)
    eta_error_s = fields.BigIntField(db_default=0)

    class Meta:
        table = "experience_day"
