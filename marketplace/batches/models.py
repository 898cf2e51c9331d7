"""Tables of what shippers ask for: quotes, batches, deliveries and their packages."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Quote(Model):
    """An immutable price for a list of deliveries, until it expires or becomes a batch."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    request = fields.JSONField[list[dict[str, object]]]()
    lines = fields.JSONField[list[dict[str, object]]]()
    problems = fields.JSONField[list[dict[str, object]]]()
    total_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    is_degraded = fields.BooleanField()
    digest = fields.BinaryField(null=True)
    rate_cards = fields.JSONField[dict[str, int]](null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "quote"


class Batch(Model):
    """A shipper's posting of up to 1,000 deliveries."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    quote_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "batch"


class Delivery(Model):
    """One parcel's move from a pickup to a drop-off, priced, and its state.

    `load` has three numbers: packages, grams and cubic decimetres; what stands on pallets takes `pallet_places` of a
    vehicle's floor besides. `sequence` counts the changes of this delivery and
    orders its events. `plan_after` keeps it out of planning until then. `surge_minor` is the part of the price that a
    busy hour added, by the decision that it was quoted with. `fee_minor` is what calling it off cost, and
    `billed_at` is when it had ended and stood on its shipper's bill. `service_level_id` is
    the version of its tier's terms, `rural_zone_id` that of the rural zone in which it ends, and `zone_minor` the part
    of the price that the zone added.

    `attempts` counts the hand-overs that did not happen. After one, `brought_back_at` is since when the parcel lies
    where it was picked up, `next_opens_at` and `next_closes_at` are the window that was chosen for another try, and
    `answer_due_at` is until when one can be chosen. `given_lat` and `given_lon` are the shipper's own point where
    drivers have shown a better one. A delivery without a drop-off point waits for its address to be found. What could
    not come from one hub is split: `part_of` is the first delivery of the row. With `out_of_cold_limit_s` it is to be
    at its door before it has been out of the cold for longer than that.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    batch_id = fields.UUIDField()
    external_id = fields.CharField(max_length=100)
    digest = fields.BinaryField()
    state = fields.CharField(max_length=22)
    sequence = fields.IntField(db_default=0)
    service_level = fields.CharField(max_length=20)
    return_of = fields.UUIDField(null=True)
    part_of = fields.UUIDField(null=True)
    route_id = fields.UUIDField(null=True)
    # Where from
    hub_id = fields.UUIDField(null=True)
    pickup_lat = fields.FloatField()
    pickup_lon = fields.FloatField()
    pickup_address = fields.CharField(max_length=200)
    pickup_name = fields.CharField(max_length=80)
    pickup_phone = fields.CharField(max_length=20)
    pickup_opens_at = fields.DatetimeField()
    pickup_closes_at = fields.DatetimeField()
    # Where to
    dropoff_lat = fields.FloatField(null=True)
    dropoff_lon = fields.FloatField(null=True)
    given_lat = fields.FloatField(null=True)
    given_lon = fields.FloatField(null=True)
    needs_review = fields.BooleanField(db_default=False)
    dropoff_address = fields.CharField(max_length=200)
    recipient_name = fields.CharField(max_length=80)
    recipient_phone = fields.CharField(max_length=20)
    instructions = fields.CharField(max_length=500)
    recipient_instructions = fields.CharField(max_length=300, null=True)
    safe_place = fields.CharField(max_length=12, null=True)
    dropoff_opens_at = fields.DatetimeField()
    dropoff_closes_at = fields.DatetimeField()
    time_zone = fields.CharField(max_length=60)
    # What
    load = ArrayField(element_type="int", null=False)
    pallet_places = fields.SmallIntField(db_default=0)
    requirements = ArrayField(element_type="text", null=False)
    sector = fields.CharField(max_length=14, null=True)
    out_of_cold_limit_s = fields.IntField(null=True)
    pin = fields.CharField(max_length=8, null=True)
    pin_attempts = fields.SmallIntField(db_default=0)
    # Money and plan
    price_minor = fields.BigIntField()
    surge_minor = fields.BigIntField(db_default=0)
    surge_decision_id = fields.UUIDField(null=True)
    rate_card_version = fields.IntField(null=True)
    tier = fields.CharField(max_length=9, null=True)
    service_level_id = fields.UUIDField(null=True)
    rural_zone_id = fields.UUIDField(null=True)
    zone_minor = fields.BigIntField(db_default=0)
    fee_minor = fields.BigIntField(null=True)
    billed_at = fields.DatetimeField(null=True)
    currency = fields.CharField(max_length=3)
    priority = fields.SmallIntField(db_default=0)
    plan_after = fields.DatetimeField()
    unassigned_reason = fields.CharField(max_length=20, null=True)
    unassigned_counts = fields.JSONField[dict[str, int]](null=True)
    failure_reason = fields.CharField(max_length=30, null=True)
    # When nobody takes it
    failure_policy = fields.CharField(max_length=16, db_default="RETURN_TO_SENDER")
    max_attempts = fields.SmallIntField(db_default=2)
    attempts = fields.SmallIntField(db_default=0)
    brought_back_at = fields.DatetimeField(null=True)
    answer_due_at = fields.DatetimeField(null=True)
    next_opens_at = fields.DatetimeField(null=True)
    next_closes_at = fields.DatetimeField(null=True)
    way_back_m = fields.IntField(null=True)
    redelivery_minor = fields.BigIntField(db_default=0)
    left_at = fields.CharField(max_length=10, null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField()

    class Meta:
        table = "delivery"


class Package(Model):
    """A physical item of a delivery: weight in grams, sides in millimetres, and what its shipper says it is worth."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    description = fields.CharField(max_length=200)
    weight_g = fields.IntField()
    length_mm = fields.IntField()
    width_mm = fields.IntField()
    height_mm = fields.IntField()
    declared_minor = fields.BigIntField(null=True)

    class Meta:
        table = "package"


class Attempt(Model):
    """A hand-over that did not happen: when and why, how late it was, how long the driver stood there; never edited."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    shipper_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    number = fields.SmallIntField()
    route_id = fields.UUIDField()
    stop_id = fields.UUIDField()
    driver_id = fields.UUIDField()
    reason = fields.CharField(max_length=30)
    next_step = fields.CharField(max_length=10)
    waited_s = fields.IntField()
    late_s = fields.IntField()
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "attempt"
