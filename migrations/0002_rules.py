"""The rules that the database referees: references, states, exclusivity, money signs, windows, and history that stays.

Tortoise drops constraints of new tables without a word, so every one of them stands here in SQL, and a test compares
this list with what the database has. Safe while an older version runs: it is the first.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

REFERENCES = [
    # (table, column, referenced table); every one is ON DELETE RESTRICT: nothing that touches money or history cascades
    ("pay_policy", "market_id", "market"),
    ("api_key", "shipper_id", "shipper"),
    ("tracking_link", "delivery_id", "delivery"),
    ("browser", "delivery_id", "delivery"),
    ("browser", "link_id", "tracking_link"),
    ("rating", "delivery_id", "delivery"),
    ("erasure", "delivery_id", "delivery"),
    ("rating", "driver_id", "driver"),
    ("claim", "market_id", "market"),
    ("claim", "shipper_id", "shipper"),
    ("claim", "delivery_id", "delivery"),
    ("claim", "driver_id", "driver"),
    ("claim", "decided_by", "operator"),
    ("claim", "credit_id", "bill_line"),
    ("claim_entry", "claim_id", "claim"),
    ("tip", "market_id", "market"),
    ("tip", "delivery_id", "delivery"),
    ("tip", "shipper_id", "shipper"),
    ("tip", "driver_id", "driver"),
    ("tip", "statement_id", "pay_statement"),
    ("operator", "market_id", "market"),
    ("operator_action", "market_id", "market"),
    ("operator_action", "operator_id", "operator"),
    ("rate_card", "shipper_id", "shipper"),
    ("rate_card", "market_id", "market"),
    ("service_area", "market_id", "market"),
    ("service_area", "shipper_id", "shipper"),
    ("service_level", "shipper_id", "shipper"),
    ("service_level", "market_id", "market"),
    ("delivery", "service_level_id", "service_level"),
    ("capacity_reservation", "market_id", "market"),
    ("capacity_reservation", "shipper_id", "shipper"),
    ("capacity_reservation", "hub_id", "hub"),
    ("reservation_terms", "reservation_id", "capacity_reservation"),
    ("reservation_day", "reservation_id", "capacity_reservation"),
    ("reservation_day", "journal_id", "journal"),
    ("experience_goal", "shipper_id", "shipper"),
    ("experience_goal", "market_id", "market"),
    ("experience_miss", "goal_id", "experience_goal"),
    ("rural_zone", "market_id", "market"),
    ("delivery", "rural_zone_id", "rural_zone"),
    ("driver", "market_id", "market"),
    ("driver", "vehicle_id", "vehicle"),
    ("driver_standing", "driver_id", "driver"),
    ("standing_correction", "decided_by", "operator"),
    ("suspension", "proposed_by", "operator"),
    ("suspension", "decided_by", "operator"),
    ("suspension", "appeal_decided_by", "operator"),
    ("suspension", "ended_by", "operator"),
    ("driver_message", "market_id", "market"),
    ("driver_message", "operator_id", "operator"),
    ("zone_pause", "market_id", "market"),
    ("zone_pause", "operator_id", "operator"),
    ("company", "market_id", "market"),
    ("dispatcher", "market_id", "market"),
    ("driver_document", "checked_by", "operator"),
    ("vehicle", "market_id", "market"),
    ("vehicle", "checked_by", "operator"),
    ("shift", "driver_id", "driver"),
    ("presence", "driver_id", "driver"),
    ("hub", "market_id", "market"),
    ("hub", "shipper_id", "shipper"),
    ("hub_cell", "hub_id", "hub"),
    ("substitution", "shipper_id", "shipper"),
    ("substitution", "delivery_id", "delivery"),
    ("substitution", "proposed_by", "operator"),
    ("dock", "market_id", "market"),
    ("dock", "shipper_id", "shipper"),
    ("dock_appointment", "shipper_id", "shipper"),
    ("dock_appointment", "dock_id", "dock"),
    ("dock_appointment", "delivery_id", "delivery"),
    ("sku", "market_id", "market"),
    ("sku", "shipper_id", "shipper"),
    ("hub_stock", "hub_id", "hub"),
    ("stock_movement", "hub_id", "hub"),
    ("stock_movement", "delivery_id", "delivery"),
    ("stock_reservation", "hub_id", "hub"),
    ("stock_reservation", "delivery_id", "delivery"),
    ("replenishment", "hub_id", "hub"),
    ("replenishment", "source_hub_id", "hub"),
    ("stock_transfer", "delivery_id", "delivery"),
    ("stock_transfer", "from_hub_id", "hub"),
    ("stock_transfer", "to_hub_id", "hub"),
    ("stock_transfer", "replenishment_id", "replenishment"),
    ("window_hold", "market_id", "market"),
    ("window_hold", "shipper_id", "shipper"),
    ("window_hold", "hub_id", "hub"),
    ("window_hold", "delivery_id", "delivery"),
    ("window_hold", "route_id", "route"),
    ("account", "market_id", "market"),
    ("journal", "market_id", "market"),
    ("posting", "journal_id", "journal"),
    ("posting", "pending_id", "posting"),
    ("demand_forecast", "market_id", "market"),
    ("forecast_run", "market_id", "market"),
    ("block", "market_id", "market"),
    ("block", "hub_id", "hub"),
    ("sign_up", "block_id", "block"),
    ("sign_up", "statement_id", "pay_statement"),
    ("surge_decision", "market_id", "market"),
    ("surge_decision", "override_id", "surge_override"),
    ("surge_override", "market_id", "market"),
    ("surge_override", "operator_id", "operator"),
    ("surge_bonus", "market_id", "market"),
    ("surge_bonus", "route_id", "route"),
    ("surge_bonus", "decision_id", "surge_decision"),
    ("delivery", "surge_decision_id", "surge_decision"),
    ("quote", "shipper_id", "shipper"),
    ("quote", "market_id", "market"),
    ("batch", "shipper_id", "shipper"),
    ("batch", "market_id", "market"),
    ("batch", "quote_id", "quote"),
    ("recurring_batch", "market_id", "market"),
    ("recurring_batch", "shipper_id", "shipper"),
    ("recurring_version", "recurring_batch_id", "recurring_batch"),
    ("recurring_run", "recurring_batch_id", "recurring_batch"),
    ("recurring_run", "batch_id", "batch"),
    ("delivery", "market_id", "market"),
    ("delivery", "shipper_id", "shipper"),
    ("delivery", "batch_id", "batch"),
    ("delivery", "hub_id", "hub"),
    ("delivery", "return_of", "delivery"),
    ("delivery", "part_of", "delivery"),
    ("delivery", "route_id", "route"),
    ("package", "delivery_id", "delivery"),
    ("attempt", "market_id", "market"),
    ("attempt", "delivery_id", "delivery"),
    ("attempt", "route_id", "route"),
    ("attempt", "stop_id", "stop"),
    ("attempt", "driver_id", "driver"),
    ("drop_point", "market_id", "market"),
    ("drop_visit", "drop_point_id", "drop_point"),
    ("drop_visit", "stop_id", "stop"),
    ("route", "market_id", "market"),
    ("route", "driver_id", "driver"),
    ("reassignment", "market_id", "market"),
    ("reassignment", "route_id", "route"),
    ("reassignment", "next_route_id", "route"),
    ("reassignment", "way_route_id", "route"),
    ("reassignment", "next_stop_id", "stop"),
    ("reassignment", "operator_id", "operator"),
    ("stop", "route_id", "route"),
    ("task", "stop_id", "stop"),
    ("task", "delivery_id", "delivery"),
    ("proof", "stop_id", "stop"),
    ("custody", "delivery_id", "delivery"),
    ("cold_breach", "delivery_id", "delivery"),
    ("cold_breach", "shipper_id", "shipper"),
    ("cold_breach", "route_id", "route"),
    ("cold_breach", "driver_id", "driver"),
    ("cold_breach", "settled_by", "operator"),
    ("custody", "route_id", "route"),
    ("custody", "stop_id", "stop"),
    ("custody", "driver_id", "driver"),
    ("stop_report", "route_id", "route"),
    ("stop_report", "driver_id", "driver"),
    ("wave", "route_id", "route"),
    ("choice", "route_id", "route"),
    ("choice", "wave_id", "wave"),
    ("acceptance_model", "market_id", "market"),
    ("speed_factor", "market_id", "market"),
    ("traffic_release", "market_id", "market"),
    ("offer", "route_id", "route"),
    ("offer", "wave_id", "wave"),
    ("offer", "driver_id", "driver"),
    ("pay_statement", "route_id", "route"),
    ("pay_statement", "driver_id", "driver"),
    ("pay_statement", "journal_id", "journal"),
    ("pay_statement", "payout_id", "payout"),
    ("pay_statement", "delivery_id", "delivery"),
    ("pay_statement", "true_up_id", "pay_statement"),
    ("pay_statement", "pay_period_id", "pay_period"),
    ("pay_period", "market_id", "market"),
    ("payout", "driver_id", "driver"),
    ("payout", "hold_id", "posting"),
    ("payout", "fee_hold_id", "posting"),
    ("payout", "debt_hold_id", "posting"),
    ("payout_entry", "posting_id", "posting"),
    ("payout_entry", "payout_id", "payout"),
    ("payout_account", "driver_id", "driver"),
    ("payout_quote", "driver_id", "driver"),
    ("pay_adjustment", "driver_id", "driver"),
    ("pay_adjustment", "operator_id", "operator"),
    ("pay_adjustment", "journal_id", "journal"),
    ("matching_zone", "market_id", "market"),
    ("billing_profile", "market_id", "market"),
    ("alert_policy", "shipper_id", "shipper"),
    ("billing_profile", "shipper_id", "shipper"),
    ("bill_line", "market_id", "market"),
    ("bill_line", "shipper_id", "shipper"),
    ("bill_line", "delivery_id", "delivery"),
    ("bill_line", "journal_id", "journal"),
    ("bill_line", "charge_id", "charge"),
    ("bill_line", "invoice_line_id", "invoice_line"),
    ("charge", "market_id", "market"),
    ("charge", "shipper_id", "shipper"),
    ("refund", "charge_id", "charge"),
    ("refund", "invoice_id", "invoice"),
    ("refund", "delivery_id", "delivery"),
    ("invoice", "market_id", "market"),
    ("invoice", "shipper_id", "shipper"),
    ("invoice_line", "invoice_id", "invoice"),
    ("arrival_prediction", "market_id", "market"),
    ("arrival_law", "market_id", "market"),
    ("stripe_operation", "market_id", "market"),
    ("stripe_object", "market_id", "market"),
    ("stripe_object", "operation_id", "stripe_operation"),
    ("reconciliation", "market_id", "market"),
    ("webhook", "market_id", "market"),
    ("webhook", "shipper_id", "shipper"),
    ("webhook_message", "webhook_id", "webhook"),
    ("webhook_attempt", "message_id", "webhook_message"),
]

STATES = {
    ("job", "state"): "READY RUNNING DEAD",
    ("api_key", "mode"): "test live",
    ("session", "kind"): "driver operator dispatcher",
    ("sign_in_code", "kind"): "driver operator dispatcher",
    ("company", "state"): "ACTIVE ENDED",
    (
        "driver_document",
        "kind",
    ): "IDENTITY DRIVING_LICENCE INSURANCE REGISTRATION COLD PHARMACY AGE_CHECK TWO_PERSON HEAVY",
    ("driver_document", "state"): "EXPECTED UPLOADED ACCEPTED REFUSED REVOKED",
    ("vehicle", "state"): "WAITING PASSED FAILED RETIRED",
    ("delivery", "safe_place"): "FRONT_DOOR BACK_DOOR PORCH GARAGE RECEPTION MAILROOM NEIGHBOUR",
    ("erasure", "erased_by_kind"): "shipper operator",
    ("driver", "contract_kind"): "DEDICATED CONTRACTED CROWDSOURCED",
    ("driver", "account_state"): "APPLIED APPROVED ACTIVE SUSPENSION_PROPOSED SUSPENDED DEACTIVATED",
    # What can count, and nothing else can: no answer to an offer is among them
    ("standing_evidence", "kind"): "COMPLETED ARRIVAL HAND_OVER RATING",
    ("standing_evidence", "excluded"): "PLANNED_LATE HUB_WAIT TRAFFIC DOOR_WAIT NO_REASON",
    ("standing_correction", "state"): "OPEN UPHELD REFUSED",
    ("suspension", "state"): "PROPOSED DISMISSED CONFIRMED LIFTED REVERSED DEACTIVATED",
    ("suspension", "rule"): "LATE_BY_OWN_PART BAD_HAND_OVERS BAD_RATINGS SAFETY",
    ("suspension", "safety_reason"): "VIOLENCE INTOXICATION THEFT FALSE_IDENTITY DANGEROUS_DRIVING",
    ("stock_movement", "reason"): "RECEIVED COUNTED RESERVED RELEASED SHIPPED RETURNED ARRIVED",
    ("stock_reservation", "state"): "RESERVED RELEASED SHIPPED RETURNED ARRIVED",
    ("presence", "state"): "OFFLINE AVAILABLE OFFERED ENGAGED PAUSED",
    ("account", "kind"): "ASSET LIABILITY REVENUE EXPENSE",
    ("posting", "state"): "POSTED PENDING POST_PENDING VOID_PENDING",
    ("delivery", "state"): (
        "CREATED SCHEDULED OFFERING ASSIGNED EN_ROUTE_TO_PICKUP ARRIVED_AT_PICKUP PICKED_UP EN_ROUTE_TO_DROPOFF"
        " ARRIVED_AT_DROPOFF DELIVERED ATTEMPTED RETURNING RETURNED CANCELLED EXPIRED FAILED"
    ),
    ("recurring_batch", "state"): "ACTIVE PAUSED ENDED",
    ("recurring_version", "on_closed_day"): "POST SKIP MOVE",
    ("recurring_run", "outcome"): "POSTED SKIPPED REFUSED",
    ("substitution", "rule"): "SIMILAR ASK",
    ("substitution", "state"): "OPEN PROPOSED TAKEN LEFT_OUT",
    ("dock_appointment", "state"): "HELD BOOKED RELEASED",
    ("delivery", "sector"): "PARCEL RETAIL GROCERY PHARMACY HEALTHCARE MANUFACTURING",
    ("delivery", "failure_policy"): "REDELIVER SAFE_PLACE NEIGHBOUR RETURN_TO_HUB RETURN_TO_SENDER DISCARD",
    ("shipper", "failure_policy"): "REDELIVER SAFE_PLACE NEIGHBOUR RETURN_TO_HUB RETURN_TO_SENDER DISCARD",
    ("attempt", "next_step"): "REDELIVER RETURN DISCARD",
    ("route", "state"): "PLANNED OFFERING ASSIGNED STARTED COMPLETED DISSOLVED CANCELLED",
    ("reassignment", "state"): "OFFERED AGREED GIVEN DONE DECLINED EXPIRED CANCELLED",
    ("stop", "state"): "PENDING EN_ROUTE ARRIVED COMPLETED FAILED SKIPPED CANCELLED",
    ("stop", "kind"): "PICKUP DROPOFF RETURN",
    ("proof", "kind"): "PHOTO SIGNATURE CLAIM",
    ("custody", "kind"): "PICKED_UP PASSED_ON HANDED_OVER BROUGHT_BACK RETURNED",
    ("custody", "identity_kind"): "NATIONAL_ID PASSPORT DRIVING_LICENCE",
    ("claim", "kind"): "DAMAGED MISSING WRONG_ITEM",
    ("claim", "state"): "OPEN NEEDS_EVIDENCE ACCEPTED REJECTED WITHDRAWN",
    ("claim", "opened_by_kind"): "shipper recipient",
    ("claim_entry", "kind"): "OPENED EVIDENCE ANSWER ASKED ACCEPTED REJECTED WITHDRAWN",
    ("claim_entry", "by_kind"): "shipper recipient driver operator",
    ("proof", "state"): "EXPECTED UPLOADED SWEPT",
    ("wave", "state"): "OPEN WON EXHAUSTED",
    ("wave", "contract_kind"): "DEDICATED CONTRACTED CROWDSOURCED",
    ("fairness_day", "contract_kind"): "DEDICATED CONTRACTED CROWDSOURCED",
    ("choice", "outcome"): "ASSIGNED EXCLUSIVE BROADCAST BY_HAND GIVEN_UP",
    ("offer", "state"): "SENT VIEWED ACCEPTED DECLINED EXPIRED WITHDRAWN",
    ("notification", "state"): "WAITING READY SENT FAILED DROPPED",
    ("notification", "channel"): "SMS EMAIL PUSH OPERATORS",
    ("alert_policy", "language"): "en es",
    ("driver", "language"): "en es",
    ("arrival_prediction", "moment"): "PLANNED DISPATCH PICKUP HALF_HOUR NEXT TEN_MINUTES",
    ("arrival_prediction", "stage"): "WAITING COMING ABOARD NEXT",
    ("window_hold", "state"): "HELD BOOKED EXPIRED RELEASED REVOKED REPLACED",
    ("pay_statement", "state"): "HELD PAYABLE PAID",
    ("stripe_operation", "state"): "READY SENT UNKNOWN DONE REJECTED",
    ("stripe_operation", "kind"): (
        "CREATE_CUSTOMER CREATE_ACCOUNT CHARGE CAPTURE CANCEL_CHARGE REFUND TRANSFER REVERSE_TRANSFER PAYOUT"
        " CREATE_INVOICE ADD_INVOICE_ITEM FINALIZE_INVOICE VOID_INVOICE CREATE_CHECKOUT EXPIRE_CHECKOUT"
    ),
    ("stripe_event", "endpoint"): "PLATFORM CONNECT",
    ("pay_statement", "kind"): "ROUTE TRUE_UP POOL_SHARE TIP BLOCK",
    ("block", "state"): "PUBLISHED ENDED CANCELLED",
    ("sign_up", "state"): "DRAWING WAITING ASKED SIGNED KEPT NO_SHOW LEFT LAPSED CALLED_OFF",
    ("tip", "state"): "WANTED WAITING PAID EXPIRED REFUSED",
    ("service_level", "tier"): "SAME_DAY NEXT_DAY EXPRESS SCHEDULED",
    ("experience_goal", "metric"): "FIRST_ATTEMPT ON_TIME WINDOW_WIDTH ETA_ERROR",
    ("experience_miss", "metric"): "FIRST_ATTEMPT ON_TIME WINDOW_WIDTH ETA_ERROR",
    ("delivery", "tier"): "SAME_DAY NEXT_DAY EXPRESS SCHEDULED",
    ("billing_profile", "terms"): "CARD PREPAID INVOICE",
    ("billing_profile", "collects"): "BATCH DAY",
    ("billing_profile", "shortfall"): "WAITS CARD",
    ("billing_profile", "state"): "GOOD PAST_DUE",
    (
        "bill_line",
        "kind",
    ): "DELIVERY REDELIVERY CANCELLATION NO_SHOW RESERVATION TIP SLA_CREDIT GOODWILL CLAIM CREDIT_NOTE OVERPAID SENT_BACK CAME_BACK CARRIED",
    (
        "invoice_line",
        "kind",
    ): "DELIVERY REDELIVERY CANCELLATION NO_SHOW RESERVATION TIP SLA_CREDIT GOODWILL CLAIM CREDIT_NOTE OVERPAID SENT_BACK CAME_BACK CARRIED",
    ("charge", "means"): "CARD PREPAID TOP_UP",
    ("charge", "state"): "OPEN PAID DECLINED ACTION_REQUIRED CANCELLED",
    ("refund", "state"): "SENDING PAID FAILED",
    ("invoice", "state"): "DRAFTING FINALIZING OPEN PAID VOID MISMATCH REFUSED",
    ("payout", "state"): "SCHEDULED IN_TRANSIT PAID FAILED REVERSED ON_HOLD",
    ("payout", "method"): "STANDARD INSTANT",
    ("payout_quote", "method"): "STANDARD INSTANT",
    ("webhook", "state"): "ENABLED DISABLED DELETED",
    ("webhook", "disabled_reason"): "SHIPPER GONE FAILING",
    ("webhook_message", "state"): "READY DELIVERED FAILED",
}

PAY_RATES = (
    "ARRAY['base_minor', 'per_km_minor', 'per_minute_minor', 'per_stop_minor', 'wait_per_minute_minor', 'wait_grace_s',"
    " 'minimum_minor']"
)

CHECKS = [
    (
        "alert_policy",
        "quiet_hours",
        "quiet_from_minute BETWEEN 0 AND 1439 AND quiet_to_minute BETWEEN 0 AND 1439",
    ),
    ("notification", "waits_until", "state <> 'WAITING' OR not_before IS NOT NULL"),
    ("market_clock", "one_row", "id = 'market' AND factor > 0"),
    (
        "market",
        "offer_dials",
        "offer_ttl_s BETWEEN 1 AND 3600 AND wave_size BETWEEN 1 AND 50 AND wave_limit BETWEEN 1 AND 50",
    ),
    (
        "market",
        "broadcast_dials",
        "broadcast_below_ttls BETWEEN 0 AND 10000 AND broadcast_fill_percent BETWEEN 1 AND 100",
    ),
    (
        "market",
        "money_dials",
        "raise_step_minor >= 0 AND raise_cap_minor >= 0 AND raise_budget_per_hour_minor >= 0 AND payout_minimum_minor >= 0 AND waiting_cost_per_hour_minor >= 0",
    ),
    (
        # As in `markets/pay_policy.py`: every rate there, no other, each a whole number. Routes are planned with these.
        "pay_policy",
        "rates",
        (
            f"rates ?& {PAY_RATES} AND rates - {PAY_RATES} = '{{}}' AND strpos(rates::text, '.') = 0"
            " AND NOT jsonb_path_exists(rates, '$.* ? (@.type() != \"number\" || @ < 0 || @ > 9007199254740991)')"
        ),
    ),
    (
        "market",
        "matching_dials",
        "matching_objective IN ('expected_cost', 'delivery_delay', 'travel_time', 'fewest_drivers') AND look_ahead_s BETWEEN 0 AND 14400 AND match_time_limit_ms BETWEEN 50 AND 10000 AND zone_limit BETWEEN 20 AND 1000",
    ),
    (
        "market",
        "planning_dials",
        "pickup_service_s BETWEEN 0 AND 3600 AND dropoff_service_s BETWEEN 0 AND 3600 AND head_start_waves BETWEEN 0 AND 50 AND shift_end_covers IN ('route', 'pickups') AND order_of_call IN ('by_rule', 'by_marginal_cost') AND contracted_head_start_s BETWEEN 0 AND 3600 AND delivery_target_s BETWEEN 0 AND 604800",
    ),
    ("market", "two_person_dial", "two_person_service_s BETWEEN 0 AND 7200"),
    ("market", "arrival_dials", "late_risk_percent BETWEEN 1 AND 100"),
    ("arrival", "quantiles", "p10 <= p50 AND p50 <= p90 AND shown_opens_at < shown_closes_at"),
    ("arrival", "chance", "late_probability BETWEEN 0 AND 1"),
    ("matching_zone", "edges", "south < north AND west < east AND drop_south < drop_north AND drop_west < drop_east"),
    (
        "service_level",
        "terms",
        "uplift_basis_points >= 0 AND uplift_minor >= 0 AND grace_s >= 0 AND late_percent BETWEEN 0 AND 100 AND late_minor >= 0 AND missed_try_percent BETWEEN 0 AND 100 AND monthly_cap_minor >= 0 AND window_s > 0",
    ),
    (
        "reservation_terms",
        "terms",
        "places >= 0 AND fee_minor >= 0 AND release_days BETWEEN 0 AND 14 AND last_day >= first_day AND (opens IS NULL) = (closes IS NULL) AND opens < closes AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(weekdays) BETWEEN 1 AND 7",
    ),
    (
        "reservation_day",
        "amounts",
        "places > 0 AND used BETWEEN 0 AND places AND amount_minor >= 0 AND (amount_minor > 0) = (journal_id IS NOT NULL)",
    ),
    ("experience_goal", "terms", "target >= 0 AND period_days BETWEEN 1 AND 92 AND min_sample >= 1"),
    ("experience_miss", "sample", "sample >= 1"),
    (
        "rural_zone",
        "terms",
        (
            "cardinality(days) BETWEEN 1 AND 7 AND days <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cutoff_days BETWEEN 0 AND 7"
            " AND opens < closes AND window_s > 0 AND surcharge_minor >= 0 AND surcharge_basis_points >= 0"
        ),
    ),
    ("delivery", "zone_surcharge", "zone_minor >= 0 AND (zone_minor = 0 OR rural_zone_id IS NOT NULL)"),
    (
        "recurring_batch",
        "next",
        "(state = 'ENDED') = (next_day IS NULL) AND (state = 'ENDED') = (next_at IS NULL) AND refusals >= 0",
    ),
    (
        "recurring_run",
        "outcome",
        (
            "(outcome = 'POSTED') = (batch_id IS NOT NULL) AND (outcome = 'POSTED') = (reason IS NULL)"
            " AND (outcome = 'POSTED') = (posted_count > 0)"
        ),
    ),
    ("recurring_version", "lead", "lead_s BETWEEN 0 AND 1209600"),
    ("delivery", "tier_terms", "(tier IS NULL) = (service_level_id IS NULL)"),
    ("rate_card", "amounts", "base_minor >= 0 AND per_km_minor >= 0 AND per_stop_minor >= 0 AND minimum_minor >= 0"),
    ("shift", "hours", "ends_at > starts_at"),
    ("company", "terms", "route_minor >= 0"),
    ("driver", "of_company", "company_id IS NULL OR contract_kind = 'CONTRACTED'"),
    ("driver", "skill_ends", "skills_until IS NULL OR cardinality(skills_until) = cardinality(skills)"),
    ("driver", "preferences", "max_distance_m > 0 AND cardinality(area_cells) <= 500"),
    (
        "driver_document",
        "looked_at",
        "state IN ('EXPECTED', 'UPLOADED') OR (checked_at IS NOT NULL AND checked_by IS NOT NULL AND reason <> '')",
    ),
    # No rule and no program suspends anybody: an account is out of work only by a suspension and by whoever decided it
    (
        "driver",
        "suspended_by_a_person",
        (
            "(account_state IN ('SUSPENDED', 'DEACTIVATED') OR suspended_from IS NOT NULL)"
            " <= (suspension_id IS NOT NULL AND suspended_by IS NOT NULL AND suspended_from IS NOT NULL)"
        ),
    ),
    (
        "standing_evidence",
        "value",
        (
            "value >= 0 AND (kind <> 'RATING' OR value BETWEEN 1 AND 5)"
            " AND (excluded IS NULL OR NOT is_good AND kind IN ('ARRIVAL', 'RATING'))"
        ),
    ),
    ("driver_standing", "level", "level BETWEEN 1 AND 9 AND early_access_minutes BETWEEN 0 AND 1440"),
    (
        "standing_correction",
        "decided",
        (
            "(state = 'OPEN') = (decided_by IS NULL) AND (state = 'OPEN') = (decided_at IS NULL)"
            " AND (state = 'OPEN') = (reason IS NULL) AND text <> '' AND reason <> ''"
        ),
    ),
    (
        "suspension",
        "proposed",
        (
            "reason <> '' AND jsonb_array_length(evidence) > 0 AND (rule = 'SAFETY') = (safety_reason IS NOT NULL)"
            " AND (rule = 'SAFETY') = (proposed_by IS NOT NULL)"
        ),
    ),
    (
        "suspension",
        "decided_by_a_person",
        (
            "(state = 'PROPOSED') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)"
            " AND (decided_by IS NULL) = (decision_reason IS NULL) AND decision_reason <> ''"
        ),
    ),
    # Notice as the law of the place has it; at once only for an enumerated danger
    (
        "suspension",
        "notice",
        (
            "(state IN ('PROPOSED', 'DISMISSED')) = (effective_at IS NULL) AND (effective_at IS NULL) = (notice_s IS NULL)"
            " AND (effective_at IS NULL) = (notice_law IS NULL) AND notice_s >= 0"
            " AND effective_at >= decided_at + make_interval(secs => notice_s)"
            " AND (notice_s > 0 OR notice_s IS NULL OR safety_reason IS NOT NULL)"
        ),
    ),
    (
        "suspension",
        "appeal_by_another",
        (
            "(appealed_at IS NULL) = (appeal_text IS NULL) AND (appealed_at IS NULL OR effective_at IS NOT NULL)"
            " AND (appeal_decided_by IS NULL OR appealed_at IS NOT NULL) AND appeal_decided_by <> decided_by"
            " AND (appeal_decided_by IS NULL) = (appeal_decided_at IS NULL)"
            " AND (appeal_decided_by IS NULL) = (appeal_upheld IS NULL)"
            " AND (appeal_decided_by IS NULL) = (appeal_reason IS NULL) AND appeal_reason <> ''"
            " AND (state = 'REVERSED') = (coalesce(appeal_upheld, false))"
        ),
    ),
    (
        "suspension",
        "ended_by_a_person",
        (
            "(state IN ('LIFTED', 'REVERSED', 'DEACTIVATED')) = (ended_by IS NOT NULL)"
            " AND (ended_by IS NULL) = (ended_at IS NULL) AND (ended_by IS NULL) = (end_reason IS NULL)"
        ),
    ),
    ("driver_document", "has_end", "state <> 'ACCEPTED' OR expires_at IS NOT NULL"),
    ("vehicle", "owner", "(driver_id IS NULL) <> (company_id IS NULL)"),
    ("vehicle", "checked", "state = 'WAITING' OR (checked_at IS NOT NULL AND checked_by IS NOT NULL AND reason <> '')"),
    ("vehicle", "has_end", "state <> 'PASSED' OR checked_until IS NOT NULL"),
    ("account", "floor", "NOT is_floored OR credits_posted - debits_posted - debits_pending >= 0"),
    ("account", "floored_kind", "NOT is_floored OR kind = 'LIABILITY'"),
    ("account", "floored_names", "is_floored = (code ~ ':((driver|company):[^:]+:wallet|shipper:[^:]+:prepaid)$')"),
    ("account", "unfloored", "is_floored OR (debits_posted, credits_posted, debits_pending) = (0, 0, 0)"),
    ("posting", "amount", "amount_minor > 0"),
    ("posting", "two_sides", "debit_id <> credit_id"),
    ("posting", "resolution", "(pending_id IS NOT NULL) = (state IN ('POST_PENDING', 'VOID_PENDING'))"),
    ("quote", "total", "total_minor >= 0"),
    ("delivery", "price", "price_minor >= 0"),
    ("delivery", "pickup_window", "pickup_opens_at <= pickup_closes_at"),
    ("delivery", "dropoff_window", "dropoff_opens_at <= dropoff_closes_at"),
    ("delivery", "pallets", "pallet_places BETWEEN 0 AND 200"),
    ("driver", "pallets", "pallet_places BETWEEN 0 AND 40"),
    ("vehicle", "pallets", "pallet_places BETWEEN 0 AND 40"),
    ("delivery", "out_of_cold", "out_of_cold_limit_s BETWEEN 300 AND 14400"),
    ("custody", "out_of_cold", "out_of_cold_s >= 0 AND (keeps_cold IS NULL OR out_of_cold_s IS NOT NULL)"),
    ("cold_breach", "too_long", "out_of_cold_s > limit_s"),
    (
        "cold_breach",
        "settled_by_a_person",
        "(settled_at IS NULL) = (settled_by IS NULL) AND (settled_at IS NULL) = (note IS NULL) AND note <> ''",
    ),
    ("delivery", "pin_tries", "pin_attempts BETWEEN 0 AND 5"),
    (
        "delivery",
        "on_a_route",
        "(state IN ('OFFERING','ASSIGNED','EN_ROUTE_TO_PICKUP','ARRIVED_AT_PICKUP','PICKED_UP','EN_ROUTE_TO_DROPOFF','ARRIVED_AT_DROPOFF')) <= (route_id IS NOT NULL)",
    ),
    ("delivery", "tries", "attempts BETWEEN 0 AND 20 AND max_attempts BETWEEN 1 AND 5 AND redelivery_minor >= 0"),
    ("shipper", "tries", "max_attempts BETWEEN 1 AND 5"),
    # An attempted parcel is in the vehicle, or it lies where it was picked up: never neither, never both
    (
        "delivery",
        "whereabouts",
        "(state = 'ATTEMPTED' AND route_id IS NULL) = (brought_back_at IS NOT NULL)",
    ),
    (
        "delivery",
        "next_window",
        (
            "(next_opens_at IS NULL) = (next_closes_at IS NULL) AND (next_opens_at IS NULL OR"
            " state = 'ATTEMPTED' AND next_opens_at <= next_closes_at)"
        ),
    ),
    (
        "delivery",
        "placed",
        (
            "(dropoff_lat IS NULL) = (dropoff_lon IS NULL) AND (given_lat IS NULL) = (given_lon IS NULL)"
            " AND (dropoff_lat IS NOT NULL OR state IN ('CREATED', 'CANCELLED', 'EXPIRED'))"
            " AND (NOT needs_review OR dropoff_lat IS NULL)"
        ),
    ),
    ("delivery", "left_at", "left_at IS NULL OR state = 'DELIVERED' AND left_at IN ('SAFE_PLACE', 'NEIGHBOUR')"),
    ("attempt", "counts", "number BETWEEN 1 AND 20 AND waited_s >= 0 AND late_s >= 0"),
    ("drop_point", "counts", "visits >= 0 AND moved_m >= 0"),
    ("drop_visit", "weight", "weight BETWEEN 1 AND 10"),
    ("geocoded_text", "expiry", "expires_at > found_at"),
    (
        "market",
        "attempt_dials",
        (
            "unavailable_after_s BETWEEN 0 AND 3600 AND redelivery_answer_s BETWEEN 60 AND 1209600"
            " AND geocode_confidence_percent BETWEEN 0 AND 100"
        ),
    ),
    ("rating", "stars", "stars BETWEEN 1 AND 5"),
    ("market", "capacity_dials", "places_per_day BETWEEN 0 AND 1000000"),
    ("market", "tip_dials", "tip_limit_minor >= 0 AND tip_within_s BETWEEN 0 AND 2678400"),
    (
        "market",
        "claim_dials",
        ("claim_within_s BETWEEN 0 AND 31536000 AND claim_limit_minor >= 0 AND claim_hearing_s BETWEEN 0 AND 2678400"),
    ),
    (
        "market",
        "figure_dials",
        "support_action_s BETWEEN 0 AND 3600 AND support_hour_minor >= 0 AND grid_co2_g_per_kwh BETWEEN 0 AND 2000",
    ),
    (
        "claim",
        "amounts",
        "asked_minor > 0 AND accepted_minor > 0 AND accepted_minor <= least(asked_minor, limit_minor)",
    ),
    # A person decides, and what is accepted has its line on the bill: neither without the other
    (
        "claim",
        "decided_by_a_person",
        (
            "(state IN ('ACCEPTED', 'REJECTED')) = (decided_by IS NOT NULL)"
            " AND (state IN ('OPEN', 'NEEDS_EVIDENCE')) = (ended_at IS NULL)"
            " AND (state = 'ACCEPTED') = (accepted_minor IS NOT NULL) AND (state = 'ACCEPTED') = (credit_id IS NOT NULL)"
        ),
    ),
    (
        "claim",
        "driver_heard",
        "(driver_id IS NULL) = (heard_by IS NULL) AND (heard_at IS NULL OR driver_id IS NOT NULL)",
    ),
    (
        "proof",
        "announced",
        "(kind = 'CLAIM') = (announced_by IS NOT NULL) AND (kind = 'CLAIM') = (driver_id IS NULL)",
    ),
    ("package", "declared", "declared_minor >= 0"),
    ("tip", "amounts", "amount_minor > 0 AND refunded_minor >= 0 AND disputed_minor >= 0"),
    ("tip", "paid", "(state = 'PAID') = (statement_id IS NOT NULL) AND (state = 'WAITING') = (url IS NOT NULL)"),
    (
        "rating",
        "reasons",
        "reasons <@ ARRAY['ON_TIME', 'LATE', 'FRIENDLY', 'RUDE', 'CAREFUL', 'DAMAGED', 'GOOD_PLACE', 'WRONG_PLACE', 'WELL_INFORMED', 'UNINFORMED']",
    ),
    ("hub", "reach", "reach_s BETWEEN 60 AND 7200"),
    ("hub_cell", "drive", "drive_s >= 0"),
    (
        "dock",
        "slots",
        "slot_s BETWEEN 600 AND 14400 AND places BETWEEN 1 AND 100 AND tolerance_s BETWEEN 0 AND 7200 AND opens < closes",
    ),
    (
        "substitution",
        "answered",
        (
            "quantity > 0 AND (state = 'OPEN') = (by_sku_id IS NULL) AND (state = 'PROPOSED') = (answer_due_at IS NOT NULL)"
            " AND (state IN ('TAKEN', 'LEFT_OUT')) = (settled_at IS NOT NULL)"
        ),
    ),
    ("dock_appointment", "slot", "opens_at < closes_at AND (state = 'RELEASED') = (ended_at IS NOT NULL)"),
    (
        "dock_appointment",
        "of_a_delivery",
        "(delivery_id IS NULL) = (is_pickup IS NULL) AND (state = 'HELD') = (delivery_id IS NULL)",
    ),
    ("sku", "sides", "weight_g > 0 AND length_mm > 0 AND width_mm > 0 AND height_mm > 0"),
    # What is promised lies there: two who want the last one cannot both have it
    ("hub_stock", "promised", "on_hand >= 0 AND reserved >= 0 AND reserved <= on_hand"),
    ("stock_movement", "moves", "on_hand_change <> 0 OR reserved_change <> 0"),
    ("stock_reservation", "quantity", "quantity > 0"),
    ("replenishment", "points", "min_quantity >= 0 AND target_quantity > min_quantity AND source_hub_id <> hub_id"),
    ("stock_transfer", "elsewhere", "from_hub_id <> to_hub_id"),
    ("window_hold", "window", "opens_at < closes_at"),
    ("window_hold", "booked", "delivery_id IS NOT NULL OR state NOT IN ('BOOKED', 'REVOKED', 'REPLACED')"),
    ("package", "sides", "weight_g > 0 AND length_mm > 0 AND width_mm > 0 AND height_mm > 0"),
    (
        "route",
        "has_driver",
        "(state IN ('ASSIGNED', 'STARTED', 'COMPLETED')) <= (driver_id IS NOT NULL AND accepted_at IS NOT NULL AND guarantee_minor IS NOT NULL)",
    ),
    (
        "surge_decision",
        "counts",
        (
            "open_stops >= 0 AND forecast_milli >= 0 AND idle_drivers >= 0 AND population >= 0 AND demand_milli >= 0"
            " AND supply_milli >= 0 AND raw_ratio_percent >= 0 AND ratio_percent >= 0"
        ),
    ),
    (
        "surge_decision",
        "bounded",
        (
            "target_percent BETWEEN 0 AND 100 AND level_percent BETWEEN 0 AND 100 AND percent BETWEEN 0 AND 100"
            " AND rising BETWEEN 0 AND 2 AND falling BETWEEN 0 AND 3 AND driver_bonus_minor >= 0"
            " AND surcharge_basis_points BETWEEN 0 AND 10000"
            " AND (percent > 0 OR driver_bonus_minor = 0 AND surcharge_basis_points = 0)"
        ),
    ),
    ("surge_decision", "holds", "holds_until >= decided_at"),
    (
        "surge_override",
        "level",
        "percent BETWEEN 0 AND 100 AND expires_at > set_at AND (cell IS NOT NULL OR percent = 0)",
    ),
    ("surge_bonus", "borne", "bonus_minor > 0 AND borne_by_shippers_minor BETWEEN 0 AND bonus_minor"),
    ("demand_forecast", "expected", "expected_stops >= 0"),
    ("forecast_run", "counts", "history_hours >= 0 AND held_out_hours >= 0 AND expected_stops >= 0"),
    ("block", "places", "places > 0 AND taken BETWEEN 0 AND places"),
    ("block", "hours", "opens_at < closes_at AND signs_from <= opens_at AND draw_s >= 0"),
    ("block", "terms", "floor_per_hour_minor >= 0 AND free_until_min >= 0 AND answer_s > 0"),
    ("block", "area", "cardinality(area_cells) > 0"),
    ("block", "ended", "(state = 'PUBLISHED') = (ended_at IS NULL) AND (state = 'CANCELLED') = (reason IS NOT NULL)"),
    ("sign_up", "hours", "opens_at < closes_at"),
    ("sign_up", "asked", "(state = 'ASKED') = (answer_by IS NOT NULL)"),
    ("sign_up", "open", "(state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED')) = (ended_at IS NULL)"),
    ("sign_up", "late", "NOT is_late OR state = 'LEFT'"),
    (
        "sign_up",
        "kept",
        (
            "(state = 'KEPT') = (attended_s IS NOT NULL) AND (attended_s IS NULL) = (earned_minor IS NULL)"
            " AND (attended_s IS NULL) = (top_up_minor IS NULL) AND (state = 'KEPT') <= (checked_in_at IS NOT NULL)"
            " AND (coalesce(top_up_minor, 0) > 0) = (statement_id IS NOT NULL)"
        ),
    ),
    (
        "delivery",
        "surge",
        "surge_minor >= 0 AND (surge_minor = 0 OR surge_decision_id IS NOT NULL)",
    ),
    (
        "market",
        "surge_dials",
        (
            "surge_every_s BETWEEN 10 AND 3600 AND surge_starts_at_percent >= 0"
            " AND surge_full_after_percent > 0 AND surge_max_step_percent BETWEEN 10 AND 100"
            " AND surge_half_life_s >= 0 AND surge_minimum_population >= 0 AND surge_stops_per_driver > 0"
            " AND surge_bonus_cap_minor >= 0 AND surge_surcharge_cap_percent BETWEEN 0 AND 100"
            " AND surge_budget_minor >= 0 AND surge_window_s >= 60"
        ),
    ),
    ("route", "raise", "raise_minor >= 0 AND bonus_minor >= 0"),
    ("zone_pause", "span", "expires_at > set_at AND cardinality(cells) BETWEEN 1 AND 200"),
    ("stop", "leg", "leg_m >= 0 AND leg_s >= 0"),
    ("reassignment", "two_drivers", "from_driver_id <> to_driver_id"),
    ("reassignment", "place", "(lat IS NULL) = (lon IS NULL)"),
    (
        "reassignment",
        "amounts",
        "way_m >= 0 AND approach_m >= 0 AND approach_s >= 0 AND first_leg_m >= 0 AND first_leg_s >= 0 AND pay_minor >= 0",
    ),
    ("reassignment", "code_tries", "code_tries BETWEEN 0 AND 5"),
    # Parcels that are aboard change hands by code and scan, and what passed on is a route of its own
    ("reassignment", "done", "(state = 'DONE') = (next_route_id IS NOT NULL)"),
    # Whoever had said yes and drove in vain is paid for the way
    ("reassignment", "way_paid", "(state = 'CANCELLED' AND agreed_at IS NOT NULL) = (way_route_id IS NOT NULL)"),
    (
        "reassignment",
        "proven",
        (
            "(state IN ('AGREED', 'GIVEN', 'DONE')) <= (agreed_at IS NOT NULL)"
            " AND (state = 'GIVEN' OR state = 'DONE' AND code IS NOT NULL) <= (given IS NOT NULL)"
        ),
    ),
    ("proof", "named", "named_at IS NULL OR state = 'UPLOADED'"),
    ("stop", "path", "length(path) <= 1200"),
    ("offer", "pay", "pay_minor >= 0"),
    ("offer", "chance", "accept_prob BETWEEN 0 AND 1 AND (accept_prob IS NULL) = (model_version IS NULL)"),
    ("choice", "sent", "(outcome IN ('EXCLUSIVE', 'BROADCAST', 'BY_HAND')) = (wave_id IS NOT NULL)"),
    ("speed_factor", "seconds", "free_s >= 0 AND driven_s >= 0"),
    ("speed_factor", "now", "(layer = 'LIVE') = (slot = -1) AND slot BETWEEN -1 AND 23 AND road_group BETWEEN 0 AND 2"),
    ("traffic_release", "version", "version >= 0 AND (version = 0) = (released_at IS NULL)"),
    ("acceptance_model", "counts", "version > 0 AND accepted >= 0 AND declined >= 0 AND expired >= 0"),
    ("offer", "deadline", "expires_at > sent_at"),
    ("offer", "ended", "(state IN ('SENT', 'VIEWED')) = (ended_at IS NULL)"),
    ("pay_statement", "total", "total_minor >= 0"),
    (
        # A statement is for one reason, and says which.
        "pay_statement",
        "reason",
        (
            "(kind = 'ROUTE') = (route_id IS NOT NULL) AND (kind = 'TIP') = (delivery_id IS NOT NULL)"
            " AND (kind IN ('ROUTE', 'TRUE_UP')) = (policy_version IS NOT NULL)"
            " AND (kind IN ('TRUE_UP', 'POOL_SHARE')) = (number IS NOT NULL)"
        ),
    ),
    (
        "pay_statement",
        "period",
        (
            "(jurisdiction IS NULL) = (period_starts_at IS NULL) AND (period_starts_at IS NULL) = (period_ends_at IS NULL)"
            " AND (number IS NOT NULL) <= (jurisdiction IS NOT NULL) AND (kind = 'TIP') <= (jurisdiction IS NULL)"
            " AND (settles_at IS NOT NULL) = (kind = 'ROUTE' AND jurisdiction IS NOT NULL) AND period_starts_at < period_ends_at"
            " AND (true_up_id IS NOT NULL) <= (kind = 'ROUTE')"
            " AND (pay_period_id IS NOT NULL) <= (kind IN ('TRUE_UP', 'POOL_SHARE'))"
        ),
    ),
    ("pay_period", "amounts", "total_minor >= 0 AND starts_at < ends_at AND number >= 0"),
    ("billing_profile", "limits", "credit_limit_minor >= 0 AND due_days BETWEEN 0 AND 120"),
    (
        "bill_line",
        "sign",
        (
            "amount_minor <> 0 AND (kind = 'CARRIED' OR (amount_minor > 0)"
            " = (kind IN ('DELIVERY', 'REDELIVERY', 'CANCELLATION', 'NO_SHOW', 'RESERVATION', 'TIP', 'SENT_BACK')))"
            " AND (kind = 'CARRIED') = (journal_id IS NULL)"
        ),
    ),
    ("bill_line", "collected_once", "charge_id IS NULL OR invoice_line_id IS NULL"),
    ("delivery", "fee", "fee_minor >= 0"),
    ("charge", "amount", "amount_minor > 0 AND captured_minor >= 0 AND disputed_minor >= 0"),
    ("charge", "refunds", "refunded_minor BETWEEN 0 AND captured_minor"),
    ("charge", "paid", "(state = 'PAID') = (paid_at IS NOT NULL) AND (state = 'PAID') = (captured_minor > 0)"),
    ("refund", "amount", "amount_minor > 0"),
    ("refund", "subject", "num_nonnulls(charge_id, invoice_id) = 1 AND (invoice_id IS NULL OR object_id IS NOT NULL)"),
    ("invoice", "total", "total_minor > 0 AND period_end > period_start"),
    ("invoice", "back", "refunded_minor BETWEEN 0 AND total_minor AND disputed_minor >= 0 AND drawing > 0"),
    ("invoice", "compared", "state NOT IN ('FINALIZING', 'OPEN') OR shown_minor = total_minor"),
    ("invoice_line", "sum", "amount_minor <> 0 AND quantity > 0"),
    ("payout", "amount", "amount_minor > 0 AND fee_minor >= 0 AND debt_minor >= 0"),
    ("payout", "whole", "amount_minor = entries_minor + carried_minor - fee_minor - debt_minor"),
    ("payout", "free", "method = 'INSTANT' OR fee_minor = 0"),
    ("payout", "booked", "booked_sends BETWEEN 0 AND sends AND (transferred_at IS NOT NULL OR sends = 0)"),
    ("payout", "reversed", "reversed_minor BETWEEN 0 AND amount_minor AND owed_minor BETWEEN 0 AND reversed_minor"),
    ("payout", "given_back", "NOT is_given_back OR state IN ('FAILED', 'REVERSED')"),
    ("payout_entry", "amount", "amount_minor <> 0"),
    ("payout", "payee", "(driver_id IS NULL) <> (company_id IS NULL)"),
    (
        "payout_account",
        "payee",
        "(driver_id IS NULL) <> (company_id IS NULL) AND payee_id = coalesce(driver_id, company_id)",
    ),
    ("payout_account", "opened", "account IS NOT NULL OR NOT (can_receive OR can_pay_out)"),
    ("payout_quote", "payee", "(driver_id IS NULL) <> (company_id IS NULL)"),
    ("payout_quote", "amount", "amount_minor > 0 AND fee_minor >= 0 AND expires_at > created_at"),
    ("pay_adjustment", "amount", "amount_minor <> 0"),
    (
        "stripe_operation",
        "amount",
        (
            "(amount_minor > 0 OR kind = 'ADD_INVOICE_ITEM') AND currency IS NOT NULL"
            " OR amount_minor IS NULL AND currency IS NULL"
        ),
    ),
    ("stripe_operation", "ended", "(ended_at IS NOT NULL) = (state IN ('DONE', 'REJECTED'))"),
    ("stripe_movement", "sum", "net_minor = gross_minor - fee_minor"),
    ("reconciliation", "clean", "is_clean = (jsonb_array_length(findings) = 0)"),
    ("stripe_operation", "made", "object_id IS NOT NULL OR state <> 'DONE'"),
    ("webhook", "disabled", "(state = 'DISABLED') <= (disabled_reason IS NOT NULL)"),
    ("webhook", "quiet", "state = 'ENABLED' OR next_at IS NULL"),
    ("webhook_message", "ended", "(state = 'READY') = (ended_at IS NULL) AND (state = 'READY' OR next_at IS NULL)"),
]

INDEXES = [
    # (name, definition after CREATE [UNIQUE] INDEX name)
    ("UNIQUE", "market_slug", "market (slug)"),
    ("UNIQUE", "pay_policy_version", "pay_policy (market_id, version)"),
    ("", "pay_policy_in_force", "pay_policy (market_id, effective_from DESC, version DESC)"),
    ("UNIQUE", "api_key_digest", "api_key (digest)"),
    ("", "api_key_shipper", "api_key (shipper_id)"),
    ("UNIQUE", "tracking_link_digest", "tracking_link (digest)"),
    ("UNIQUE", "tracking_link_one", "tracking_link (delivery_id) WHERE revoked_at IS NULL"),
    ("UNIQUE", "browser_once", "browser (delivery_id, endpoint)"),
    ("", "browser_link", "browser (link_id)"),
    ("UNIQUE", "rating_once", "rating (delivery_id)"),
    ("", "erasure_delivery", "erasure (delivery_id)"),
    ("", "delivery_recipient", "delivery (recipient_phone) WHERE recipient_phone <> ''"),
    ("UNIQUE", "operator_email", "operator (email)"),
    ("", "operator_action_market", "operator_action (market_id, id)"),
    ("", "sign_in_code_address", "sign_in_code (kind, address, created_at DESC)"),
    ("UNIQUE", "session_digest", "session (digest)"),
    ("", "session_previous", "session (previous_digest) WHERE previous_digest IS NOT NULL"),
    ("", "session_principal", "session (principal_id)"),
    # A day of a recurring batch is settled once
    ("UNIQUE", "recurring_run_once", "recurring_run (recurring_batch_id, day)"),
    ("", "recurring_run_batch", "recurring_run (batch_id) WHERE batch_id IS NOT NULL"),
    ("UNIQUE", "recurring_version_number", "recurring_version (recurring_batch_id, number)"),
    ("", "recurring_version_shipper", "recurring_version (shipper_id)"),
    ("", "recurring_batch_shipper", "recurring_batch (shipper_id, id)"),
    ("", "recurring_batch_due", "recurring_batch (market_id, next_at) WHERE state = 'ACTIVE'"),
    ("UNIQUE", "service_area_version", "service_area (market_id, shipper_id, version) NULLS NOT DISTINCT"),
    ("UNIQUE", "service_level_version", "service_level (shipper_id, market_id, tier, version)"),
    ("", "capacity_reservation_market", "capacity_reservation (market_id)"),
    ("", "capacity_reservation_shipper", "capacity_reservation (shipper_id)"),
    ("", "capacity_reservation_hub", "capacity_reservation (hub_id) WHERE hub_id IS NOT NULL"),
    ("", "capacity_reservation_open", "capacity_reservation (settled_through) WHERE NOT is_over"),
    ("UNIQUE", "reservation_terms_version", "reservation_terms (reservation_id, version)"),
    # A day is settled once, and so what stayed unused is charged once
    ("UNIQUE", "reservation_day_once", "reservation_day (reservation_id, day)"),
    ("", "reservation_day_journal", "reservation_day (journal_id) WHERE journal_id IS NOT NULL"),
    ("UNIQUE", "experience_goal_version", "experience_goal (shipper_id, market_id, metric, version)"),
    ("", "experience_goal_market", "experience_goal (market_id)"),
    ("UNIQUE", "experience_miss_open", "experience_miss (market_id, shipper_id, metric) WHERE ended_at IS NULL"),
    ("", "experience_miss_goal", "experience_miss (goal_id)"),
    ("UNIQUE", "experience_day_once", "experience_day (market_id, shipper_id, day)"),
    ("", "delivery_service_level", "delivery (service_level_id) WHERE service_level_id IS NOT NULL"),
    ("UNIQUE", "rural_zone_version", "rural_zone (market_id, code, version)"),
    ("", "delivery_rural_zone", "delivery (rural_zone_id) WHERE rural_zone_id IS NOT NULL"),
    ("UNIQUE", "rate_card_version", "rate_card (shipper_id, market_id, service_level, version)"),
    ("UNIQUE", "driver_phone", "driver (phone)"),
    ("", "driver_market", "driver (market_id)"),
    ("", "route_company", "route (company_id) WHERE company_id IS NOT NULL"),
    ("UNIQUE", "payout_account_driver", "payout_account (driver_id)"),
    ("UNIQUE", "payout_account_company", "payout_account (company_id) WHERE company_id IS NOT NULL"),
    ("", "driver_company", "driver (company_id) WHERE company_id IS NOT NULL"),
    ("UNIQUE", "company_within", "company (id, market_id)"),
    ("UNIQUE", "driver_within", "driver (id, market_id)"),
    ("", "company_market", "company (market_id)"),
    ("", "cold_breach_open", "cold_breach (market_id, occurred_at) WHERE settled_at IS NULL"),
    ("", "driver_message_driver", "driver_message (driver_id, id)"),
    ("", "zone_pause_open", "zone_pause (market_id, expires_at) WHERE ended_at IS NULL"),
    ("UNIQUE", "dispatcher_email", "dispatcher (email)"),
    ("", "dispatcher_company", "dispatcher (company_id)"),
    ("", "driver_document_driver", "driver_document (driver_id, kind)"),
    ("", "driver_document_waiting", "driver_document (market_id, uploaded_at) WHERE state = 'UPLOADED'"),
    ("", "driver_document_ending", "driver_document (expires_at) WHERE state = 'ACCEPTED' AND told_at IS NULL"),
    ("", "vehicle_driver", "vehicle (driver_id) WHERE driver_id IS NOT NULL"),
    ("", "vehicle_company", "vehicle (company_id) WHERE company_id IS NOT NULL"),
    ("UNIQUE", "route_driven", "route (id, driver_id)"),
    ("UNIQUE", "standing_evidence_once", "standing_evidence (kind, subject_id)"),
    ("", "standing_evidence_driver", "standing_evidence (driver_id, kind, occurred_at DESC)"),
    ("", "standing_evidence_market", "standing_evidence (market_id, occurred_at)"),
    ("UNIQUE", "standing_evidence_within", "standing_evidence (id, driver_id)"),
    ("", "driver_standing_market", "driver_standing (market_id)"),
    ("UNIQUE", "standing_correction_once", "standing_correction (evidence_id)"),
    ("", "standing_correction_open", "standing_correction (market_id, asked_at) WHERE state = 'OPEN'"),
    ("", "suspension_driver", "suspension (driver_id, proposed_at)"),
    ("UNIQUE", "suspension_decision", "suspension (id, driver_id, decided_by)"),
    ("UNIQUE", "suspension_one_open", "suspension (driver_id) WHERE state IN ('PROPOSED', 'CONFIRMED')"),
    ("", "suspension_open", "suspension (market_id, proposed_at) WHERE state IN ('PROPOSED', 'CONFIRMED')"),
    ("", "shift_driver", "shift (driver_id, ends_at)"),
    ("", "presence_available", "presence (market_id, state) INCLUDE (driver_id)"),
    (
        "",
        "presence_next_end",
        "presence (online_until) WHERE state IN ('AVAILABLE', 'OFFERED', 'PAUSED')",
    ),
    ("", "hub_market", "hub (market_id)"),
    ("UNIQUE", "hub_cell_once", "hub_cell (market_id, cell, hub_id)"),
    ("", "hub_cell_hub", "hub_cell (hub_id)"),
    ("UNIQUE", "substitution_once", "substitution (delivery_id, sku_id)"),
    ("", "substitution_due", "substitution (answer_due_at) WHERE state = 'PROPOSED'"),
    ("UNIQUE", "dock_once", "dock (shipper_id, market_id, code)"),
    ("", "dock_appointment_taken", "dock_appointment (dock_id, opens_at) WHERE state <> 'RELEASED'"),
    (
        "UNIQUE",
        "dock_appointment_one",
        "dock_appointment (delivery_id, is_pickup) WHERE state = 'BOOKED'",
    ),
    ("", "dock_appointment_booked", "dock_appointment (market_id, closes_at) WHERE state = 'BOOKED'"),
    ("UNIQUE", "sku_once", "sku (shipper_id, market_id, code)"),
    ("UNIQUE", "sku_within", "sku (id, market_id)"),
    ("", "sku_market", "sku (market_id)"),
    ("UNIQUE", "hub_stock_once", "hub_stock (sku_id, hub_id)"),
    ("UNIQUE", "hub_stock_of_hub", "hub_stock (hub_id, sku_id, market_id)"),
    ("", "stock_movement_of_sku", "stock_movement (sku_id, hub_id, id)"),
    ("", "stock_movement_delivery", "stock_movement (delivery_id) WHERE delivery_id IS NOT NULL"),
    ("UNIQUE", "stock_reservation_once", "stock_reservation (delivery_id, sku_id)"),
    ("", "stock_reservation_of_hub", "stock_reservation (hub_id, sku_id)"),
    ("UNIQUE", "replenishment_once", "replenishment (sku_id, hub_id)"),
    ("", "replenishment_hub", "replenishment (hub_id)"),
    ("", "replenishment_source", "replenishment (source_hub_id)"),
    ("", "replenishment_market", "replenishment (market_id)"),
    ("UNIQUE", "stock_transfer_delivery", "stock_transfer (delivery_id)"),
    ("", "stock_transfer_from", "stock_transfer (from_hub_id)"),
    ("", "stock_transfer_to", "stock_transfer (to_hub_id)"),
    # A shortage raises one transfer at a time
    (
        "UNIQUE",
        "stock_transfer_one_open",
        "stock_transfer (replenishment_id) WHERE replenishment_id IS NOT NULL AND ended_at IS NULL",
    ),
    ("", "stock_transfer_replenishment", "stock_transfer (replenishment_id)"),
    ("", "stock_transfer_open", "stock_transfer (market_id, created_at) WHERE ended_at IS NULL"),
    ("", "delivery_part_of", "delivery (part_of) WHERE part_of IS NOT NULL"),
    # A delivery has one window booked and one on hold
    ("UNIQUE", "window_hold_one_held", "window_hold (delivery_id) WHERE state = 'HELD' AND delivery_id IS NOT NULL"),
    ("UNIQUE", "window_hold_one_booked", "window_hold (delivery_id) WHERE state = 'BOOKED'"),
    ("", "window_hold_of_hub", "window_hold (hub_id, closes_at) WHERE state = 'HELD'"),
    ("", "window_hold_due", "window_hold (expires_at) WHERE state = 'HELD'"),
    ("", "window_hold_of_market", "window_hold (market_id, closes_at) WHERE state IN ('HELD', 'BOOKED')"),
    (
        "",
        "delivery_of_market_day",
        "delivery (market_id, dropoff_closes_at) INCLUDE (shipper_id) WHERE return_of IS NULL",
    ),
    (
        "",
        "delivery_of_hub",
        "delivery (hub_id, dropoff_closes_at) WHERE hub_id IS NOT NULL AND state NOT IN ('CANCELLED', 'EXPIRED', 'FAILED')",
    ),
    # One stream of each market, in one order
    ("UNIQUE", "event_stream", "event (market_id, position)"),
    ("", "event_unpublished", "event (market_id, ordinal) WHERE position IS NULL"),
    ("", "event_of_shipper", "event (shipper_id, position) WHERE shipper_id IS NOT NULL"),
    ("", "event_of_driver", "event (driver_id, position) WHERE driver_id IS NOT NULL"),
    ("", "event_of_delivery", "event (delivery_id, position) WHERE delivery_id IS NOT NULL"),
    # Jobs: at most one waits and at most one runs for each subject
    ("UNIQUE", "job_waiting", "job (kind, subject) WHERE state = 'READY'"),
    ("UNIQUE", "job_running", "job (kind, subject) WHERE state = 'RUNNING'"),
    ("", "job_dead", "job (market_id, run_at) WHERE state = 'DEAD'"),
    ("", "job_due", "job (run_at) WHERE state <> 'DEAD'"),
    ("", "idempotency_age", "idempotency (created_at)"),
    # Money
    ("UNIQUE", "account_code", "account (code)"),
    ("UNIQUE", "account_within", "account (id, market_id, currency)"),
    ("UNIQUE", "journal_key", "journal (key)"),
    ("", "journal_subject", "journal (subject_id)"),
    ("", "posting_journal", "posting (journal_id)"),
    ("", "posting_debit", "posting (debit_id)"),
    ("", "posting_credit", "posting (credit_id)"),
    ("UNIQUE", "posting_resolved_once", "posting (pending_id) WHERE pending_id IS NOT NULL"),
    # A shipper's own reference is posted once
    ("UNIQUE", "delivery_external_id", "delivery (shipper_id, external_id)"),
    ("UNIQUE", "batch_of_quote", "batch (quote_id) WHERE quote_id IS NOT NULL"),
    ("", "batch_shipper", "batch (shipper_id, id)"),
    # What a shipper has posted and not been billed for counts against its credit
    (
        "",
        "delivery_unbilled",
        "delivery (shipper_id, market_id) INCLUDE (price_minor, redelivery_minor) WHERE billed_at IS NULL",
    ),
    # What shippers owe
    ("UNIQUE", "billing_profile_once", "billing_profile (shipper_id, market_id)"),
    ("", "billing_profile_due", "billing_profile (market_id, next_due_at)"),
    (
        "UNIQUE",
        "bill_line_once",
        (
            "bill_line (delivery_id, kind)"
            " WHERE kind IN ('DELIVERY', 'REDELIVERY', 'CANCELLATION', 'NO_SHOW', 'SLA_CREDIT')"
        ),
    ),
    (
        "",
        "bill_line_open",
        "bill_line (shipper_id, market_id, id) WHERE charge_id IS NULL AND invoice_line_id IS NULL",
    ),
    ("", "bill_line_charge", "bill_line (charge_id) WHERE charge_id IS NOT NULL"),
    ("", "bill_line_invoice", "bill_line (invoice_line_id) WHERE invoice_line_id IS NOT NULL"),
    ("", "bill_line_delivery", "bill_line (delivery_id) WHERE delivery_id IS NOT NULL"),
    ("", "charge_shipper", "charge (shipper_id, id)"),
    (
        "",
        "charge_unpaid",
        "charge (shipper_id, market_id) WHERE state IN ('OPEN', 'DECLINED', 'ACTION_REQUIRED')",
    ),
    ("", "charge_open", "charge (market_id, next_try_at) WHERE state IN ('OPEN', 'DECLINED', 'ACTION_REQUIRED')"),
    ("", "charge_unsettled", "charge (market_id, available_on) WHERE settled_at IS NULL AND state = 'PAID'"),
    ("", "charge_disputed", "charge (market_id) WHERE disputed_minor > 0"),
    ("", "refund_charge", "refund (charge_id) WHERE charge_id IS NOT NULL"),
    ("", "refund_invoice", "refund (invoice_id) WHERE invoice_id IS NOT NULL"),
    ("UNIQUE", "refund_by_hand", "refund (object_id) WHERE object_id IS NOT NULL"),
    ("", "refund_by_hand_lately", "refund (market_id, created_at) WHERE object_id IS NOT NULL"),
    ("", "refund_failed", "refund (market_id) WHERE state = 'FAILED'"),
    ("", "refund_sending", "refund (market_id, id) WHERE state = 'SENDING'"),
    ("", "invoice_shipper", "invoice (shipper_id, id)"),
    ("", "invoice_unpaid", "invoice (shipper_id, market_id) WHERE state NOT IN ('PAID', 'VOID')"),
    (
        "",
        "invoice_unsettled",
        "invoice (market_id, available_on) WHERE settled_at IS NULL AND available_on IS NOT NULL",
    ),
    ("", "invoice_disputed", "invoice (market_id) WHERE disputed_minor > 0"),
    ("UNIQUE", "invoice_number", "invoice (shipper_id, market_id, number)"),
    ("UNIQUE", "invoice_period", "invoice (shipper_id, market_id, period_start)"),
    ("", "invoice_open", "invoice (market_id, due_at) WHERE state <> 'PAID'"),
    ("UNIQUE", "invoice_line_place", "invoice_line (invoice_id, place)"),
    ("", "quote_shipper", "quote (shipper_id)"),
    ("", "delivery_batch", "delivery (batch_id)"),
    ("", "delivery_route", "delivery (route_id) WHERE route_id IS NOT NULL"),
    ("", "delivery_to_plan", "delivery (market_id, plan_after) WHERE state = 'SCHEDULED'"),
    ("", "delivery_open", "delivery (market_id, dropoff_closes_at) WHERE state IN ('SCHEDULED', 'OFFERING')"),
    # A zone reads its own deliveries only; a driver is planned for by one zone at a time
    ("", "delivery_to_plan_at", "delivery (market_id, pickup_lat, pickup_lon) WHERE state = 'SCHEDULED'"),
    ("UNIQUE", "matching_zone_path", "matching_zone (market_id, path)"),
    ("UNIQUE", "route_one_planned_per_driver", "route (planned_driver_id) WHERE state IN ('PLANNED', 'OFFERING')"),
    # What the wakers look for: the earliest of all markets
    ("", "delivery_next_expiry", "delivery (dropoff_closes_at) WHERE state = 'SCHEDULED'"),
    ("", "delivery_next_look", "delivery (plan_after) WHERE state = 'SCHEDULED'"),
    (
        "UNIQUE",
        "delivery_one_return",
        "delivery (return_of) WHERE return_of IS NOT NULL AND state NOT IN ('CANCELLED', 'FAILED')",
    ),
    # A hand-over fails once under each number; what waits for a new window has a deadline; so has what has no place
    ("UNIQUE", "attempt_number", "attempt (delivery_id, number)"),
    ("", "attempt_stop", "attempt (stop_id)"),
    ("", "delivery_to_answer", "delivery (answer_due_at) WHERE brought_back_at IS NOT NULL"),
    ("", "delivery_to_place", "delivery (market_id, id) WHERE state = 'CREATED'"),
    ("", "delivery_unplaced_expiry", "delivery (dropoff_closes_at) WHERE state = 'CREATED'"),
    ("UNIQUE", "drop_visit_once", "drop_visit (stop_id, weight)"),
    ("", "drop_visit_point", "drop_visit (drop_point_id, occurred_at)"),
    ("", "drop_point_review", "drop_point (market_id, id) WHERE needs_review"),
    ("", "geocoded_text_age", "geocoded_text (expires_at)"),
    ("UNIQUE", "shipper_day_once", "shipper_day (market_id, shipper_id, day)"),
    ("UNIQUE", "attempt_day_once", "attempt_day (market_id, shipper_id, day, reason)"),
    # Figures of a day: read by market and day, by a shipper for itself, and written from what carries that day
    ("UNIQUE", "kpi_day_once", "kpi_day (market_id, day, shipper_id, hub_id) NULLS NOT DISTINCT"),
    ("", "kpi_day_shipper", "kpi_day (market_id, shipper_id, day)"),
    ("UNIQUE", "kpi_due_once", "kpi_due (market_id, day)"),
    # Events come in order of time: a few bytes for each hundred pages, and hardly any work for who writes them
    ("", "event_of_day", "event USING brin (occurred_at) WITH (autosummarize = on)"),
    ("", "route_completed", "route (market_id, ended_at) WHERE state = 'COMPLETED'"),
    ("", "pay_statement_besides", "pay_statement (market_id, created_at) WHERE kind NOT IN ('ROUTE', 'TIP')"),
    ("", "bill_line_of_day", "bill_line (market_id, created_at)"),
    ("", "refund_of_day", "refund (market_id, created_at)"),
    ("", "delivery_of_day", "delivery (market_id, created_at)"),
    ("", "package_delivery", "package (delivery_id)"),
    # A driver holds one active route
    ("UNIQUE", "route_one_active_per_driver", "route (driver_id) WHERE state IN ('ASSIGNED', 'STARTED')"),
    ("", "route_open", "route (market_id, state) WHERE state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED')"),
    ("", "route_of_driver", "route (driver_id, id) WHERE driver_id IS NOT NULL"),
    # A route passes on once, to one driver at a time, and a driver waits for one route only
    ("UNIQUE", "reassignment_one_open", "reassignment (route_id) WHERE state IN ('OFFERED', 'AGREED', 'GIVEN')"),
    ("UNIQUE", "reassignment_one_done", "reassignment (route_id) WHERE state = 'DONE'"),
    ("UNIQUE", "reassignment_next", "reassignment (next_route_id) WHERE next_route_id IS NOT NULL"),
    ("UNIQUE", "reassignment_way", "reassignment (way_route_id) WHERE way_route_id IS NOT NULL"),
    ("", "reassignment_due", "reassignment (expires_at) WHERE state = 'OFFERED'"),
    ("UNIQUE", "reassignment_one_waiting", "reassignment (to_driver_id) WHERE state IN ('AGREED', 'GIVEN')"),
    ("", "reassignment_stop", "reassignment (next_stop_id)"),
    ("", "reassignment_to", "reassignment (to_driver_id) WHERE state IN ('OFFERED', 'AGREED', 'GIVEN')"),
    ("", "reassignment_from", "reassignment (from_driver_id) WHERE state IN ('OFFERED', 'AGREED', 'GIVEN')"),
    ("", "reassignment_market", "reassignment (market_id, id)"),
    ("UNIQUE", "stop_place", "stop (route_id, place)"),
    ("UNIQUE", "task_once", "task (stop_id, delivery_id)"),
    ("", "task_delivery", "task (delivery_id)"),
    ("UNIQUE", "custody_number", "custody (delivery_id, number)"),
    ("", "proof_stop", "proof (stop_id)"),
    ("", "proof_unnamed", "proof (created_at) WHERE named_at IS NULL AND object_key IS NOT NULL"),
    ("", "stop_report_route", "stop_report (route_id)"),
    # An offer has one winner, a driver one open offer of a route
    ("UNIQUE", "offer_one_accepted", "offer (route_id) WHERE state = 'ACCEPTED'"),
    ("UNIQUE", "offer_one_open", "offer (route_id, driver_id) WHERE state IN ('SENT', 'VIEWED')"),
    ("", "offer_due", "offer (expires_at) WHERE state IN ('SENT', 'VIEWED')"),
    ("", "offer_inbox", "offer (driver_id) WHERE state IN ('SENT', 'VIEWED')"),
    ("", "offer_wave", "offer (wave_id)"),
    ("", "offer_route", "offer (route_id)"),
    # What the acceptance model learns from: the latest answers of a market
    ("", "offer_answered", "offer (market_id, ended_at) WHERE state IN ('ACCEPTED', 'DECLINED', 'EXPIRED')"),
    ("UNIQUE", "acceptance_model_version", "acceptance_model (market_id, version)"),
    ("", "choice_route", "choice (route_id, id)"),
    ("", "choice_old", "choice (decided_at) WHERE raise_minor = 0"),
    ("UNIQUE", "choice_of_wave", "choice (wave_id) WHERE wave_id IS NOT NULL"),
    ("UNIQUE", "wave_number", "wave (route_id, number)"),
    ("UNIQUE", "wave_one_open", "wave (route_id) WHERE state = 'OPEN'"),
    # What holds in a cell now, and what the map shows
    ("UNIQUE", "surge_decision_cell", "surge_decision (market_id, cell, decided_at)"),
    ("", "surge_decision_log", "surge_decision (market_id, id)"),
    ("", "surge_decision_cell_log", "surge_decision (market_id, cell, id)"),
    ("", "surge_decision_old", "surge_decision (market_id, decided_at) WHERE percent = 0"),
    ("", "surge_decision_latest", "surge_decision (market_id, decided_at)"),
    ("", "surge_decision_override", "surge_decision (override_id) WHERE override_id IS NOT NULL"),
    ("UNIQUE", "surge_override_cell", "surge_override (market_id, cell) WHERE cell IS NOT NULL AND cleared_at IS NULL"),
    ("UNIQUE", "surge_freeze", "surge_override (market_id) WHERE cell IS NULL AND cleared_at IS NULL"),
    ("UNIQUE", "surge_bonus_route", "surge_bonus (route_id)"),
    ("", "surge_bonus_window", "surge_bonus (market_id, window_start)"),
    ("", "surge_bonus_decision", "surge_bonus (decision_id)"),
    # Blocks: what can be signed up for, what is due, and one open wish of each driver
    ("", "block_market", "block (market_id, opens_at)"),
    ("", "block_hub", "block (hub_id) WHERE hub_id IS NOT NULL"),
    ("", "block_company", "block (company_id) WHERE company_id IS NOT NULL"),
    ("", "block_open", "block (market_id, signs_from) WHERE state = 'PUBLISHED'"),
    (
        "UNIQUE",
        "sign_up_one_open",
        "sign_up (block_id, driver_id) WHERE state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED')",
    ),
    ("", "sign_up_line", "sign_up (block_id, line)"),
    ("", "sign_up_driver", "sign_up (driver_id, opens_at)"),
    ("", "sign_up_open", "sign_up (market_id, opens_at) WHERE state IN ('DRAWING', 'WAITING', 'ASKED', 'SIGNED')"),
    ("", "sign_up_statement", "sign_up (statement_id) WHERE statement_id IS NOT NULL"),
    ("", "sign_up_topped_up", "sign_up (market_id, opens_at) WHERE statement_id IS NOT NULL"),
    ("", "forecast_run_latest", "forecast_run (market_id, made_at)"),
    ("UNIQUE", "demand_forecast_slot", "demand_forecast (market_id, slot_start, cell)"),
    ("", "delivery_surge", "delivery (surge_decision_id) WHERE surge_decision_id IS NOT NULL"),
    ("", "wave_raises", "wave (market_id, opened_at) WHERE raise_step_minor > 0"),
    # Tracking and pay
    ("", "position_driver", "position (driver_id, occurred_at)"),
    ("", "position_age", "position (received_at)"),
    ("", "arrival_route", "arrival (route_id)"),
    ("", "arrival_stop", "arrival (stop_id)"),
    ("", "arrival_pickup", "arrival (pickup_stop_id) WHERE pickup_stop_id IS NOT NULL"),
    # What is timed again, earliest first
    ("", "route_timing_due", "route_timing (market_id, due_at)"),
    ("UNIQUE", "arrival_prediction_once", "arrival_prediction (stop_id, delivery_id, moment)"),
    ("", "arrival_prediction_age", "arrival_prediction (predicted_at)"),
    ("UNIQUE", "eta_day_once", "eta_day (market_id, day, moment, horizon_min)"),
    ("UNIQUE", "eta_shipper_day_once", "eta_shipper_day (market_id, day, shipper_id, hub_id) NULLS NOT DISTINCT"),
    ("UNIQUE", "fairness_day_once", "fairness_day (market_id, day, contract_kind) NULLS NOT DISTINCT"),
    ("", "position_undigested", "position (market_id, driver_id, occurred_at) WHERE NOT is_digested"),
    ("UNIQUE", "speed_factor_place", "speed_factor (market_id, layer, slot, cell, road_group)"),
    ("UNIQUE", "notification_once", "notification (event_id, audience, channel) WHERE event_id IS NOT NULL"),
    (
        "UNIQUE",
        "notification_one_per_cause",
        "notification (delivery_id, cause, occasion, audience, channel) WHERE cause IS NOT NULL",
    ),
    ("", "notification_waiting", "notification (market_id, not_before) WHERE state = 'WAITING'"),
    ("", "notification_log", "notification (market_id, ordinal)"),
    ("UNIQUE", "pay_statement_route", "pay_statement (route_id)"),
    # A driver's pay period is made up for once in each jurisdiction; an adjustment has the next number
    (
        "UNIQUE",
        "pay_statement_true_up_once",
        "pay_statement (driver_id, jurisdiction, kind, period_starts_at, period_ends_at, number) WHERE number IS NOT NULL",
    ),
    (
        "",
        "pay_statement_to_true_up",
        "pay_statement (market_id, settles_at) WHERE settles_at IS NOT NULL AND true_up_id IS NULL",
    ),
    (
        "",
        "pay_statement_to_close",
        "pay_statement (market_id, period_ends_at) WHERE kind = 'TRUE_UP' AND pay_period_id IS NULL",
    ),
    (
        "",
        "pay_statement_period",
        "pay_statement (market_id, period_starts_at, driver_id) WHERE period_starts_at IS NOT NULL",
    ),
    ("", "pay_statement_tip", "pay_statement (delivery_id) WHERE delivery_id IS NOT NULL"),
    ("UNIQUE", "pay_period_once", "pay_period (market_id, jurisdiction, starts_at, ends_at, number)"),
    # When drivers were on call, which a pooled pay floor counts
    (
        "",
        "event_presence",
        "event (market_id, occurred_at) WHERE name IN ('DriverWentOnline', 'DriverWentOffline')",
    ),
    ("", "pay_statement_held", "pay_statement (market_id, id) WHERE state = 'HELD'"),
    ("", "pay_statement_payable", "pay_statement (market_id, driver_id) WHERE state = 'PAYABLE'"),
    ("", "pay_statement_driver", "pay_statement (driver_id, id)"),
    ("", "pay_statement_company", "pay_statement (company_id, id) WHERE company_id IS NOT NULL"),
    ("", "pay_statement_journal", "pay_statement (journal_id) WHERE journal_id IS NOT NULL"),
    ("", "pay_statement_payout", "pay_statement (payout_id) WHERE payout_id IS NOT NULL"),
    (
        "UNIQUE",
        "payout_one_underway",
        "payout (coalesce(driver_id, company_id)) WHERE state IN ('SCHEDULED', 'IN_TRANSIT')",
    ),
    ("", "payout_driver", "payout (driver_id, id)"),
    ("", "payout_company", "payout (company_id, id) WHERE company_id IS NOT NULL"),
    ("", "payout_open", "payout (market_id, id) WHERE state <> 'PAID' AND NOT is_given_back"),
    ("", "payout_settled", "payout (market_id, settled_at) WHERE state = 'PAID'"),
    ("", "payout_entry_payout", "payout_entry (payout_id)"),
    ("", "payout_account_market", "payout_account (market_id, payee_id)"),
    ("", "payout_quote_driver", "payout_quote (driver_id) WHERE driver_id IS NOT NULL"),
    ("", "payout_quote_company", "payout_quote (company_id) WHERE company_id IS NOT NULL"),
    ("", "payout_quote_end", "payout_quote (expires_at)"),
    ("", "pay_adjustment_driver", "pay_adjustment (driver_id, id)"),
    ("UNIQUE", "claim_once", "claim (delivery_id) WHERE state <> 'WITHDRAWN'"),
    ("UNIQUE", "claim_credit", "claim (credit_id) WHERE credit_id IS NOT NULL"),
    ("", "claim_market", "claim (market_id, id)"),
    ("", "claim_open", "claim (market_id) WHERE state = 'OPEN'"),
    ("", "claim_shipper", "claim (shipper_id, id)"),
    ("", "claim_driver", "claim (driver_id, id) WHERE driver_id IS NOT NULL"),
    ("", "claim_delivery", "claim (delivery_id)"),
    ("UNIQUE", "claim_entry_number", "claim_entry (claim_id, number)"),
    ("", "tip_delivery", "tip (delivery_id)"),
    ("", "tip_driver", "tip (driver_id)"),
    ("", "tip_look", "tip (market_id, look_at) WHERE look_at IS NOT NULL"),
    ("", "tip_wanted", "tip (market_id, id) WHERE state = 'WANTED'"),
    ("", "tip_unsettled", "tip (market_id, available_on) WHERE state = 'PAID' AND settled_at IS NULL"),
    ("UNIQUE", "stripe_operation_once", "stripe_operation (kind, subject_id, number)"),
    (
        "UNIQUE",
        "stripe_operation_one_underway",
        "stripe_operation (kind, subject_id) WHERE state IN ('READY', 'SENT', 'UNKNOWN')",
    ),
    ("", "stripe_operation_open", "stripe_operation (created_at) WHERE state IN ('READY', 'SENT', 'UNKNOWN')"),
    (
        "",
        "stripe_operation_lying_open",
        "stripe_operation (market_id, id) WHERE state IN ('READY', 'SENT', 'UNKNOWN', 'REJECTED')",
    ),
    ("", "stripe_object_subject", "stripe_object (subject_id)"),
    ("", "stripe_object_operation", "stripe_object (operation_id) WHERE operation_id IS NOT NULL"),
    ("", "stripe_movement_object", "stripe_movement (object_id) WHERE object_id IS NOT NULL"),
    ("", "stripe_movement_foreign", "stripe_movement (id) WHERE object_id IS NULL"),
    ("", "reconciliation_market", "reconciliation (market_id, id)"),
    ("", "stripe_event_open", "stripe_event (received_at) WHERE processed_at IS NULL"),
    (
        "",
        "stripe_event_not_taken_in",
        "stripe_event (received_at, id) WHERE processed_at IS NULL OR error LIKE 'not_ours%'",
    ),
    ("UNIQUE", "market_day_once", "market_day (market_id, day)"),
    # Webhooks: a message for each event; of one delivery only the first that waits is sent
    ("", "webhook_shipper", "webhook (shipper_id, id)"),
    ("", "webhook_market", "webhook (market_id, id)"),
    ("", "webhook_due", "webhook (next_at) WHERE state = 'ENABLED' AND next_at IS NOT NULL"),
    ("UNIQUE", "webhook_message_once", "webhook_message (webhook_id, event_id)"),
    (
        "UNIQUE",
        "webhook_message_first",
        "webhook_message (webhook_id, line_id) WHERE state = 'READY' AND next_at IS NOT NULL",
    ),
    ("", "webhook_message_line", "webhook_message (webhook_id, line_id, position) WHERE state = 'READY'"),
    ("", "webhook_message_due", "webhook_message (webhook_id, next_at) WHERE state = 'READY' AND next_at IS NOT NULL"),
    ("", "webhook_message_failed", "webhook_message (webhook_id, ended_at) WHERE state = 'FAILED'"),
    ("", "webhook_message_ended", "webhook_message (ended_at) WHERE state <> 'READY'"),
    ("", "webhook_attempt_webhook", "webhook_attempt (webhook_id, id)"),
    ("", "webhook_attempt_message", "webhook_attempt (message_id)"),
]

ORDER_OF_EVENTS = "ALTER TABLE event ADD COLUMN ordinal bigint GENERATED ALWAYS AS IDENTITY"
"""Drawn when a Work stores its events, which is after it has all its locks: of two Works that wait for one another the
later one draws the higher numbers, whichever began first. So the relay can order by it; by id, the begin, it could not."""
ORDER_OF_MESSAGES = "ALTER TABLE notification ADD COLUMN ordinal bigint GENERATED ALWAYS AS IDENTITY"
"""The log of what people are told is read as it was written; ids of one millisecond sort by chance."""

WITHIN = [
    # (table, column, referenced table, columns that are the same on both sides); they need an index of their own
    ("posting", "debit_id", "account", "market_id, currency"),
    ("posting", "credit_id", "account", "market_id, currency"),
    # Stock is of a SKU of the same market
    ("substitution", "sku_id", "sku", "market_id"),
    ("substitution", "by_sku_id", "sku", "market_id"),
    ("hub_stock", "sku_id", "sku", "market_id"),
    ("stock_movement", "sku_id", "sku", "market_id"),
    ("stock_reservation", "sku_id", "sku", "market_id"),
    ("replenishment", "sku_id", "sku", "market_id"),
    ("driver", "company_id", "company", "market_id"),
    ("dispatcher", "company_id", "company", "market_id"),
    ("driver_document", "driver_id", "driver", "market_id"),
    # Evidence is of a route that this driver drove, and of nothing else
    ("standing_evidence", "route_id", "route", "driver_id"),
    ("driver_message", "driver_id", "driver", "market_id"),
    ("reassignment", "from_driver_id", "driver", "market_id"),
    ("reassignment", "to_driver_id", "driver", "market_id"),
    ("standing_evidence", "driver_id", "driver", "market_id"),
    ("standing_correction", "evidence_id", "standing_evidence", "driver_id"),
    ("standing_correction", "driver_id", "driver", "market_id"),
    ("suspension", "driver_id", "driver", "market_id"),
    ("vehicle", "driver_id", "driver", "market_id"),
    ("vehicle", "company_id", "company", "market_id"),
    ("block", "company_id", "company", "market_id"),
    ("route", "company_id", "company", "market_id"),
    ("pay_statement", "company_id", "company", "market_id"),
    ("payout", "company_id", "company", "market_id"),
    ("payout_quote", "company_id", "company", "market_id"),
    ("payout_account", "company_id", "company", "market_id"),
    ("sign_up", "driver_id", "driver", "market_id"),
]
"""References that stay within one market, those of money within one currency as well."""

ONE_PLACE_AT_A_TIME = """
-- A driver is in one block at a time. Two ranges of one number each stand for the driver's id, whole: PostgreSQL compares
-- ids in such a constraint only with an extension, which not everybody may install.
ALTER TABLE sign_up ADD CONSTRAINT sign_up_one_at_a_time EXCLUDE USING gist (
    int8range(('x' || substr(replace(driver_id::text, '-', ''), 1, 16))::bit(64)::bigint,
              ('x' || substr(replace(driver_id::text, '-', ''), 1, 16))::bit(64)::bigint, '[]') WITH &&,
    int8range(('x' || substr(replace(driver_id::text, '-', ''), 17, 16))::bit(64)::bigint,
              ('x' || substr(replace(driver_id::text, '-', ''), 17, 16))::bit(64)::bigint, '[]') WITH &&,
    tstzrange(opens_at, closes_at) WITH &&) WHERE (state IN ('SIGNED', 'KEPT'));
