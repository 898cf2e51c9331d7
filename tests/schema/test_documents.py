"""The ready-made operations fit the schema and its limits, and every client finds the ones that it needs."""

import pytest
from graphql import FragmentDefinitionNode, parse, print_ast

from schema.costs import LARGEST_COST
from schema.documents import FOLDER, NoSuchDocument, load_document, ready_made_documents
from schema.prepared import Documents, Operation
from schema.results import engine_schema
from schema.schema import schema

DOCUMENTS = Documents(engine_schema(schema))
NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in FOLDER.glob("*/*.graphql"))

REPORTS = {"start_route", "arrive_at_stop", "pick_up", "drop_off", "fail_stop"}
DRIVER = REPORTS | {
    "request_sign_in_code", "sign_in", "refresh_session", "sign_out", "clock", "my_profile", "go_online", "go_offline",
    "report_positions", "my_offers", "view_offer", "accept_offer", "decline_offer", "my_route", "create_proof_upload",
    "my_earnings", "my_statements", "pay_statement", "my_payouts", "request_payout", "offer_events", "route_events",
    "event_cursor",
    "payout_quote", "payout", "my_payout_account",
    "payout_onboarding_link", "correct_pin",
    "surge", "blocks", "my_blocks", "sign_up_for_block", "leave_block",
    "standing_rules", "my_standing", "suspension_file", "my_fairness", "ask_correction", "appeal_suspension",
    "claims", "create_claim_upload", "answer_claim",
    "apply_to_drive", "create_document_upload", "my_papers", "add_vehicle", "choose_vehicle", "set_preferences",
    "set_language",
}  # fmt: skip
PORTAL = {
    "clock", "hubs", "quote_batch", "post_batch", "batch", "batches", "delivery", "deliveries", "cancel_delivery",
    "delivery_events", "event_cursor", "tip_driver",
    "recurring_batches", "recurring_batch", "preview_recurrence", "create_recurring_batch", "change_recurring_batch",
    "pause_recurring_batch", "resume_recurring_batch", "end_recurring_batch", "skip_occurrence",
    "my_billing", "charges", "invoices", "invoice", "set_up_card", "top_up", "authenticate_charge",
    "rate_cards", "service_levels", "service_area", "rural_zones", "hand_over_points", "capacity_reservations",
    "experience_goals", "cancellation_fee",
    "erase_recipient",
    "reschedule_delivery", "set_failure_policy", "failure_wishes",
    "attempt_figures", "search_streets", "kpis",
    "register_webhook", "rotate_webhook_secret", "enable_webhook", "disable_webhook", "delete_webhook",
    "replay_webhook", "send_test_event", "webhooks", "webhook_attempts",
    "alert_policy", "set_alert_policy", "notifications",
    "set_sku", "hub_stock", "receive_stock", "count_stock", "set_replenishment", "transfer_stock",
    "claims", "create_claim_upload", "open_claim", "add_claim_evidence", "withdraw_claim", "sectors", "custody",
    "set_dock", "dock_slots", "hold_dock_slot", "book_dock_slot",
}  # fmt: skip
OPERATIONS = {
    "request_sign_in_code", "sign_in", "refresh_session", "sign_out", "clock", "hubs", "market", "live_drivers",
    "live_routes", "waiting_deliveries", "unassigned_deliveries", "set_market_dials", "market_events",
    "event_cursor", "markets", "dead_jobs", "replay_job", "held_statements", "release_statement", "operator_actions",
    "reconciliations", "book_movement", "open_operations", "foreign_events", "pay_periods",
    "eta_quality", "kpis",
    "pay_statement", "pay_policies", "pay_policy_packs", "set_pay_policy", "adopt_pay_policy_pack",
    "shipper_billing", "shipper_charges", "shipper_invoices", "billing_attention", "set_billing_terms", "refund_charge",
    "refund_delivery", "grant_goodwill", "issue_credit_note", "redraw_invoice", "set_rate_card", "shipper_rate_cards",
    "reserve_capacity", "change_reservation", "end_reservation", "shipper_capacity_reservations",
    "set_experience_goal", "shipper_experience_goals",
    "set_service_level", "shipper_service_levels", "set_service_area", "shipper_service_area",
    "rural_zones", "set_rural_zone",
    "hand_over_points", "point_parcels", "set_hand_over_point", "give_keeper_key", "collect_parcel",
    "money_attention", "pay_of_year", "run_payouts", "hold_payout", "release_payout", "adjust_driver_pay", "payout",
    "reverse_payout",
    "erase_recipient",
    "reschedule_delivery", "return_delivery", "attempt_figures", "addresses_to_review",
    "resolve_address", "drop_points_to_review", "settle_drop_point", "webhook_attention",
    "alert_log",
    "surge", "surge_decisions", "set_surge", "clear_surge", "freeze_surge", "surge_figures",
    "fleet_attention", "check_document", "check_vehicle", "approve_driver", "activate_driver", "plan_shift",
    "companies", "add_company", "add_dispatcher", "set_company_terms", "end_company",
    "enter_document", "open_document", "add_document_picture", "add_company_vehicle", "retire_vehicle",
    "blocks", "blocks_needed", "publish_blocks", "cancel_block",
    "hub_stock", "receive_stock", "count_stock", "set_replenishment", "transfer_stock",
    "hub_advice",
    "claims", "ask_claim_evidence", "accept_claim", "reject_claim", "custody",
    "settle_cold_breach", "propose_substitute",
    "needs_attention", "reassignments", "reassign_route", "cancel_reassignment", "assign_delivery", "assign_route",
    "offer_delivery", "unassign_route", "message_driver", "pause_zone", "resume_zone", "zone_pauses", "cells_around",
    "cells_within",
}  # fmt: skip


