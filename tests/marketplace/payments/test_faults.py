"""Whatever goes wrong on the way, an operation ends, and there is one object at the provider for it."""

from typing import Any
from uuid import uuid4

import pytest

from marketplace.adapters.stripe_sandbox.faults import REQUEST_FAULTS
from marketplace.payments import OperationKind, latest_outcome
from tests.marketplace.payments.kinds import ENDPOINTS, TABLES, Wanted, dollars, prepare, want
from tests.payment_worlds import PaymentWorld

UNKNOWN_OUTCOMES = {
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "error_unsaved",
    "error_saved",
    "error_after",
    "error_after_saved",
    "slow",
}
CHANGES = {
    OperationKind.CAPTURE: ("payment_intent", "succeeded"),
    OperationKind.CANCEL_CHARGE: ("payment_intent", "canceled"),
    OperationKind.FINALIZE_INVOICE: ("invoice", "open"),
    OperationKind.VOID_INVOICE: ("invoice", "void"),
    OperationKind.EXPIRE_CHECKOUT: ("session", "expired"),
}
"""These make nothing: they bring an object into a state."""


async def row_of(payments: PaymentWorld, operation_id: Any) -> dict[str, Any]:
    async with payments.works.open() as work:
        row = await work.fetch_row("SELECT * FROM stripe_operation WHERE id = $1", operation_id)
    assert row is not None
    return dict(row)


def made_by(payments: PaymentWorld, wanted: Wanted, operation_id: Any) -> list[str]:
    """The objects at the provider that show that the operation was carried out."""
    rows = payments.rows(TABLES[wanted.kind])
    if wanted.kind in CHANGES:
        param, state = CHANGES[wanted.kind]
        return [row["id"] for row in rows if row["id"] == wanted.params[param] and row["status"] == state]
    return [row["id"] for row in rows if (row.get("metadata") or {}).get("operation") == str(operation_id)]


@pytest.mark.parametrize("kind", OperationKind)
async def test_every_fault_ends_in_exactly_one_object(payments: PaymentWorld, kind: OperationKind) -> None:
    assert UNKNOWN_OUTCOMES | {"conflict", "rate_limit"} == set(REQUEST_FAULTS)
    for fault in REQUEST_FAULTS:
        wanted, subject_id = await prepare(kind, payments), uuid4()
        operation_id = await want(payments, wanted, subject_id=subject_id)
        await payments.break_next(fault, ENDPOINTS[kind])

        await payments.send_all()
        after_fault = await row_of(payments, operation_id)
        await payments.send_all(is_patient=True)

        row = await row_of(payments, operation_id)
        assert after_fault["state"] == ("UNKNOWN" if fault in UNKNOWN_OUTCOMES else "READY"), fault
        assert made_by(payments, wanted, operation_id) == [row["object_id"]], fault
        # Only a failure that its key repeats for ever takes another key, and only if nothing was made.
        assert (row["state"], row["epoch"]) == ("DONE", 1 if fault == "error_saved" else 0), fault
        async with payments.works.open() as work:
            outcome = await latest_outcome(work, kind=kind, subject_id=subject_id)
            told = await work.fetch_value(
                "SELECT count(*) FROM event WHERE name = 'OperationEnded' AND payload->>'operation_id' = $1",
                str(operation_id),
            )
        assert outcome is not None
        assert (outcome.object_id, outcome.object_state is not None, told) == (row["object_id"], True, 1), fault


@pytest.mark.parametrize("kind", OperationKind)
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
async def test_a_key_that_is_forgotten_after_a_day_makes_nothing_twice(
    payments: PaymentWorld, kind: OperationKind, fault: str
) -> None:
    wanted = await prepare(kind, payments)
    operation_id = await want(payments, wanted)
    await payments.break_next(fault, ENDPOINTS[kind])
    await payments.send_all()
    await payments.pass_time(25 * 3_600)
    await payments.control("POST", "/keys/forget")
    async with payments.works.open() as work:
        await work.execute(
            "UPDATE stripe_operation SET key_used_at = key_used_at - interval '25 hours',"
            " first_sent_at = first_sent_at - interval '25 hours'"
        )

    await payments.send_all(is_patient=True)

    row = await row_of(payments, operation_id)
    assert made_by(payments, wanted, operation_id) == [row["object_id"]]
    assert (row["state"], row["epoch"]) == ("DONE", 1)


async def test_what_is_rejected_for_good_ends_with_the_reason(payments: PaymentWorld) -> None:
    wanted = await prepare(OperationKind.TRANSFER, payments)
    wanted.params["destination"] = "acct_nobody"
    operation_id = await want(payments, wanted)

    assert await payments.send_all(is_patient=True) == 1

    row = await row_of(payments, operation_id)
    assert (row["state"], row["error_code"], row["object_id"]) == ("REJECTED", "resource_missing", None)
    assert row["error"] == "Stripe refused it: resource_missing (destination)"