"""

HISTORY_STAYS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is history: rows of it are neither changed nor removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_whole BEFORE TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_stays BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_whole BEFORE TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_whole BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_kept BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_stays BEFORE UPDATE ON event FOR EACH ROW
    WHEN (OLD.position IS NOT NULL OR (to_jsonb(NEW) - 'position') <> (to_jsonb(OLD) - 'position'))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_action_stays BEFORE UPDATE OR DELETE ON operator_action
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_action_whole BEFORE TRUNCATE ON operator_action
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% in a final state never changes again', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER offer_final BEFORE UPDATE OF state, driver_id, route_id, pay_minor ON offer FOR EACH ROW
    WHEN (OLD.state IN ('ACCEPTED', 'DECLINED', 'EXPIRED', 'WITHDRAWN')) EXECUTE FUNCTION refuse_final();
CREATE TRIGGER stock_movement_stays BEFORE UPDATE OR DELETE ON stock_movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stock_movement_whole BEFORE TRUNCATE ON stock_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reassignment_final BEFORE UPDATE ON reassignment FOR EACH ROW
    WHEN (OLD.state IN ('DONE', 'DECLINED', 'EXPIRED', 'CANCELLED')) EXECUTE FUNCTION refuse_final();
-- What moved no money may go when it is old: searches that raised no pay, and decisions of no surge
CREATE TRIGGER choice_stays BEFORE UPDATE ON choice FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER choice_kept BEFORE DELETE ON choice FOR EACH ROW WHEN (OLD.raise_minor > 0)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acceptance_model_stays BEFORE UPDATE OR DELETE ON acceptance_model FOR EACH ROW
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER choice_whole BEFORE TRUNCATE ON choice FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acceptance_model_whole BEFORE TRUNCATE ON acceptance_model
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stripe_movement_stays BEFORE UPDATE OR DELETE ON stripe_movement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stripe_movement_whole BEFORE TRUNCATE ON stripe_movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reconciliation_stays BEFORE UPDATE OR DELETE ON reconciliation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reconciliation_whole BEFORE TRUNCATE ON reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER surge_decision_stays BEFORE UPDATE ON surge_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER surge_decision_kept BEFORE DELETE ON surge_decision FOR EACH ROW WHEN (OLD.percent > 0)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER surge_decision_whole BEFORE TRUNCATE ON surge_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER surge_bonus_stays BEFORE UPDATE OR DELETE ON surge_bonus
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER surge_bonus_whole BEFORE TRUNCATE ON surge_bonus
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER driver_message_stays BEFORE UPDATE OR DELETE ON driver_message
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER driver_message_whole BEFORE TRUNCATE ON driver_message
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempt_stays BEFORE UPDATE OR DELETE ON attempt FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attempt_whole BEFORE TRUNCATE ON attempt FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- What was asked for holds people, who can be erased; what it was priced at stays.
CREATE TRIGGER quote_kept BEFORE DELETE ON quote FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER quote_stays BEFORE UPDATE ON quote FOR EACH ROW
    WHEN ((to_jsonb(NEW) - 'request') <> (to_jsonb(OLD) - 'request')) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recurring_version_kept BEFORE DELETE ON recurring_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recurring_version_whole BEFORE TRUNCATE ON recurring_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recurring_version_stays BEFORE UPDATE ON recurring_version FOR EACH ROW
    WHEN ((to_jsonb(NEW) - 'deliveries') <> (to_jsonb(OLD) - 'deliveries')) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recurring_run_stays BEFORE UPDATE OR DELETE ON recurring_run
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recurring_run_whole BEFORE TRUNCATE ON recurring_run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasure_stays BEFORE UPDATE OR DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasure_whole BEFORE TRUNCATE ON erasure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rating_stays BEFORE UPDATE OR DELETE ON rating FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rating_whole BEFORE TRUNCATE ON rating FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- The mark of the recipient's papers goes with the recipient; the chain stays.
CREATE TRIGGER cold_breach_kept BEFORE DELETE ON cold_breach FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cold_breach_whole BEFORE TRUNCATE ON cold_breach FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cold_breach_stays BEFORE UPDATE ON cold_breach FOR EACH ROW
    WHEN (OLD.settled_at IS NOT NULL AND NEW IS DISTINCT FROM OLD
          OR (to_jsonb(OLD) - ARRAY['settled_at', 'settled_by', 'note'])
          <> (to_jsonb(NEW) - ARRAY['settled_at', 'settled_by', 'note']))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER custody_kept BEFORE DELETE ON custody FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER custody_whole BEFORE TRUNCATE ON custody FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER custody_stays BEFORE UPDATE ON custody FOR EACH ROW
    WHEN ((to_jsonb(NEW) - 'identity_mark') <> (to_jsonb(OLD) - 'identity_mark') OR NEW.identity_mark IS NOT NULL)
    EXECUTE FUNCTION refuse_change();
-- What was asked for never changes, and nothing does once a claim has ended
CREATE TRIGGER claim_kept BEFORE DELETE ON claim FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_whole BEFORE TRUNCATE ON claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_stays BEFORE UPDATE ON claim FOR EACH ROW
    WHEN (OLD.state NOT IN ('OPEN', 'NEEDS_EVIDENCE')
          OR (to_jsonb(OLD) - ARRAY['state', 'accepted_minor', 'heard_at', 'decided_by', 'ended_at', 'credit_id'])
          <> (to_jsonb(NEW) - ARRAY['state', 'accepted_minor', 'heard_at', 'decided_by', 'ended_at', 'credit_id']))
    EXECUTE FUNCTION refuse_change();
-- Words and pictures go with their recipient; who did what and when, and the amounts, stay.
CREATE TRIGGER claim_entry_kept BEFORE DELETE ON claim_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_entry_whole BEFORE TRUNCATE ON claim_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_entry_stays BEFORE UPDATE ON claim_entry FOR EACH ROW
    WHEN ((to_jsonb(NEW) - 'text' - 'proof_ids') <> (to_jsonb(OLD) - 'text' - 'proof_ids')
          OR NEW.text <> '' OR NEW.proof_ids <> '{}')
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_evidence_stays BEFORE UPDATE OR DELETE ON standing_evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_evidence_whole BEFORE TRUNCATE ON standing_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_correction_kept BEFORE DELETE ON standing_correction
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_correction_stays BEFORE UPDATE ON standing_correction FOR EACH ROW
    WHEN (OLD.state <> 'OPEN' OR (OLD.driver_id, OLD.market_id, OLD.evidence_id, OLD.text, OLD.asked_at)
          IS DISTINCT FROM (NEW.driver_id, NEW.market_id, NEW.evidence_id, NEW.text, NEW.asked_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_correction_whole BEFORE TRUNCATE ON standing_correction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER suspension_kept BEFORE DELETE ON suspension FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER suspension_whole BEFORE TRUNCATE ON suspension FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- What was proposed never changes; decision, appeal, its outcome and the end are each written once
CREATE TRIGGER suspension_stays BEFORE UPDATE ON suspension FOR EACH ROW
    WHEN (OLD.state NOT IN ('PROPOSED', 'CONFIRMED')
          OR (to_jsonb(OLD) - ARRAY['state', 'decided_by', 'decided_at', 'decision_reason', 'notice_law', 'notice_s',
              'effective_at', 'appealed_at', 'appeal_text', 'appeal_evidence', 'appeal_decided_by', 'appeal_decided_at',
              'appeal_upheld', 'appeal_reason', 'ended_by', 'ended_at', 'end_reason'])
          <> (to_jsonb(NEW) - ARRAY['state', 'decided_by', 'decided_at', 'decision_reason', 'notice_law', 'notice_s',
              'effective_at', 'appealed_at', 'appeal_text', 'appeal_evidence', 'appeal_decided_by', 'appeal_decided_at',
              'appeal_upheld', 'appeal_reason', 'ended_by', 'ended_at', 'end_reason'])
          OR OLD.decided_at IS NOT NULL AND (OLD.decided_by, OLD.decided_at, OLD.decision_reason, OLD.notice_law,
              OLD.notice_s, OLD.effective_at) IS DISTINCT FROM (NEW.decided_by, NEW.decided_at, NEW.decision_reason,
              NEW.notice_law, NEW.notice_s, NEW.effective_at)
          OR OLD.appealed_at IS NOT NULL AND (OLD.appealed_at, OLD.appeal_text, OLD.appeal_evidence)
              IS DISTINCT FROM (NEW.appealed_at, NEW.appeal_text, NEW.appeal_evidence)
          OR OLD.appeal_decided_at IS NOT NULL AND (OLD.appeal_decided_by, OLD.appeal_decided_at, OLD.appeal_upheld,
              OLD.appeal_reason) IS DISTINCT FROM (NEW.appeal_decided_by, NEW.appeal_decided_at, NEW.appeal_upheld,
              NEW.appeal_reason))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER quote_whole BEFORE TRUNCATE ON quote FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_adjustment_stays BEFORE UPDATE OR DELETE ON pay_adjustment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_adjustment_whole BEFORE TRUNCATE ON pay_adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_policy_stays BEFORE UPDATE OR DELETE ON pay_policy FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_period_kept BEFORE DELETE ON pay_period FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_period_stays BEFORE UPDATE ON pay_period FOR EACH ROW
    WHEN (OLD.shared_at IS NOT NULL OR (to_jsonb(NEW) - 'shared_at') <> (to_jsonb(OLD) - 'shared_at'))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_period_whole BEFORE TRUNCATE ON pay_period FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rate_card_stays BEFORE UPDATE OR DELETE ON rate_card FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rate_card_whole BEFORE TRUNCATE ON rate_card FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER service_area_stays BEFORE UPDATE OR DELETE ON service_area
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER service_area_whole BEFORE TRUNCATE ON service_area
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER service_level_stays BEFORE UPDATE OR DELETE ON service_level
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reservation_terms_stays BEFORE UPDATE OR DELETE ON reservation_terms
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reservation_terms_whole BEFORE TRUNCATE ON reservation_terms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reservation_day_stays BEFORE UPDATE OR DELETE ON reservation_day
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reservation_day_whole BEFORE TRUNCATE ON reservation_day
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER experience_goal_stays BEFORE UPDATE OR DELETE ON experience_goal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER experience_goal_whole BEFORE TRUNCATE ON experience_goal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER service_level_whole BEFORE TRUNCATE ON service_level
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rural_zone_stays BEFORE UPDATE OR DELETE ON rural_zone FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rural_zone_whole BEFORE TRUNCATE ON rural_zone FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_line_stays BEFORE UPDATE OR DELETE ON invoice_line
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_line_whole BEFORE TRUNCATE ON invoice_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bill_line_kept BEFORE DELETE ON bill_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bill_line_whole BEFORE TRUNCATE ON bill_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bill_line_stays BEFORE UPDATE ON bill_line FOR EACH ROW
    WHEN (OLD.charge_id IS NOT NULL OR OLD.invoice_line_id IS NOT NULL
          OR (to_jsonb(NEW) - 'charge_id' - 'invoice_line_id') <> (to_jsonb(OLD) - 'charge_id' - 'invoice_line_id'))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pay_policy_whole BEFORE TRUNCATE ON pay_policy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

LEDGER = """
-- Once for each statement that inserts postings, however many rows it has. It runs as the owner of the tables, so that
-- a role which may insert postings needs no right to change accounts.
CREATE FUNCTION apply_postings() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    line record;
    held posting;
    sides uuid[];
    place uuid;
