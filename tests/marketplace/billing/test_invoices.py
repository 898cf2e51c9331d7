"""A month's invoice: our lines are the truth, the provider's total is compared before it is final."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from marketplace.billing import InvoiceState, LineKind, ProfileState, Terms, grant_goodwill
from marketplace.billing.close_period import local_days_later, month_before
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.profile import next_due
from marketplace.core.money import Money
from marketplace.ledger import GATEWAY_PENDING, OWNER_FUNDS, shipper_receivable
from tests.marketplace.billing.world import BillingWorld


async def test_a_month_becomes_an_invoice_whose_total_is_the_sum_of_its_lines(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(4_000, 2_500)
    await billing.bill(700, service_level="EXPRESS")
    async with billing.works.open() as work:
        await grant_goodwill(
            work,
            market_id=billing.market.id,
            shipper_id=billing.shipper.id,
            amount=Money(200, "USD"),
            reason="a bad day",
        )

    await billing.end_month()

    [invoice] = await billing.invoices()
    assert (invoice.number, invoice.state, invoice.total_minor, invoice.shown_minor) == (1, "OPEN", 7_000, 7_000)
    assert await lines(billing) == [
        ("DELIVERY", "EXPRESS", 1, 700),
        ("DELIVERY", "STANDARD", 2, 6_500),
        ("GOODWILL", None, 1, -200),
    ]
    [shown] = billing.payments.rows("invoice")
    assert (shown["status"], shown["total"]) == ("open", 7_000)
    assert sorted(row["amount"] for row in billing.payments.rows("invoiceitem")) == [-200, 700, 6_500]


async def test_each_kind_of_broken_promise_is_a_line_with_its_reason(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(9_000)
    async with billing.works.open() as work:
        for key, reason in enumerate(["SAME_DAY late", "SAME_DAY late", "NEXT_DAY first try failed"]):
            line = NewLine(
                key=f"promise {key}",
                kind=LineKind.SLA_CREDIT,
                market_id=billing.market.id,
                shipper_id=billing.shipper.id,
                amount=Money(100, "USD"),
                subject_id=work.new_id(),
                service_level="STANDARD",
                reason=reason,
            )
            await write_line(work, line)

    await billing.end_month()

    async with billing.works.open() as work:
        rows = await work.fetch(
            "SELECT label, quantity, amount_minor FROM invoice_line WHERE kind = 'SLA_CREDIT' ORDER BY place"
        )
    assert [tuple(row) for row in rows] == [
        ("Credit for broken promises, NEXT_DAY first try failed", 1, -100),
        ("Credit for broken promises, SAME_DAY late", 2, -200),
    ]


async def test_an_invoice_that_was_paid_past_the_provider_settles_what_was_owed_once(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(6_500)
    await billing.end_month()
    [shown] = billing.payments.rows("invoice")

    await billing.payments.v1.invoices.pay_async(shown["id"], {"paid_out_of_band": True})
    await billing.run()
    await billing.job("settle_invoice", (await billing.invoices())[0].id)

    assert [invoice.state for invoice in await billing.invoices()] == ["PAID"]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert await billing.balance(GATEWAY_PENDING) == 0  # the company has it, and the gateway never had
    assert await billing.balance(OWNER_FUNDS) == -6_500
    assert (await billing.ledger()).is_sound


async def test_an_invoice_whose_total_differs_is_never_made_final(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(6_500)
    due_at = (await billing.profile()).next_due_at
    billing.clock.advance(seconds=(due_at - billing.clock.now).total_seconds() + 60)
    await billing.job("close_period", (await billing.profile()).id)
    await billing.react()
    await billing.payments.send_all()  # the customer
    await billing.react()
    [invoice] = await billing.invoices()
    await billing.job("settle_invoice", invoice.id)
    await billing.payments.send_all()  # the draft
    [shown] = billing.payments.rows("invoice")
    await billing.payments.v1.invoice_items.create_async(
        {"customer": shown["customer"], "invoice": shown["id"], "amount": 1, "currency": "usd"}
    )

    await billing.run()

    [invoice] = await billing.invoices()
    assert (invoice.state, invoice.total_minor, invoice.shown_minor) == ("MISMATCH", 6_500, 6_501)
    assert [row["status"] for row in billing.payments.rows("invoice")] == ["draft"]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 6_500


async def test_a_mismatch_that_was_mended_goes_on(billing: BillingWorld) -> None:
    await test_an_invoice_whose_total_differs_is_never_made_final(billing)
    [wrong] = [row for row in billing.payments.rows("invoiceitem") if row["amount"] == 1]

    await billing.payments.v1.invoice_items.delete_async(wrong["id"])
    await billing.job("settle_invoice", (await billing.invoices())[0].id)
    await billing.run()

    assert [invoice.state for invoice in await billing.invoices()] == [InvoiceState.OPEN.value]


async def test_the_database_refuses_to_make_final_what_was_not_compared(billing: BillingWorld) -> None:
    await test_an_invoice_whose_total_differs_is_never_made_final(billing)

    with pytest.raises(asyncpg.CheckViolationError, match="invoice_compared"):
        async with billing.works.open() as work:
            await work.execute("UPDATE invoice SET state = 'FINALIZING'")


async def test_a_month_is_invoiced_once_and_what_comes_later_goes_on_the_next(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(1_000)
    await billing.end_month()
    await billing.bill(2_000)

    again = await billing.sweep()
    await billing.end_month()

    assert "close_period" not in again
    first, second = await billing.invoices()
    assert (first.total_minor, second.total_minor) == (1_000, 2_000)
    assert (first.number, second.number) == (1, 2)
    assert first.period_end == second.period_start


async def test_a_month_without_anything_owed_has_no_invoice_and_its_credit_waits(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    async with billing.works.open() as work:
        await grant_goodwill(
            work,
            market_id=billing.market.id,
            shipper_id=billing.shipper.id,
            amount=Money(300, "USD"),
            reason="a bad day",
        )
    await billing.end_month()
    assert await billing.invoices() == []

    await billing.bill(1_000)
    await billing.end_month()

    assert [invoice.total_minor for invoice in await billing.invoices()] == [700]


async def test_an_invoice_that_is_not_paid_in_time_makes_its_shipper_past_due(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(6_500)
    await billing.end_month()
    billing.clock.advance(seconds=29 * 86_400)
    await billing.sweep()
    before = (await billing.profile()).state

    billing.clock.advance(seconds=2 * 86_400)
    await billing.sweep()

    assert (before, (await billing.profile()).state) == (ProfileState.GOOD, ProfileState.PAST_DUE)


async def test_lines_of_an_invoice_are_kept_as_they_are(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.bill(6_500)
    await billing.end_month()

    for statement in (
        "UPDATE invoice_line SET amount_minor = 1",
        "UPDATE bill_line SET amount_minor = 1",
        "UPDATE bill_line SET invoice_line_id = NULL",
        "DELETE FROM bill_line",
        "UPDATE invoice SET total_minor = 1",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with billing.works.open() as work:
                await work.execute(statement)


async def test_an_invoice_shows_what_can_be_moved_and_carries_the_rest_over(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None, currency="KWD", limit_minor=10**12)
    await billing.bill(12_345, 60_000_000, 70_000_000)
    await billing.end_month()
    await billing.bill(2_000)
    await billing.end_month()

    invoices = await billing.invoices()
    assert [(invoice.state, invoice.total_minor) for invoice in invoices] == [("OPEN", 130_012_340), ("OPEN", 2_000)]
    assert sorted(await lines(billing)) == [
        ("DELIVERY", "STANDARD", 1, 2_000),
        ("DELIVERY", "STANDARD", 1, 70_000_000),
        ("DELIVERY", "STANDARD", 2, 60_012_340),
    ]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 130_014_345


async def lines(billing: BillingWorld) -> list[tuple[LineKind, str | None, int, int]]:
    async with billing.works.open() as work:
        rows = await work.fetch("SELECT kind, service_level, quantity, amount_minor FROM invoice_line ORDER BY place")
    return [tuple(row) for row in rows]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_a_month_ends_by_the_local_calendar_whatever_the_clock_was_set_to() -> None:
    # Santiago is at -3 in March and at -4 from 5 April 2026; New York changes on 8 March and 1 November.
    santiago, new_york = "America/Santiago", "America/New_York"

    assert next_due(utc(2026, 3, 2, 15), Terms.INVOICE, santiago) == utc(2026, 4, 1, 3)
    assert next_due(utc(2026, 4, 1, 2, 59, 59), Terms.INVOICE, santiago) == utc(2026, 4, 1, 3)
    assert next_due(utc(2026, 4, 1, 3), Terms.INVOICE, santiago) == utc(2026, 5, 1, 4)
    assert next_due(utc(2026, 2, 28, 12), Terms.INVOICE, new_york) == utc(2026, 3, 1, 5)
    assert next_due(utc(2026, 3, 1, 5), Terms.INVOICE, new_york) == utc(2026, 4, 1, 4)
    assert month_before(utc(2026, 5, 1, 4), santiago) == utc(2026, 4, 1, 3)
    assert month_before(utc(2026, 4, 1, 4), new_york) == utc(2026, 3, 1, 5)


def test_days_follow_one_another_without_gap_or_overlap_when_clocks_change() -> None:
    moment, days = utc(2026, 3, 6, 12), []
    for _ in range(4):
        moment = next_due(moment, Terms.CARD, "America/New_York")
        days.append(moment)

    assert days == [utc(2026, 3, 7, 5), utc(2026, 3, 8, 5), utc(2026, 3, 9, 4), utc(2026, 3, 10, 4)]
    assert days[2] - days[1] == timedelta(hours=23)


def test_months_follow_one_another_for_years_in_every_odd_zone() -> None:
    for zone in ("America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia", "UTC"):
        moment = utc(2026, 1, 15)
        for _ in range(36):
            following = next_due(moment, Terms.INVOICE, zone)
            assert month_before(next_due(following, Terms.INVOICE, zone), zone) == following
            assert timedelta(0) < following - moment <= timedelta(days=32)
            moment = following


def test_an_invoice_is_due_at_the_end_of_a_local_day() -> None:
    assert local_days_later(utc(2026, 4, 1, 3), 30, "America/Santiago") == utc(2026, 5, 1, 4)
