"""Tables of a market: the city itself with its dials, and its dated pay policies."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Market(Model):
    """A city that is operated as one: everything hot belongs to exactly one market.

    Money dials are minor units of `currency`; durations are seconds of market time.
    """

    id = fields.UUIDField(primary_key=True)
    slug = fields.CharField(max_length=40)
    name = fields.CharField(max_length=80)
    time_zone = fields.CharField(max_length=60)
    currency = fields.CharField(max_length=3)
    city_pack = fields.CharField(max_length=60)
    created_at = fields.DatetimeField()
    # Offers
    offer_ttl_s = fields.IntField(db_default=60)
    wave_size = fields.SmallIntField(db_default=3)
    wave_limit = fields.SmallIntField(db_default=6)
    broadcast_below_ttls = fields.SmallIntField(db_default=2)
    broadcast_fill_percent = fields.SmallIntField(db_default=95)
    waiting_cost_per_hour_minor = fields.BigIntField(db_default=1500)
    open_offers_per_driver = fields.SmallIntField(db_default=3)
    raise_step_minor = fields.BigIntField(db_default=0)
    raise_cap_minor = fields.BigIntField(db_default=0)
    raise_budget_per_hour_minor = fields.BigIntField(db_default=0)
    # Matching
    replan_after_s = fields.IntField(db_default=120)
    plan_ahead_s = fields.IntField(db_default=3600)
    route_max_stops = fields.SmallIntField(db_default=12)
    route_fixed_cost_minor = fields.BigIntField(db_default=0)
    matching_objective = fields.CharField(max_length=20, db_default="expected_cost")
    one_origin_per_route = fields.BooleanField(db_default=False)
    look_ahead_s = fields.IntField(db_default=900)
    match_time_limit_ms = fields.IntField(db_default=1000)
    zone_limit = fields.SmallIntField(db_default=120)
    pickup_service_s = fields.IntField(db_default=60)
    dropoff_service_s = fields.IntField(db_default=120)
    two_person_service_s = fields.IntField(db_default=600)
    head_start_waves = fields.SmallIntField(db_default=3)
    shift_end_covers = fields.CharField(max_length=10, db_default="route")
    order_of_call = fields.CharField(max_length=20, db_default="by_rule")
    contracted_head_start_s = fields.IntField(db_default=0)
    delivery_target_s = fields.IntField(db_default=0)
    # Attempts and addresses
    unavailable_after_s = fields.IntField(db_default=0)
    redelivery_answer_s = fields.IntField(db_default=86400)
    geocode_confidence_percent = fields.SmallIntField(db_default=70)
    # Arrivals
    late_risk_percent = fields.SmallIntField(db_default=40)
    # Payouts
    payout_every_s = fields.IntField(db_default=604800)
    payout_minimum_minor = fields.BigIntField(db_default=0)
    payout_country = fields.CharField(max_length=2, db_default="US")
    payout_hold_s = fields.IntField(db_default=0)
    instant_fee_basis_points = fields.SmallIntField(db_default=100)
    instant_fee_minimum_minor = fields.BigIntField(db_default=0)
    debt_repay_percent = fields.SmallIntField(db_default=25)
    # Recipients
    driver_shown_stops = fields.SmallIntField(db_default=2)
    tracking_link_s = fields.IntField(db_default=604800)
    recipient_data_s = fields.IntField(db_default=86400)
    # Tracking
    position_kept_days = fields.SmallIntField(db_default=7)
    tip_limit_minor = fields.BigIntField(db_default=10000)
    tip_within_s = fields.IntField(db_default=604800)
    places_per_day = fields.IntField(db_default=0)
    claim_within_s = fields.IntField(db_default=1209600)
    claim_limit_minor = fields.BigIntField(db_default=50000)
    claim_hearing_s = fields.IntField(db_default=259200)
    # Figures
    support_action_s = fields.IntField(db_default=300)
    support_hour_minor = fields.BigIntField(db_default=0)
    grid_co2_g_per_kwh = fields.IntField(db_default=436)
    surge_every_s = fields.IntField(db_default=60)
    surge_starts_at_percent = fields.IntField(db_default=100)
    surge_full_after_percent = fields.IntField(db_default=200)
    surge_max_step_percent = fields.SmallIntField(db_default=30)
    surge_half_life_s = fields.IntField(db_default=180)
    surge_minimum_population = fields.IntField(db_default=5)
    surge_stops_per_driver = fields.SmallIntField(db_default=3)
    surge_bonus_cap_minor = fields.BigIntField(db_default=0)
    surge_surcharge_cap_percent = fields.SmallIntField(db_default=0)
    surge_budget_minor = fields.BigIntField(db_default=0)
    surge_window_s = fields.IntField(db_default=3600)
    next_payout_at = fields.DatetimeField(null=True)
    payout_run_wanted_at = fields.DatetimeField(null=True)
    payout_run_after = fields.UUIDField(null=True)

    class Meta:
        table = "market"


class PayPolicyRecord(Model):
    """One dated version of how drivers are paid in a market; never edited, only followed by a later one.

    It is in force from its moment until the moment of the next one, so that two are never in force together.
    """

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    version = fields.IntField()
    effective_from = fields.DatetimeField()
    rates = fields.JSONField[dict[str, int]]()
    floors = fields.JSONField[dict[str, object]](null=True)

    class Meta:
        table = "pay_policy"


class ZonePause(Model):
    """A part of the city in which nothing new is planned, offered or promised until a time."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    cells = ArrayField(element_type="TEXT")
    reason = fields.CharField(max_length=200)
    operator_id = fields.UUIDField()
    set_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "zone_pause"