BEGIN
    FOR line IN SELECT * FROM fresh LOOP
        sides := sides || line.debit_id || line.credit_id;
        IF line.state = 'PENDING' AND NOT (SELECT is_floored FROM account WHERE id = line.debit_id) THEN
            RAISE EXCEPTION 'money is held on an account that has a floor' USING ERRCODE = 'check_violation';
        END IF;
        IF line.pending_id IS NOT NULL THEN
            SELECT * INTO held FROM posting WHERE id = line.pending_id;
            IF held.state <> 'PENDING' OR held.debit_id <> line.debit_id OR held.credit_id <> line.credit_id
               OR line.amount_minor > held.amount_minor
               OR (line.state = 'VOID_PENDING' AND line.amount_minor < held.amount_minor) THEN
                RAISE EXCEPTION 'a hold is settled up to its amount or voided as a whole, between its own accounts'
                    USING ERRCODE = 'check_violation';
            END IF;
        END IF;
    END LOOP;
    -- In one order, so that two statements over the same accounts wait for each other in one direction only; not
    -- FOR UPDATE, which would deadlock with the key shares that the references of postings take.
    FOR place IN SELECT id FROM account WHERE id = ANY(sides) AND is_floored ORDER BY id FOR NO KEY UPDATE LOOP
        UPDATE account SET
            debits_posted = debits_posted + moved.debits,
            credits_posted = credits_posted + moved.credits,
            debits_pending = debits_pending + moved.pending
        FROM (
            SELECT coalesce(sum(amount_minor) FILTER (WHERE debit_id = place AND state LIKE 'POST%'), 0) AS debits,
                   coalesce(sum(amount_minor) FILTER (WHERE credit_id = place AND state LIKE 'POST%'), 0) AS credits,
                   coalesce(sum(CASE state WHEN 'POSTED' THEN 0 WHEN 'PENDING' THEN amount_minor
                       ELSE -(SELECT hold.amount_minor FROM posting AS hold WHERE hold.id = fresh.pending_id) END)
                       FILTER (WHERE debit_id = place), 0) AS pending
            FROM fresh
        ) AS moved
        WHERE id = place;
    END LOOP;
    RETURN NULL;