COMPANY = {
    "request_sign_in_code", "sign_in", "refresh_session", "sign_out", "me", "clock", "event_cursor", "my_company",
    "blocks", "publish_blocks", "cancel_block", "company_drivers", "company_routes", "company_pay",
    "company_payouts", "company_payout_account", "company_onboarding_link", "company_payout_quote",
    "request_company_payout",
}  # fmt: skip
KEEPER = {"my_parcels", "collect_parcel"}
RECIPIENT = {
    "tracked_delivery", "leave_instructions", "choose_safe_place", "rate_delivery", "give_tip", "event_cursor",
    "answer_substitution",
    "delivery_events",
    "choose_redelivery", "nearby_points", "choose_hand_over_point",
    "push_key", "subscribe_browser", "unsubscribe_browser",
    "claims", "create_claim_upload", "open_claim", "add_claim_evidence", "withdraw_claim",
}  # fmt: skip


def prepared(name: str) -> Operation:
    """The one operation of a document, checked against schema and limits."""
    return DOCUMENTS.prepare(load_document(*name.split("/"))).select(None)


COSTS = {
    # What a driver does to keep work moving
    "driver/accept_offer": 180, "driver/decline_offer": 25, "driver/view_offer": 25, "driver/my_route": 180,
    "driver/start_route": 85, "driver/arrive_at_stop": 85, "driver/pick_up": 85, "driver/drop_off": 85,
    "driver/fail_stop": 85, "driver/create_proof_upload": 25, "driver/report_positions": 25,
    "driver/go_online": 25, "driver/go_offline": 25,
    # What a driver reads
    "driver/my_offers": 60, "driver/my_profile": 25, "driver/my_earnings": 25, "driver/my_statements": 135,
    "driver/explain_offer": 40, "driver/pay_statement": 35,
    "driver/payout": 40, "driver/payout_quote": 25, "driver/my_payout_account": 25,
    "driver/payout_onboarding_link": 25,
    "driver/my_payouts": 60, "driver/request_payout": 25, "driver/offer_events": 25, "driver/route_events": 25,
    # Signing in, and the time
    **{f"{client}/clock": 25 for client in ("driver", "portal", "operations", "company")},
    **{f"{client}/event_cursor": 25 for client in ("driver", "portal", "operations", "company")},
    **{f"{client}/me": 25 for client in ("driver", "portal", "operations", "company")},
    **{
        f"{client}/{name}": 25
        for client in ("driver", "operations", "company")
        for name in ("request_sign_in_code", "sign_in", "refresh_session", "sign_out")
    },
    # Shippers
    "portal/quote_batch": 310, "portal/post_batch": 80, "portal/batch": 440, "portal/batches": 50,
    "portal/delivery": 30, "portal/deliveries": 90, "portal/cancel_delivery": 25, "portal/delivery_events": 25,
    "portal/hubs": 35, "portal/tip_driver": 25,
    "portal/my_billing": 25, "portal/charges": 50, "portal/invoices": 80, "portal/invoice": 25,
    "portal/set_up_card": 25, "portal/top_up": 25, "portal/rate_cards": 45, "portal/cancellation_fee": 25,
    "portal/capacity_reservations": 60, "operations/shipper_capacity_reservations": 60,
    "operations/reserve_capacity": 25, "operations/change_reservation": 25, "operations/end_reservation": 25,
    "portal/experience_goals": 30, "operations/shipper_experience_goals": 30, "operations/set_experience_goal": 25,
    "portal/service_levels": 45, "portal/service_area": 25,
    **{f"{client}/rural_zones": 40 for client in ("portal", "operations")}, "operations/set_rural_zone": 25,
    **{f"{client}/hand_over_points": 70 for client in ("portal", "operations")}, "recipient/nearby_points": 70,
    "operations/point_parcels": 60, "keeper/my_parcels": 60,
    **{f"{client}/collect_parcel": 25 for client in ("keeper", "operations")},
    "operations/set_hand_over_point": 25, "operations/give_keeper_key": 25, "recipient/choose_hand_over_point": 25,
    "portal/alert_policy": 30, "portal/set_alert_policy": 30, "portal/notifications": 60, "operations/alert_log": 60,
    "portal/erase_recipient": 25, "operations/erase_recipient": 25,
    # Recipients
    "recipient/tracked_delivery": 35, "recipient/leave_instructions": 35, "recipient/choose_safe_place": 35,
    "recipient/answer_substitution": 40,
    "recipient/rate_delivery": 35, "recipient/give_tip": 35, "recipient/event_cursor": 25,
    "recipient/delivery_events": 25,
    "recipient/push_key": 25, "recipient/subscribe_browser": 25, "recipient/unsubscribe_browser": 25,
    "portal/delivery_windows": 90, "portal/hold_window": 25, "portal/book_window": 25, "portal/revoke_window": 25,
    "portal/hub_promises": 40,
    "recipient/delivery_windows": 90, "recipient/hold_window": 25, "recipient/book_window": 25,
    "recipient/revoke_window": 25, "operations/hub_opening": 40, "operations/set_hub_opening": 40,
    **{
        f"portal/{name}": 25
        for name in (
            "register_webhook", "rotate_webhook_secret", "enable_webhook", "disable_webhook", "delete_webhook",
            "replay_webhook", "send_test_event",
        )
    },
    "portal/webhooks": 35, "portal/webhook_attempts": 50,
    # What is posted again and again
    "portal/recurring_batches": 220, "portal/recurring_batch": 80, "portal/preview_recurrence": 25,
    **{
        f"portal/{verb}": 45
        for verb in (
            "create_recurring_batch", "change_recurring_batch", "pause_recurring_batch", "resume_recurring_batch",
            "end_recurring_batch", "skip_occurrence",
        )
    },
    # What lies at hubs
    "portal/set_sku": 25, "operations/hub_advice": 430,
    **{
        f"{client}/{name}": bound
        for client in ("portal", "operations")
        for name, bound in (
            ("hub_stock", 90), ("receive_stock", 25), ("count_stock", 25), ("set_replenishment", 25),
            ("transfer_stock", 25),
        )
    },
    # Operations
    "operations/markets": 30, "operations/market": 30, "operations/hubs": 35, "operations/live_drivers": 220,
    "operations/eta_quality": 50, "operations/kpis": 145, "portal/kpis": 80,
    "operations/live_routes": 620, "operations/waiting_deliveries": 120, "operations/unassigned_deliveries": 70,
    "operations/set_market_dials": 25, "operations/market_events": 25, "operations/dead_jobs": 25,
    "operations/replay_job": 25, "operations/held_statements": 75, "operations/release_statement": 25,
    "operations/operator_actions": 50, "operations/reconciliations": 70, "operations/book_movement": 25,
    "operations/open_operations": 65, "operations/foreign_events": 65,
    "operations/pay_periods": 100,
    "operations/explain_delivery": 240, "operations/explain_driver": 50,
    "operations/explain_offer": 60, "operations/dry_run": 840,
    "operations/pay_statement": 35,
    "operations/pay_policies": 45, "operations/pay_policy_packs": 35, "operations/set_pay_policy": 30,
    "operations/adopt_pay_policy_pack": 30,
    "operations/shipper_billing": 25, "operations/shipper_charges": 50, "operations/shipper_invoices": 80,
    "operations/billing_attention": 30, "operations/set_billing_terms": 25, "operations/refund_charge": 25,
    "operations/refund_delivery": 25, "operations/grant_goodwill": 25, "operations/issue_credit_note": 25,
    "operations/redraw_invoice": 25, "portal/authenticate_charge": 25,
    "operations/set_service_area": 25, "operations/shipper_service_area": 25,
    "operations/set_service_level": 25, "operations/shipper_service_levels": 45,
    "operations/set_rate_card": 25, "operations/shipper_rate_cards": 45,
    "operations/money_attention": 35, "operations/pay_of_year": 50, "operations/run_payouts": 25,
    "operations/hold_payout": 25, "operations/release_payout": 25, "operations/adjust_driver_pay": 25,
    "operations/payout": 40, "operations/reverse_payout": 25,
    # Parcels that nobody takes, and addresses that are not known
    "portal/reschedule_delivery": 25, "operations/reschedule_delivery": 25, "recipient/choose_redelivery": 25,
    "operations/return_delivery": 25, "portal/set_failure_policy": 25, "portal/failure_wishes": 25,
    "portal/attempt_figures": 50, "operations/attempt_figures": 50, "portal/search_streets": 30,
    "operations/addresses_to_review": 50, "operations/drop_points_to_review": 30, "operations/resolve_address": 25,
    "operations/settle_drop_point": 25, "driver/correct_pin": 25,
    "operations/webhook_attention": 35,
    # Surge
    "operations/surge": 40, "driver/surge": 40, "operations/surge_decisions": 150, "operations/set_surge": 25,
    "operations/clear_surge": 25, "operations/surge_figures": 40, "operations/freeze_surge": 25,
    "company/my_company": 25, "company/company_drivers": 80, "company/company_routes": 80, "company/company_pay": 70,
    "company/company_payouts": 50, "company/company_payout_account": 25, "company/company_onboarding_link": 25,
    "company/company_payout_quote": 25, "company/request_company_payout": 35,
    "driver/my_papers": 35, "driver/apply_to_drive": 25, "driver/create_document_upload": 25, "driver/add_vehicle": 35,
    "driver/choose_vehicle": 35, "driver/set_preferences": 35, "driver/set_language": 35,
    "driver/standing_rules": 30, "driver/my_standing": 110, "driver/suspension_file": 30, "driver/my_fairness": 25,
    "driver/ask_correction": 25, "driver/appeal_suspension": 30, "operations/standing_rules": 30,
    "operations/driver_standing": 110, "operations/suspension_file": 30, "operations/standing_attention": 45,
    "operations/fairness": 30,
    "operations/fleet_attention": 45, "operations/companies": 30,
    **{
        f"operations/{verb}": 25
        for verb in (
            "check_document", "check_vehicle", "approve_driver", "activate_driver", "plan_shift", "add_company",
            "add_dispatcher", "set_company_terms", "end_company", "answer_correction", "propose_suspension",
            "decide_suspension", "decide_appeal", "end_suspension", "enter_document", "open_document",
            "add_document_picture", "add_company_vehicle",
            "retire_vehicle",
        )
    },
    # Sectors and docks
    "portal/set_dock": 25, "portal/hold_dock_slot": 25, "portal/book_dock_slot": 25, "portal/dock_slots": 35,
    "portal/sectors": 35, "portal/custody": 35, "operations/custody": 35,
    # Claims
    **{f"{client}/claims": 45 for client in ("portal", "recipient", "driver", "operations")},
    **{f"{client}/create_claim_upload": 25 for client in ("portal", "recipient", "driver")},
    **{
        f"{client}/{verb}": 30
        for client in ("portal", "recipient")
        for verb in ("open_claim", "add_claim_evidence", "withdraw_claim")
    },
    "driver/answer_claim": 30,
    **{f"operations/{verb}": 30 for verb in ("ask_claim_evidence", "accept_claim", "reject_claim")},
    # The operator's seat
    "operations/needs_attention": 60, "operations/reassignments": 45, "driver/my_reassignments": 35,
    "operations/zone_pauses": 75, "operations/cells_around": 60, "operations/cells_within": 60,
    **{
        f"operations/{verb}": 25
        for verb in (
            "reassign_route", "cancel_reassignment", "assign_delivery", "assign_route", "unassign_route",
            "offer_delivery", "message_driver", "pause_zone", "resume_zone",
            "settle_cold_breach", "propose_substitute",
        )
    },
    **{
        f"driver/{verb}": 25
        for verb in ("accept_reassignment", "decline_reassignment", "give_parcels", "take_parcels")
    },
    # Blocks
    "company/blocks": 90, "operations/blocks": 90, "driver/blocks": 100, "driver/my_blocks": 100,
    "operations/blocks_needed": 45,
    **{f"{client}/publish_blocks": 50 for client in ("company", "operations")},
    **{f"{client}/cancel_block": 35 for client in ("company", "operations")},
    **{f"driver/{verb}": 35 for verb in ("sign_up_for_block", "leave_block")},
}  # fmt: skip
"""What each operation may cost, of the 20,000 units that a caller can spend at once and 2,000 that come each second."""


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_fits_the_schema_and_costs_what_its_work_costs(name: str) -> None:
    bound = COSTS[name]

    assert bound - 30 <= prepared(name).units({}) <= bound <= LARGEST_COST


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_named_as_its_file_and_asks_for_one_thing(name: str) -> None:
    operation = prepared(name)

    assert operation.name == "".join(word.capitalize() for word in name.partition("/")[2].split("_"))
    assert len(operation.fields) == 1


