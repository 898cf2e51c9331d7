"""Every operation that the stand-in carries out: its path, the verb behind it, and the parameters that are modelled.

Other parameters of the specification are refused with a sentence: doing half of what was asked, in silence, would
teach the caller something false about Stripe.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from marketplace.adapters.stripe_sandbox import (
    account_links,
    accounts,
    balance_views,
    charges,
    checkout_sessions,
    customers,
    disputes,
    external_accounts,
    invoice_items,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    topups,
    transfer_reversals,
    transfers,
    webhook_endpoints,
)
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.views import invoice_lines

PAGED = "limit starting_after ending_before"
DATED = f"{PAGED} created"
ALWAYS = {"expand"}
CUSTOMER = "name email phone description address metadata invoice_settings"
INTENT = (
    "amount customer description metadata payment_method receipt_email setup_future_usage statement_descriptor"
    " statement_descriptor_suffix transfer_group"
)
NEW_INTENT = "currency capture_method confirm off_session return_url error_on_requires_action"
TYPES = "automatic_payment_methods allowed_payment_method_types"
ACCOUNT = (
    "metadata business_type business_profile individual company tos_acceptance email capabilities external_account"
    " settings default_currency"
)
NEW_INVOICE = (
    "auto_advance collection_method currency customer days_until_due default_payment_method description metadata"
    " pending_invoice_items_behavior"
)
NEW_SESSION = (
    "cancel_url client_reference_id expires_at line_items locale metadata mode payment_intent_data submit_type"
    " success_url"
)
ENDPOINT = "url enabled_events description metadata"


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done at a path, and which parameters it heeds."""

    name: str
    verb: Callable[[Call], Record]
    modelled: frozenset[str]
    pattern: re.Pattern[str]


def _operation(name: str, verb: Callable[[Call], Record], modelled: str) -> Operation:
    path = name.split(" ", 1)[1]
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
    return Operation(name, verb, frozenset(modelled.split()) | ALWAYS, pattern)