END $$;
-- Whoever calls could put an account table of his own into pg_temp, which is searched first unless it is named.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION apply_postings() SET search_path = %I, pg_temp', current_schema());
END $$;
-- AFTER, not BEFORE: a row that ON CONFLICT leaves out must not have moved a balance
CREATE TRIGGER posting_applied AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION apply_postings();
-- What an account is never changes, and what it keeps changes by postings alone: at depth 0 no trigger is at work.
CREATE TRIGGER account_stays BEFORE UPDATE ON account FOR EACH ROW WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_kept BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_whole BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

ALLOCATION = """
-- Whatever collects lines is their sum: looked at when lines are given to it, and again when the commit comes
CREATE FUNCTION refuse_unallocated(collector text, collector_id uuid, lines numeric, whole numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF lines IS DISTINCT FROM whole THEN
        RAISE EXCEPTION 'the % % is % and its lines are %', collector, collector_id, whole, lines
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
CREATE FUNCTION check_collected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_unallocated('charge', charge.id,
        (SELECT sum(amount_minor) FROM bill_line WHERE charge_id = charge.id), charge.amount_minor)
    FROM charge WHERE id IN (SELECT charge_id FROM given);
    PERFORM refuse_unallocated('invoice_line', invoice_line.id,
        (SELECT sum(amount_minor) FROM bill_line WHERE invoice_line_id = invoice_line.id), invoice_line.amount_minor)
    FROM invoice_line WHERE id IN (SELECT invoice_line_id FROM given);
    RETURN NULL;
END $$;
CREATE TRIGGER bill_line_collected AFTER UPDATE ON bill_line REFERENCING NEW TABLE AS given
    FOR EACH STATEMENT EXECUTE FUNCTION check_collected();
CREATE FUNCTION check_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_unallocated('charge', NEW.id,
        (SELECT sum(amount_minor) FROM bill_line WHERE charge_id = NEW.id), NEW.amount_minor);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER charge_allocated AFTER INSERT ON charge DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.means <> 'TOP_UP') EXECUTE FUNCTION check_charge();
CREATE FUNCTION check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_unallocated('invoice', NEW.id,
        (SELECT sum(amount_minor) FROM invoice_line WHERE invoice_id = NEW.id), NEW.total_minor);
    PERFORM refuse_unallocated('invoice_line', line.id,
        (SELECT sum(amount_minor) FROM bill_line WHERE invoice_line_id = line.id), line.amount_minor)
    FROM invoice_line AS line WHERE invoice_id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER invoice_allocated AFTER INSERT ON invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_invoice();
CREATE FUNCTION refuse_new_amount() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the amount of % stays', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER charge_amount BEFORE UPDATE OF amount_minor, currency, shipper_id, market_id ON charge FOR EACH ROW
    WHEN ((OLD.amount_minor, OLD.currency, OLD.shipper_id, OLD.market_id)
          IS DISTINCT FROM (NEW.amount_minor, NEW.currency, NEW.shipper_id, NEW.market_id))
    EXECUTE FUNCTION refuse_new_amount();
CREATE TRIGGER invoice_amount BEFORE UPDATE OF total_minor, currency ON invoice FOR EACH ROW
    WHEN ((OLD.total_minor, OLD.currency) IS DISTINCT FROM (NEW.total_minor, NEW.currency))
    EXECUTE FUNCTION refuse_new_amount();
"""

