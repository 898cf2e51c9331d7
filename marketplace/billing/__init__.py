"""What shippers owe, in order of life: terms, credit, lines, charges or an invoice, and what goes back.

A delivery that has ended becomes a line on its shipper's bill, booked in the ledger. Lines are collected once: from the
card when a batch is through, from what is prepaid, or on the invoice of the month. The card is charged by operations of
`payments`; what came of them is read, never believed from an event, so that doubled, late or shuffled news end alike.
"""

from marketplace.billing.accrue import NotEarned, accrue_delivery
from marketplace.billing.authenticate_charge import (
    ChargeAuthentication,
    NothingToAuthenticate,
    authenticate_charge,
)
from marketplace.billing.bill_tip import bill_tip
from marketplace.billing.charge_reservation import charge_reservation
from marketplace.billing.close_period import close_period
from marketplace.billing.collect import collect_lines
from marketplace.billing.credit import Credit, CreditExhausted, PaymentRequired, check_credit, credit_of
from marketplace.billing.credit_claim import credit_claim
from marketplace.billing.credit_note import CreditTooLarge, grant_goodwill, issue_credit_note
from marketplace.billing.profile import (
    UNLIMITED,
    BadTerms,
    Profile,
    find_profile,
    refresh_profile,
    set_billing_terms,
)
from marketplace.billing.proofs import PROOFS_OF_BILLS
from marketplace.billing.reads import (
    billing_attention,
    charged_so_far,
    find_charge,
    find_invoice,
    find_invoice_in,
    list_billings,
    page_charges,
    page_invoices,
)
from marketplace.billing.redraw_invoice import NotRedrawable, redraw_invoice
from marketplace.billing.refund import NotRefundable, RefundTooLarge, refund_charge, refund_delivery
from marketplace.billing.retry_charge import retry_charge
from marketplace.billing.set_up_card import CardSetup, CustomerNotReady, set_up_card
from marketplace.billing.settle_charge import settle_charge
from marketplace.billing.settle_invoice import SettleInvoice, invoice_of, settle_invoice
from marketplace.billing.settle_profile import settle_profile
from marketplace.billing.settle_refund import find_refund_state, settle_refund
from marketplace.billing.states import (
    ChargeState,
    Collects,
    InvoiceState,
    LineKind,
    Means,
    ProfileState,
    RefundState,
    Shortfall,
    Terms,
)
from marketplace.billing.sweep import DueWork, sweep_billing
from marketplace.billing.top_up import top_up

__all__ = [
    "PROOFS_OF_BILLS",
    "UNLIMITED",
    "BadTerms",
    "CardSetup",
    "ChargeAuthentication",
    "ChargeState",
    "Collects",
    "Credit",
    "CreditExhausted",
    "CreditTooLarge",
    "CustomerNotReady",
    "DueWork",
    "InvoiceState",
    "LineKind",
    "Means",
    "NotEarned",
    "NotRedrawable",
    "NotRefundable",
    "NothingToAuthenticate",
    "PaymentRequired",
    "Profile",
    "ProfileState",
    "RefundState",
    "RefundTooLarge",
    "SettleInvoice",
    "Shortfall",
    "Terms",
    "accrue_delivery",
    "authenticate_charge",
    "bill_tip",
    "billing_attention",
    "charge_reservation",
    "charged_so_far",
    "check_credit",
    "close_period",
    "collect_lines",
    "credit_claim",
    "credit_of",
    "find_charge",
    "find_invoice",
    "find_invoice_in",
    "find_profile",
    "find_refund_state",
    "grant_goodwill",
    "invoice_of",
    "issue_credit_note",
    "list_billings",
    "page_charges",
    "page_invoices",
    "redraw_invoice",
    "refresh_profile",
    "refund_charge",
    "refund_delivery",
    "retry_charge",
    "set_billing_terms",
    "set_up_card",
    "settle_charge",
    "settle_invoice",
    "settle_profile",
    "settle_refund",
    "sweep_billing",
    "top_up",
]
