"""Shippers see what they owe and put a card on file; operators set terms, refund and credit, and it is written down."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from marketplace.accounts import Tokens, create_api_key
from marketplace.batches.states import DeliveryState
from marketplace.billing import Terms
from marketplace.core.clock import ManualClock
from marketplace.core.ids import ShipperId, from_wire, to_wire
from marketplace.ledger import GOODWILL, shipper_prepaid, shipper_receivable
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.billing.world import BillingWorld
from tests.payment_worlds import PaymentWorld, payments
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator

__all__ = ["payments"]


class Office:
    """A shipper's portal and the operations of its market, over the API."""

    def __init__(self, api: Api, billing: BillingWorld) -> None:
        self.api = api
        self.billing = billing
        self.shipper: Caller
        self.operator: Caller

    async def portal(self, name: str, **variables: Any) -> Any:
        """What the shipper's portal gets."""
        [value] = (await self.api.ask(load_document("portal", name), variables, self.shipper)).values()
        return value

    async def desk(self, name: str, **variables: Any) -> Any:
        """What operations get."""
        given = {"marketId": self.market, **variables}
        [value] = (await self.api.ask(load_document("operations", name), given, self.operator)).values()
        return value

    @property
    def market(self) -> str:
        return to_wire("market", self.billing.market.id)

    @property
    def shipper_id(self) -> str:
        return to_wire("shipper", self.billing.shipper.id)


@pytest.fixture
async def office(
    payments: PaymentWorld, clock: ManualClock, marketplace: TestMarketplace, tokens: Tokens
) -> AsyncIterator[Office]:
    """A shipper that pays by card and has none yet."""
    marketplace.provider = payments.provider
    billing = await BillingWorld(payments, clock).open(Terms.CARD, card=None)
    office = Office(Api(build_app(marketplace)), billing)
    async with billing.works.open() as work:
        key = await create_api_key(work, shipper_id=ShipperId(billing.shipper.id))
        office.operator = await make_operator(work, tokens, market_id=billing.market.id, name="Marta")
    office.shipper = Caller(id=billing.shipper.id, market_id=billing.market.id, credential=key.secret)
    async with office.api.http:
        yield office