PAYOUTS = """
-- A payout equals its entries whenever somebody commits; one whose money went back to the wallet has none any more
CREATE FUNCTION check_payout_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    about uuid;
    wanted bigint;
BEGIN
    IF TG_TABLE_NAME = 'payout' THEN
        about := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        about := OLD.payout_id;
    ELSE
        about := NEW.payout_id;
    END IF;
    SELECT CASE WHEN is_given_back THEN 0 ELSE entries_minor END INTO wanted FROM payout WHERE id = about;
    IF wanted IS DISTINCT FROM (SELECT coalesce(sum(amount_minor), 0) FROM payout_entry WHERE payout_id = about) THEN
        RAISE EXCEPTION 'a payout equals its entries' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payout_equals_entries AFTER INSERT OR UPDATE OF entries_minor, is_given_back ON payout
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payout_entries();
CREATE CONSTRAINT TRIGGER payout_entry_counted AFTER INSERT OR UPDATE OR DELETE ON payout_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payout_entries();
"""

ANSWERS = """
-- The number of the lock that makes a driver's answers come one after the other
CREATE FUNCTION answers_of(driver uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended('answers of driver ' || driver::text, 0)
$$;
"""

SKILLS = """
-- The skills that a driver can show at a moment: a certificate that has run out shows nothing
CREATE FUNCTION skills_at(skills text[], ends timestamptz[], moment timestamptz) RETURNS text[] LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN ends IS NULL THEN skills ELSE ARRAY(
        SELECT skill FROM unnest(skills, ends) AS shown(skill, until) WHERE until IS NULL OR until > moment) END
$$;
"""