@pytest.mark.parametrize(
    ("client", "names"),
    [
        ("driver", DRIVER),
        ("portal", PORTAL),
        ("operations", OPERATIONS),
        ("recipient", RECIPIENT),
        ("company", COMPANY),
        ("keeper", KEEPER),
    ],
)
def test_every_client_has_the_operations_that_it_needs(client: str, names: set[str]) -> None:
    there = {name.partition("/")[2] for name in NAMES if name.startswith(f"{client}/")}

    assert names <= there


@pytest.mark.parametrize("name", ["portal/deliveries", "portal/batches", "driver/my_payouts"])
def test_lists_can_be_read_in_the_largest_pages(name: str) -> None:
    assert prepared(name).units({"first": 100}) <= LARGEST_COST


@pytest.mark.parametrize("report", sorted(REPORTS))
def test_every_report_hears_the_same_of_the_route_that_it_leaves_behind(report: str) -> None:
    fragments = [print_ast(node) for node in parse(load_document("driver", report)).definitions[1:]]

    assert fragments == [print_ast(node) for node in parse(load_document("driver", "start_route")).definitions[1:]]


def test_all_documents_are_known_to_the_edge_from_the_start() -> None:
    assert len(ready_made_documents()) == len(NAMES)
    assert load_document("driver", "accept_offer") in ready_made_documents()


@pytest.mark.parametrize("name", ["no_such_operation", "../driver/sign_in", "/etc/passwd"])
def test_a_document_outside_the_folders_does_not_exist(name: str) -> None:
    with pytest.raises(NoSuchDocument):
        load_document("driver", name)


def test_a_fragment_of_one_name_says_the_same_in_all_files_of_a_client() -> None:
    texts: dict[tuple[str, str], set[str]] = {}
    for path in FOLDER.glob("*/*.graphql"):
        for part in parse(path.read_text()).definitions:
            if isinstance(part, FragmentDefinitionNode):
                texts.setdefault((path.parent.name, part.name.value), set()).add(print_ast(part))

    assert {name: versions for name, versions in texts.items() if len(versions) > 1} == {}
    assert len(texts) > 10
