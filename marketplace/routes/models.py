"""Tables of the driven work: routes, their stops and tasks, proofs and the drivers' reports."""

from tortoise import fields
from tortoise.models import Model


class Route(Model):
    """Ordered stops for one driver, from planned to completed.

    `version` rises when the stops change, so that an offer of an older version cannot be accepted. `guarantee_minor`
    is the pay that was accepted: what is paid in the end may only be more. `bonus_minor` is what a busy time adds to
    every offer of it; `policy_version` is the pay policy of the moment of its last offer, which also pays it.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    state = fields.CharField(max_length=10)
    version = fields.IntField(db_default=1)
    driver_id = fields.UUIDField(null=True)
    company_id = fields.UUIDField(null=True)
    planned_driver_id = fields.UUIDField(null=True)
    distance_m = fields.IntField()
    duration_s = fields.IntField()
    starts_at = fields.DatetimeField()
    is_degraded = fields.BooleanField()
    raise_minor = fields.BigIntField(db_default=0)
    bonus_minor = fields.BigIntField(db_default=0)
    guarantee_minor = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    policy_version = fields.IntField()
    approach_m = fields.IntField(db_default=0)
    approach_s = fields.IntField(db_default=0)
    is_flagged = fields.BooleanField(db_default=False)
    created_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "route"


class Stop(Model):
    """One visit of a place on a route. Distance, duration and drawn path are those of the leg that leads to it."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    place = fields.SmallIntField()
    kind = fields.CharField(max_length=8)
    state = fields.CharField(max_length=10)
    lat = fields.FloatField()
    lon = fields.FloatField()
    leg_m = fields.IntField()
    leg_s = fields.IntField()
    planned_arrival = fields.DatetimeField()
    planned_departure = fields.DatetimeField()
    arrived_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    failure_reason = fields.CharField(max_length=30, null=True)
    path = fields.TextField(null=True)

    class Meta:
        table = "stop"


class Task(Model):
    """What is to be done for one delivery at one stop: hand over, take, or give back."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    delivery_id = fields.UUIDField()

    class Meta:
        table = "task"


class Proof(Model):
    """Evidence of a hand-over; a picture has a key in the object store from its upload on.

    `named_at` is when a hand-over named it; one that nothing names is swept. `left_in` is where a photo shows the
    parcel: the place that its recipient chose, or a safe place or neighbour as its shipper wished. A picture that
    belongs to a claim is of no driver's report, but of `announced_by`, whoever that is.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    driver_id = fields.UUIDField(null=True)
    announced_by = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=10)
    state = fields.CharField(max_length=10)
    object_key = fields.CharField(max_length=120, null=True)
    bytes = fields.IntField(null=True)
    width_px = fields.IntField(null=True)
    height_px = fields.IntField(null=True)
    created_at = fields.DatetimeField()
    uploaded_at = fields.DatetimeField(null=True)
    named_at = fields.DatetimeField(null=True)
    left_in = fields.CharField(max_length=12, null=True)

    class Meta:
        table = "proof"


class Custody(Model):
    """A careful parcel changed hands: the next link of its chain, never changed.

    Of the recipient's papers their kind is kept and a keyed mark of their last digits, until the recipient is erased.
    Where time out of the cold is counted, `keeps_cold` says whether the vehicle that it went into keeps it cold, and
    `out_of_cold_s` how long it had been out by then.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    number = fields.SmallIntField()
    kind = fields.CharField(max_length=12)
    route_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    seal = fields.CharField(max_length=40, null=True)
    temperature_dc = fields.SmallIntField(null=True)
    identity_kind = fields.CharField(max_length=15, null=True)
    identity_mark = fields.BinaryField(null=True)
    keeps_cold = fields.BooleanField(null=True)
    out_of_cold_s = fields.IntField(null=True)
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "custody"


class ColdBreach(Model):
    """A parcel was out of the cold for longer than it may be, until an operator has seen to it."""

    delivery_id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    route_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    out_of_cold_s = fields.IntField()
    limit_s = fields.IntField()
    occurred_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)
    settled_by = fields.UUIDField(null=True)
    note = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "cold_breach"


class StopReport(Model):
    """A driver's report as it came in: what, when the app says it happened, when it arrived, and what is odd about it.

    The id is a digest of driver and client event id, so that a replayed report is the same row.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    route_id = fields.UUIDField()
    stop_id = fields.UUIDField(null=True)
    driver_id = fields.UUIDField()
    verb = fields.CharField(max_length=12)
    digest = fields.BinaryField()
    occurred_at = fields.DatetimeField()
    effective_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    lat = fields.FloatField(null=True)
    lon = fields.FloatField(null=True)
    flag = fields.CharField(max_length=20, null=True)

    class Meta:
        table = "stop_report"