SUSPENDED = """
-- A driver is suspended by a suspension of their own that the named operator decided
ALTER TABLE driver ADD CONSTRAINT driver_suspended_by_decision FOREIGN KEY (suspension_id, id, suspended_by)
    REFERENCES suspension (id, driver_id, decided_by) ON DELETE RESTRICT;
-- Whether an account may drive at a moment: a proposal takes nothing away, a decision only from its time on
CREATE FUNCTION may_drive(state text, suspended_from timestamptz, moment timestamptz) RETURNS boolean LANGUAGE sql
IMMUTABLE AS $$
    SELECT state IN ('ACTIVE', 'SUSPENSION_PROPOSED') AND (suspended_from IS NULL OR suspended_from > moment)
$$;
-- Whether a driver may be asked for work of a moment: an account that may drive, papers and a vehicle that are good, and
-- a company, if any, that works for the market still
CREATE FUNCTION may_be_asked(one driver, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT may_drive(one.account_state, one.suspended_from, moment)
       AND (one.documents_until IS NULL OR one.documents_until > moment)
       AND (one.vehicle_until IS NULL OR one.vehicle_until > moment)
       AND (one.company_id IS NULL OR EXISTS (
           SELECT FROM company WHERE company.id = one.company_id AND company.state = 'ACTIVE'))
$$;
"""