@pytest.mark.parametrize("fault", [None, "timeout_after", "error_after_saved"])
async def test_a_declined_card_is_declined_whether_or_not_the_answer_came(
    payments: PaymentWorld, fault: str | None
) -> None:
    wanted = await prepare(OperationKind.CHARGE, payments)
    await payments.control("POST", f"/payment_methods/{wanted.params['payment_method']}/fail", reason="lost_card")
    operation_id = await want(payments, wanted)
    if fault is not None:
        await payments.break_next(fault, ENDPOINTS[OperationKind.CHARGE])

    await payments.send_all(is_patient=True)

    row = await row_of(payments, operation_id)
    assert (row["state"], row["error_code"]) == ("REJECTED", "lost_card")
    assert len(made_by(payments, wanted, operation_id)) == 1


@pytest.mark.parametrize("kind", [OperationKind.TRANSFER, OperationKind.PAYOUT])
async def test_what_there_is_no_money_for_waits_in_sight_and_goes_out_later(
    payments: PaymentWorld, kind: OperationKind
) -> None:
    wanted = await prepare(kind, payments)
    amount = 250_000
    operation_id = await want(
        payments, Wanted(kind=kind, params=wanted.params, amount=dollars(amount), account=wanted.account)
    )

    await payments.send_all()
    waiting = await row_of(payments, operation_id)
    await payments.send_all()  # not due yet
    still = await row_of(payments, operation_id)
    await payments.float(amount + 50_000)
    if wanted.account:
        await payments.v1.transfers.create_async({"amount": amount, "currency": "usd", "destination": wanted.account})
    await payments.send_all(is_patient=True)

    done = await row_of(payments, operation_id)
    assert (waiting["state"], waiting["error_code"], waiting["epoch"]) == ("READY", "balance_insufficient", 1)
    assert waiting["not_before"] is not None
    assert (still["attempts"], done["state"]) == (1, "DONE")
    assert made_by(payments, wanted, operation_id) == [done["object_id"]]


async def test_a_clock_that_was_set_back_is_not_relied_on(payments: PaymentWorld) -> None:
    wanted = await prepare(OperationKind.PAYOUT, payments)
    operation_id = await want(payments, wanted)
    await payments.break_next("timeout_after", ENDPOINTS[OperationKind.PAYOUT])
    await payments.send_all()
    async with payments.works.open() as work:
        # Our clock stood a day ahead when it was sent, and was set right since.
        await work.execute(
            "UPDATE stripe_operation SET key_used_at = key_used_at + interval '30 hours',"
            " first_sent_at = first_sent_at + interval '30 hours'"
        )
    await payments.control("POST", "/keys/forget")

    await payments.send_all(is_patient=True)

    row = await row_of(payments, operation_id)
    assert (row["state"], row["epoch"]) == ("DONE", 1)
    assert made_by(payments, wanted, operation_id) == [row["object_id"]]


async def test_a_look_that_cannot_tell_sends_nothing(payments: PaymentWorld) -> None:
    wanted = await prepare(OperationKind.TRANSFER, payments)
    operation_id = await want(payments, wanted)
    await payments.break_next("timeout_after", ENDPOINTS[OperationKind.TRANSFER])
    await payments.break_next("reset_before", "GET /v1/transfers", times=20)
    await payments.send_all()
    for _ in range(3):
        await payments.stop_waiting()
        await payments.send_all()

    asked = [one for one in payments.sandbox.requests if one["path"] == "/v1/transfers" and one["method"] == "POST"]
    row = await row_of(payments, operation_id)
    assert (row["state"], row["attempts"], len(asked)) == ("UNKNOWN", 4, 1)


async def test_pauses_grow_and_have_an_end(payments: PaymentWorld) -> None:
    wanted = await prepare(OperationKind.CREATE_CUSTOMER, payments)
    operation_id = await want(payments, wanted)
    await payments.break_next("rate_limit", "*", times=100)
    pauses = []
    for _ in range(14):
        await payments.stop_waiting()
        await payments.send_all()
        async with payments.works.open() as work:
            pauses.append(
                await work.fetch_value(
                    "SELECT extract(epoch FROM not_before - $2)::float8 FROM stripe_operation WHERE id = $1",
                    operation_id,
                    work.machine_now,
                )
            )

    longest = [min(600.0, 2.0**count) for count in range(14)]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True))


async def test_nothing_secret_or_personal_is_kept_of_a_failure(payments: PaymentWorld) -> None:
    wanted = await prepare(OperationKind.CREATE_CUSTOMER, payments)
    wanted.params["email"] = "x" * 600 + "@example.com"
    operation_id = await want(payments, wanted)

    await payments.send_all(is_patient=True)

    row = await row_of(payments, operation_id)
    assert row["state"] == "REJECTED"
    assert "example.com" not in f"{row['error']} {row['error_code']}"
    assert "sk_test" not in f"{row['error']} {row['error_code']}"