async def test_a_card_is_set_up_through_the_provider_and_only_whether_it_is_there_is_shown(office: Office) -> None:
    [before] = await office.portal("my_billing")
    asked = {"billingId": before["id"], "idempotencyKey": "a"}

    early = await office.portal("set_up_card", **asked)
    await office.billing.run()  # the shipper is made known to the provider
    setup = await office.portal("set_up_card", **asked)
    await office.billing.payments.v1.setup_intents.confirm_async(
        setup["clientSecret"].partition("_secret_")[0],
        {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"},
    )
    await office.billing.run()

    [after] = await office.portal("my_billing")
    assert (early["code"], early["retryable"]) == ("CUSTOMER_NOT_READY", True)
    assert (before["hasCard"], after["hasCard"]) == (False, True)
    async with office.billing.works.open() as work:
        kept = await work.fetch("SELECT reply FROM idempotency")
    assert [row for row in kept if "secret" in (row["reply"] or "")] == []


async def test_what_is_paid_ahead_is_charged_once_and_shown(office: Office) -> None:
    await office.billing.give_card("pm_card_visa")
    await office.billing.set_terms(Terms.PREPAID, limit_minor=0)
    [billing] = await office.portal("my_billing")
    asked = {"billingId": billing["id"], "amountMinor": 5_000, "idempotencyKey": "a"}

    first = await office.portal("top_up", **asked)
    again = await office.portal("top_up", **asked)
    await office.billing.run()

    [after] = await office.portal("my_billing")
    [charge] = [edge["node"] for edge in (await office.portal("charges"))["edges"]]
    assert first == again
    assert (first["charge"]["state"], charge["state"], charge["means"]) == ("OPEN", "PAID", "TOP_UP")
    assert (after["prepaidMinor"], after["creditLeftMinor"]) == (5_000, 5_000)
    assert await office.billing.balance(shipper_prepaid(office.billing.shipper.id)) == 5_000


@pytest.mark.parametrize("amount", [0, -5])
async def test_a_top_up_of_nothing_is_refused(office: Office, amount: int) -> None:
    await office.billing.give_card("pm_card_visa")
    [billing] = await office.portal("my_billing")

    problem = await office.portal("top_up", billingId=billing["id"], amountMinor=amount, idempotencyKey="a")

    assert (problem["code"], problem["field"]) == ("INVALID", "amountMinor")
    assert await office.billing.charges() == []


async def test_terms_are_set_and_written_down(office: Office) -> None:
    asked = {"shipperId": office.shipper_id, "terms": "INVOICE", "creditLimitMinor": 70_000, "currency": "USD"}

    done = await office.desk("set_billing_terms", **asked, dueDays=14, idempotencyKey="a")

    shown = await office.desk("shipper_billing", shipperId=office.shipper_id)
    assert done["billing"] == shown
    assert (shown["terms"], shown["creditLimitMinor"], shown["creditLeftMinor"], shown["dueDays"]) == (
        "INVOICE",
        70_000,
        70_000,
        14,
    )
    [action] = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    assert (action["verb"], action["subjectId"]) == ("setBillingTerms", office.shipper_id)
    assert orjson.loads(action["details"])["credit_limit_minor"] == 70_000


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"creditLimitMinor": -1}, "BAD_TERMS", "creditLimitMinor"),
        ({"currency": "CLP"}, "INVALID", "currency"),
        ({"dueDays": 121}, "BAD_TERMS", "dueDays"),
        ({"shipperId": to_wire("shipper", UUID(int=9))}, "NOT_FOUND", "shipperId"),
    ],
)
async def test_terms_that_cannot_be_are_refused_with_their_field(
    office: Office, change: dict[str, Any], code: str, field: str
) -> None:
    asked = {"shipperId": office.shipper_id, "terms": "INVOICE", "creditLimitMinor": 1, "currency": "USD"}

    problem = await office.desk("set_billing_terms", **asked | change, idempotencyKey="a")

    assert (problem["code"], problem["field"]) == (code, field)
    assert (await office.billing.profile()).terms is Terms.CARD


async def test_a_delivery_is_refunded_and_the_shipper_sees_it(office: Office) -> None:
    await office.billing.give_card("pm_card_visa")
    small, _ = await office.billing.bill(2_000, 8_000)
    asked = {"deliveryId": to_wire("delivery", small.id), "currency": "USD", "reason": "lost", "idempotencyKey": "a"}

    wanted = await office.desk("refund_delivery", **asked)
    again = await office.desk("refund_delivery", **asked)
    await office.billing.run()

    [charge] = [edge["node"] for edge in (await office.portal("charges"))["edges"]]
    assert wanted == again
    assert (wanted["state"], charge["refundedMinor"], charge["lineCount"]) == ("SENDING", 2_000, 2)
    assert [refund.state for refund in await office.billing.refunds()] == ["PAID"]
    too_much = await office.desk(
        "refund_charge", chargeId=charge["id"], amountMinor=8_001, currency="USD", reason="lost", idempotencyKey="b"
    )
    assert too_much["code"] == "REFUND_TOO_LARGE"


async def test_goodwill_counts_against_the_next_charge(office: Office) -> None:
    await office.billing.give_card("pm_card_visa")
    asked = {"shipperId": office.shipper_id, "amountMinor": 300, "currency": "USD", "reason": "a bad day"}

    await office.desk("grant_goodwill", **asked, idempotencyKey="a")
    await office.billing.bill(1_000)

    assert [charge.amount_minor for charge in await office.billing.charges()] == [700]
    assert await office.billing.balance(GOODWILL) == 300
    assert await office.billing.balance(shipper_receivable(office.billing.shipper.id)) == 0