FILL = """
ALTER TABLE arrival SET (fillfactor = 70);
ALTER TABLE route_timing SET (fillfactor = 70);
ALTER TABLE presence SET (fillfactor = 70);
ALTER TABLE offer SET (fillfactor = 80);
ALTER TABLE account SET (fillfactor = 70);
ALTER TABLE delivery SET (fillfactor = 80);
ALTER TABLE event ALTER COLUMN payload SET STORAGE EXTENDED;
"""


def _quoted(words: str) -> str:
    return ", ".join(f"'{word}'" for word in words.split())


def _forward() -> str:
    statements = [
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_reference"
        f" FOREIGN KEY ({column}) REFERENCES {target} (id) ON DELETE RESTRICT"
        for table, column, target in REFERENCES
    ]
    statements += [ORDER_OF_EVENTS, ORDER_OF_MESSAGES]
    statements += [
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_known CHECK ({column} IN ({_quoted(words)}))"
        for (table, column), words in STATES.items()
    ]
    statements += [f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name} CHECK ({rule})" for table, name, rule in CHECKS]
    statements += [f"CREATE {unique} INDEX {name} ON {definition}" for unique, name, definition in INDEXES]
    statements += [
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_within"
        f" FOREIGN KEY ({column}, {same}) REFERENCES {target} (id, {same}) ON DELETE RESTRICT"
        for table, column, target, same in WITHIN
    ]
    blocks = [ONE_PLACE_AT_A_TIME, HISTORY_STAYS, LEDGER, ALLOCATION, PAYOUTS, ANSWERS, SKILLS, SUSPENDED]
    return ";\n".join([*statements, FILL.strip().rstrip(";")]) + ";\n" + "".join(blocks)