_TABLE: tuple[tuple[str, Callable[[Call], Record], str], ...] = (
    ("POST /v1/customers", customers.create_customer, f"{CUSTOMER} payment_method"),
    ("GET /v1/customers", customers.list_customers, f"{DATED} email"),
    ("GET /v1/customers/{customer}", customers.retrieve_customer, ""),
    ("POST /v1/customers/{customer}", customers.update_customer, CUSTOMER),
    ("DELETE /v1/customers/{customer}", customers.delete_customer, ""),
    ("GET /v1/customers/{customer}/payment_methods", payment_methods.list_customer_payment_methods, f"{PAGED} type"),
    ("POST /v1/payment_methods", payment_methods.create_payment_method, "type card metadata"),
    ("GET /v1/payment_methods", payment_methods.list_payment_methods, f"{PAGED} customer type"),
    ("GET /v1/payment_methods/{payment_method}", payment_methods.retrieve_payment_method, ""),
    ("POST /v1/payment_methods/{payment_method}/attach", payment_methods.attach_payment_method, "customer"),
    ("POST /v1/payment_methods/{payment_method}/detach", payment_methods.detach_payment_method, ""),
    (
        "POST /v1/setup_intents",
        setup_intents.create_setup_intent,
        f"customer payment_method confirm usage metadata description return_url {TYPES}",
    ),
    ("GET /v1/setup_intents", setup_intents.list_setup_intents, f"{DATED} customer payment_method"),
    ("GET /v1/setup_intents/{intent}", setup_intents.retrieve_setup_intent, ""),
    ("POST /v1/setup_intents/{intent}/confirm", setup_intents.confirm_setup_intent, "payment_method return_url"),
    ("POST /v1/setup_intents/{intent}/cancel", setup_intents.cancel_setup_intent, "cancellation_reason"),
    ("POST /v1/payment_intents", payment_intents.create_payment_intent, f"{INTENT} {NEW_INTENT} {TYPES}"),
    ("GET /v1/payment_intents", payment_intents.list_payment_intents, f"{DATED} customer"),
    ("GET /v1/payment_intents/{intent}", payment_intents.retrieve_payment_intent, ""),
    ("POST /v1/payment_intents/{intent}", payment_intents.update_payment_intent, INTENT),
    (
        "POST /v1/payment_intents/{intent}/confirm",
        payment_intents.confirm_payment_intent,
        "payment_method off_session return_url error_on_requires_action",
    ),
    (
        "POST /v1/payment_intents/{intent}/capture",
        payment_intents.capture_payment_intent,
        "amount_to_capture metadata",
    ),
    ("POST /v1/payment_intents/{intent}/cancel", payment_intents.cancel_payment_intent, "cancellation_reason"),
    ("POST /v1/checkout/sessions", checkout_sessions.create_checkout_session, NEW_SESSION),
    (
        "GET /v1/checkout/sessions",
        checkout_sessions.list_checkout_sessions,
        f"{DATED} customer payment_intent status",
    ),
    ("GET /v1/checkout/sessions/{session}", checkout_sessions.retrieve_checkout_session, ""),
    ("POST /v1/checkout/sessions/{session}/expire", checkout_sessions.expire_checkout_session, ""),
    ("GET /v1/charges", charges.list_charges, f"{DATED} customer payment_intent transfer_group"),
    ("GET /v1/charges/{charge}", charges.retrieve_charge, ""),
    ("POST /v1/charges/{charge}", charges.update_charge, "description metadata transfer_group"),
    ("POST /v1/refunds", refunds.create_refund, "amount charge payment_intent metadata reason"),
    ("GET /v1/refunds", refunds.list_refunds, f"{DATED} charge payment_intent"),
    ("GET /v1/refunds/{refund}", refunds.retrieve_refund, ""),
    ("POST /v1/refunds/{refund}", refunds.update_refund, "metadata"),
    ("GET /v1/disputes", disputes.list_disputes, f"{DATED} charge payment_intent"),
    ("GET /v1/disputes/{dispute}", disputes.retrieve_dispute, ""),
    ("POST /v1/disputes/{dispute}", disputes.update_dispute, "evidence submit metadata"),
    ("POST /v1/disputes/{dispute}/close", disputes.close_dispute, ""),
    ("GET /v1/account", accounts.retrieve_current_account, ""),
    ("POST /v1/accounts", accounts.create_account, f"{ACCOUNT} country controller type"),
    ("GET /v1/accounts", accounts.list_accounts, DATED),
    ("GET /v1/accounts/{account}", accounts.retrieve_account, ""),
    ("POST /v1/accounts/{account}", accounts.update_account, ACCOUNT),
    ("DELETE /v1/accounts/{account}", accounts.delete_account, ""),
    ("POST /v1/accounts/{account}/reject", accounts.reject_account, "reason"),
    ("POST /v1/account_links", account_links.create_account_link, "account type refresh_url return_url collect"),
    ("POST /v1/accounts/{account}/login_links", account_links.create_login_link, ""),
    ("GET /v1/accounts/{account}/capabilities", accounts.list_capabilities, ""),
    ("GET /v1/accounts/{account}/capabilities/{capability}", accounts.retrieve_capability, ""),
    ("POST /v1/accounts/{account}/capabilities/{capability}", accounts.update_capability, "requested"),
    (
        "POST /v1/accounts/{account}/external_accounts",
        external_accounts.create_external_account,
        "external_account default_for_currency metadata",
    ),
    (
        "GET /v1/accounts/{account}/external_accounts",
        external_accounts.list_external_accounts,
        f"{PAGED} object",
    ),
    ("GET /v1/accounts/{account}/external_accounts/{id}", external_accounts.retrieve_external_account, ""),
    (
        "POST /v1/accounts/{account}/external_accounts/{id}",
        external_accounts.update_external_account,
        "default_for_currency metadata",
    ),
    ("DELETE /v1/accounts/{account}/external_accounts/{id}", external_accounts.delete_external_account, ""),
    (
        "POST /v1/transfers",
        transfers.create_transfer,
        "amount currency destination description metadata source_transaction source_type transfer_group",
    ),
    ("GET /v1/transfers", transfers.list_transfers, f"{DATED} destination transfer_group"),
    ("GET /v1/transfers/{transfer}", transfers.retrieve_transfer, ""),
    ("POST /v1/transfers/{transfer}", transfers.update_transfer, "description metadata"),
    ("POST /v1/transfers/{id}/reversals", transfer_reversals.create_reversal, "amount metadata"),
    ("GET /v1/transfers/{id}/reversals", transfer_reversals.list_reversals, PAGED),
    ("GET /v1/transfers/{transfer}/reversals/{id}", transfer_reversals.retrieve_reversal, ""),
    (
        "POST /v1/payouts",
        payouts.create_payout,
        "amount currency description destination metadata method source_type statement_descriptor",
    ),
    ("GET /v1/payouts", payouts.list_payouts, f"{DATED} arrival_date destination status"),
    ("GET /v1/payouts/{payout}", payouts.retrieve_payout, ""),
    ("POST /v1/payouts/{payout}", payouts.update_payout, "metadata"),
    ("POST /v1/payouts/{payout}/cancel", payouts.cancel_payout, ""),
    (
        "POST /v1/topups",
        topups.create_topup,
        "amount currency description metadata statement_descriptor transfer_group",
    ),
    ("GET /v1/topups", topups.list_topups, f"{DATED} status"),
    ("GET /v1/topups/{topup}", topups.retrieve_topup, ""),
    (
        "POST /v1/invoiceitems",
        invoice_items.create_invoice_item,
        "amount currency customer description invoice metadata period",
    ),
    ("GET /v1/invoiceitems", invoice_items.list_invoice_items, f"{PAGED} customer invoice pending"),
    ("GET /v1/invoiceitems/{invoiceitem}", invoice_items.retrieve_invoice_item, ""),
    ("DELETE /v1/invoiceitems/{invoiceitem}", invoice_items.delete_invoice_item, ""),
    (
        "POST /v1/invoices",
        invoices.create_invoice,
        NEW_INVOICE,
    ),
    ("GET /v1/invoices", invoices.list_invoices, f"{DATED} collection_method customer status"),
    ("GET /v1/invoices/{invoice}", invoices.retrieve_invoice, ""),
    ("POST /v1/invoices/{invoice}", invoices.update_invoice, "description metadata"),
    ("DELETE /v1/invoices/{invoice}", invoices.delete_invoice, ""),
    ("GET /v1/invoices/{invoice}/lines", invoice_lines, PAGED),
    ("POST /v1/invoices/{invoice}/finalize", invoices.finalize_invoice, "auto_advance"),
    ("POST /v1/invoices/{invoice}/mark_uncollectible", invoices.mark_invoice_uncollectible, ""),
    ("POST /v1/invoices/{invoice}/pay", invoices.pay_invoice, "off_session paid_out_of_band payment_method"),
    ("POST /v1/invoices/{invoice}/send", invoices.send_invoice, ""),
    ("POST /v1/invoices/{invoice}/void", invoices.void_invoice, ""),
    ("GET /v1/invoice_payments", invoice_payments.list_invoice_payments, f"{DATED} invoice payment status"),
    ("GET /v1/invoice_payments/{invoice_payment}", invoice_payments.retrieve_invoice_payment, ""),
    ("GET /v1/balance", balance_views.retrieve_balance, ""),
    (
        "GET /v1/balance_transactions",
        balance_views.list_balance_transactions,
        f"{DATED} currency source type payout",
    ),
    ("GET /v1/balance_transactions/{id}", balance_views.retrieve_balance_transaction, ""),
    ("GET /v1/events", webhook_endpoints.list_events, f"{DATED} type types"),
    ("GET /v1/events/{id}", webhook_endpoints.retrieve_event, ""),
    ("POST /v1/webhook_endpoints", webhook_endpoints.create_webhook_endpoint, f"{ENDPOINT} connect api_version"),
    ("GET /v1/webhook_endpoints", webhook_endpoints.list_webhook_endpoints, PAGED),
    ("GET /v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.retrieve_webhook_endpoint, ""),
    (
        "POST /v1/webhook_endpoints/{webhook_endpoint}",
        webhook_endpoints.update_webhook_endpoint,
        f"{ENDPOINT} disabled",
    ),
    ("DELETE /v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.delete_webhook_endpoint, ""),
)

OPERATIONS = {name: _operation(name, verb, modelled) for name, verb, modelled in _TABLE}
"""By name, such as `POST /v1/transfers`."""


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of a request, and what its path names."""
    for operation in OPERATIONS.values():
        if operation.name.startswith(f"{method} ") and (match := operation.pattern.fullmatch(path)):
            return operation, match.groupdict()
    return None