async def test_what_waits_for_a_person_is_listed(office: Office) -> None:
    await office.billing.give_card("pm_card_chargeCustomerFail")
    await office.billing.bill(1_000)

    [stuck] = await office.desk("billing_attention")

    [charge] = await office.billing.charges()
    assert from_wire("charge", stuck["subjectId"]) == charge.id
    assert (stuck["reason"], stuck["amountMinor"], stuck["shipperId"]) == ("CHARGE_DECLINED", 1_000, office.shipper_id)


async def test_a_shipper_answers_its_bank_about_a_charge_and_it_is_paid(office: Office) -> None:
    await office.billing.give_card("pm_card_visa")
    customer = (await office.billing.profile()).customer_id
    asking = await office.billing.payments.v1.payment_methods.attach_async(
        "pm_card_authenticationRequired", {"customer": customer}
    )
    async with office.billing.works.open() as work:
        await work.execute("UPDATE billing_profile SET card_id = $1", asking.id)
    await office.billing.bill(6_500)
    [waiting] = [edge["node"] for edge in (await office.portal("charges"))["edges"]]
    asked = {"chargeId": waiting["id"], "idempotencyKey": "a"}

    begun = await office.portal("authenticate_charge", **asked)
    intent = begun["clientSecret"].partition("_secret_")[0]
    shown = await office.billing.payments.v1.payment_intents.confirm_async(intent, {"payment_method": begun["cardId"]})
    await office.billing.payments.control("POST", f"/payment_intents/{intent}/authenticate")
    await office.billing.run()
    after = await office.portal("authenticate_charge", **asked)

    [paid] = [edge["node"] for edge in (await office.portal("charges"))["edges"]]
    assert (waiting["state"], shown.status, paid["state"]) == ("ACTION_REQUIRED", "requires_action", "PAID")
    assert (paid["capturedMinor"], after["code"]) == (6_500, "NOTHING_TO_AUTHENTICATE")
    assert await office.billing.balance(shipper_receivable(office.billing.shipper.id)) == 0
    assert (await office.portal("my_billing"))[0]["state"] == "GOOD"
    async with office.billing.works.open() as work:
        kept = await work.fetch("SELECT reply FROM idempotency")
    assert [row for row in kept if "secret" in (row["reply"] or "")] == []


async def test_an_invoice_that_was_taken_back_is_drawn_again_and_paid_once(office: Office) -> None:
    await office.billing.set_terms(Terms.INVOICE)
    await office.billing.bill(6_500)
    await office.billing.end_month()
    [first] = office.billing.payments.rows("invoice")
    await office.billing.payments.v1.invoices.void_invoice_async(first["id"])
    await office.billing.run()
    [invoice] = await office.billing.invoices()
    asked = {
        "invoiceId": to_wire("invoice", invoice.id),
        "reason": "a wrong address",
        "dueDays": 10,
        "idempotencyKey": "a",
    }

    [stuck] = await office.desk("billing_attention")
    done = await office.desk("redraw_invoice", **asked)
    again = await office.desk("redraw_invoice", **asked)
    await office.billing.run()

    [drawn] = await office.billing.invoices()
    _, second = office.billing.payments.rows("invoice")
    assert (stuck["reason"], stuck["subjectId"], stuck["detail"]) == ("INVOICE_VOID", asked["invoiceId"], first["id"])
    assert (done["invoice"]["state"], done["invoice"]["number"], again["invoice"]["number"]) == ("DRAFTING", 1, 1)
    assert (drawn.state, drawn.drawing, drawn.due_days, drawn.object_id) == ("OPEN", 2, 10, second["id"])
    assert (second["status"], second["total"]) == ("open", 6_500)
    standing = await office.desk("redraw_invoice", **{**asked, "idempotencyKey": "b"})
    assert standing["code"] == "NOT_REDRAWABLE"
    [action] = [
        edge["node"]
        for edge in (await office.desk("operator_actions"))["edges"]
        if edge["node"]["verb"] == "redrawInvoice"
    ]
    assert action["subjectId"] == asked["invoiceId"]
    await office.billing.payments.v1.invoices.pay_async(second["id"], {"paid_out_of_band": True})
    await office.billing.run()
    assert await office.billing.balance(shipper_receivable(office.billing.shipper.id)) == 0