def _backward() -> str:
    statements = [
        "ALTER TABLE sign_up DROP CONSTRAINT sign_up_one_at_a_time",
        "DROP TRIGGER posting_applied ON posting",
        "DROP FUNCTION apply_postings()",
        "DROP FUNCTION answers_of(uuid)",
        "DROP FUNCTION skills_at(text[], timestamptz[], timestamptz)",
        "ALTER TABLE driver DROP CONSTRAINT driver_suspended_by_decision",
        "DROP FUNCTION may_be_asked(driver, timestamptz)",
        "DROP FUNCTION may_drive(text, timestamptz, timestamptz)",
        "DROP FUNCTION check_collected() CASCADE",
        "DROP FUNCTION check_charge() CASCADE",
        "DROP FUNCTION check_invoice() CASCADE",
        "DROP FUNCTION refuse_new_amount() CASCADE",
        "DROP FUNCTION refuse_unallocated(text, uuid, numeric, numeric)",
        "DROP FUNCTION check_payout_entries() CASCADE",
        "DROP FUNCTION refuse_change() CASCADE",
        "DROP FUNCTION refuse_final() CASCADE",
    ]
    statements += [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_within" for table, column, _, _ in WITHIN]
    statements += [f"DROP INDEX {name}" for _, name, _ in INDEXES]
    statements.append("ALTER TABLE event DROP COLUMN ordinal")
    statements.append("ALTER TABLE notification DROP COLUMN ordinal")
    statements += [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{name}" for table, name, _ in CHECKS]
    statements += [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_known" for table, column in STATES]
    statements += [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_reference" for table, column, _ in REFERENCES]
    return ";\n".join(statements)


class Migration(migrations.Migration):
    """Adds the rules to the tables of 0001."""

    dependencies = [("doorstep", "0001_tables")]
    operations = [ops.RunSQL(sql=_forward(), reverse_sql=_backward())]