async def test_an_invoice_that_the_provider_refused_is_drawn_again_as_soon_as_it_can_be(office: Office) -> None:
    await office.billing.set_terms(Terms.INVOICE)
    await office.billing.bill(6_500)
    profile = await office.billing.profile()
    async with office.billing.works.open() as work:
        await work.execute("UPDATE billing_profile SET customer_id = 'cus_gone'")
    await office.billing.end_month()
    [refused] = await office.billing.invoices()
    async with office.billing.works.open() as work:
        await work.execute("UPDATE billing_profile SET customer_id = $1", profile.customer_id)

    await office.desk("redraw_invoice", invoiceId=to_wire("invoice", refused.id), reason="mended", idempotencyKey="a")
    await office.billing.run()

    [drawn] = await office.billing.invoices()
    assert (refused.state, drawn.state, drawn.due_days) == ("REFUSED", "OPEN", refused.due_days)
    assert [row["status"] for row in office.billing.payments.rows("invoice")] == ["open"]


async def test_a_rate_card_is_set_by_operators_and_read_by_its_shipper(office: Office) -> None:
    card = {
        "serviceLevel": "EXPRESS",
        "currency": "USD",
        "baseMinor": 900,
        "perKmMinor": 50,
        "perStopMinor": 0,
        "minimumMinor": 1_000,
        "surcharges": [{"code": "weekend", "percent": 15, "weekdays": [6, 7]}],
        "promises": {"cancelTakenPercent": 50},
    }

    done = await office.desk("set_rate_card", shipperId=office.shipper_id, card=card, idempotencyKey="a")

    assert done == {"version": 1}
    [express] = [one for one in await office.portal("rate_cards") if one["serviceLevel"] == "EXPRESS"]
    assert (express["baseMinor"], express["promises"]["cancelTakenPercent"], express["effectiveTo"]) == (900, 50, None)
    assert [(one["code"], one["percent"], one["weekdays"]) for one in express["surcharges"]] == [
        ("weekend", 15, [6, 7])
    ]
    assert await office.desk("shipper_rate_cards", shipperId=office.shipper_id) == await office.portal("rate_cards")
    [action] = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    assert action["verb"] == "setRateCard"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"baseMinor": -1}, "BAD_RATE_CARD"),
        ({"serviceLevel": "SLOW"}, "INVALID"),
        ({"currency": "CLP"}, "INVALID"),
        ({"surcharges": [{"code": "a"}]}, "BAD_SURCHARGE"),
        ({"promises": {"noShowPercent": 101}}, "BAD_PROMISES"),
        ({"effectiveFrom": "2026-01-01T00:00:00Z"}, "BAD_RATE_CARD_DATE"),
    ],
)
async def test_a_rate_card_that_cannot_be_is_refused(office: Office, change: dict[str, Any], code: str) -> None:
    amounts = dict.fromkeys(("baseMinor", "perKmMinor", "perStopMinor", "minimumMinor"), 1)
    card = {"serviceLevel": "EXPRESS", "currency": "USD", **amounts} | change

    problem = await office.desk("set_rate_card", shipperId=office.shipper_id, card=card, idempotencyKey="a")

    assert problem["code"] == code
    assert [one["serviceLevel"] for one in await office.portal("rate_cards")] == ["STANDARD"]


async def test_the_fee_is_shown_before_a_delivery_is_called_off(office: Office) -> None:
    [delivery] = await office.billing.batch(4_000, state=DeliveryState.SCHEDULED)
    delivery_id = to_wire("delivery", delivery.id)

    fee = await office.portal("cancellation_fee", deliveryId=delivery_id)
    done = await office.portal(
        "cancel_delivery",
        deliveryId=delivery_id,
        reason="OTHER",
        feeAtMostMinor=fee["feeMinor"],
        idempotencyKey="a",
    )

    assert (fee["feeMinor"], fee["currency"]) == (0, "USD")
    assert done["delivery"]["state"] == "CANCELLED"
