"""An event only says what to read again; what is read is kept, and told to whoever it concerns."""

from uuid import uuid4

from marketplace.payments import Endpoint, ObjectKind, OperationKind, known_objects
from marketplace.payments.events import ProviderObjectChanged
from tests.marketplace.payments.kinds import prepare, want
from tests.payment_worlds import PaymentWorld


async def notes(payments: PaymentWorld) -> list[str | None]:
    async with payments.works.open() as work:
        rows = await work.fetch(
            "SELECT error FROM stripe_event WHERE processed_at IS NOT NULL ORDER BY received_at, id"
        )
    return [row["error"] for row in rows]


async def changes(payments: PaymentWorld) -> list[tuple[str, str]]:
    async with payments.works.open() as work:
        rows = await work.fetch(
            "SELECT payload->>'kind' AS kind, payload->>'state' AS state FROM event"
            " WHERE name = 'ProviderObjectChanged' ORDER BY kind, state"
        )
    return [(row["kind"], row["state"]) for row in rows]


async def test_a_payout_that_arrived_may_still_come_back(payments: PaymentWorld) -> None:
    subject_id = uuid4()
    await want(payments, await prepare(OperationKind.PAYOUT, payments), subject_id=subject_id)
    await payments.settle()
    await payments.pass_time(3 * 86_400)
    await payments.settle()
    [payout] = payments.rows("payout")
    await payments.control("POST", f"/payouts/{payout['id']}/fail", reason="account_closed")

    await payments.settle()

    async with payments.works.open() as work:
        [known] = await known_objects(work, kind=ObjectKind.PAYOUT, subject_id=subject_id)
    assert (known.state, known.facts["failure_code"]) == ("failed", "account_closed")
    assert [change for change in await changes(payments) if change[0] == "payout"] == [
        ("payout", "failed"),
        ("payout", "paid"),
    ]


async def test_a_dispute_has_the_subject_of_its_payment(payments: PaymentWorld) -> None:
    subject_id = uuid4()
    await want(payments, await prepare(OperationKind.CHARGE, payments), subject_id=subject_id)
    await payments.settle()
    [charge] = [row for row in payments.rows("charge") if row["metadata"].get("subject") == str(subject_id)]
    await payments.control("POST", f"/charges/{charge['id']}/dispute", reason="product_not_received")

    await payments.settle()

    async with payments.works.open() as work:
        [known] = await known_objects(work, kind=ObjectKind.DISPUTE, subject_id=subject_id)
    assert (known.state, known.facts["reason"], known.facts["fee_minor"]) == (
        "needs_response",
        "product_not_received",
        1500,
    )
    assert known.parent_id == charge["payment_intent"]


async def test_an_event_about_something_that_is_not_ours_is_noted_and_done_with(payments: PaymentWorld) -> None:
    await payments.v1.customers.create_async({"name": "Somebody else's"})

    await payments.settle()

    assert [note.partition(":")[0] for note in await notes(payments) if note] == ["not_ours"]
    assert await changes(payments) == []


async def test_the_same_event_twice_is_kept_once(payments: PaymentWorld) -> None:
    await want(payments, await prepare(OperationKind.CREATE_CUSTOMER, payments))
    await payments.send_all()
    events = payments.take_events()

    await payments.hear([*events, *events])
    await payments.apply_all()
    await payments.hear(events)

    assert await payments.apply_all() == 0
    assert len(await notes(payments)) == len(events) == 1


async def test_many_events_about_one_object_are_one_reading(payments: PaymentWorld) -> None:
    subject_id = uuid4()
    await want(payments, await prepare(OperationKind.CREATE_ACCOUNT, payments), subject_id=subject_id)
    await payments.send_all()
    [account] = [row for row in payments.rows("account") if row["metadata"].get("subject") == str(subject_id)]
    await payments.control("POST", f"/accounts/{account['id']}/verify")
    events = payments.take_events()
    await payments.hear(events)

    readings = await payments.apply_all()

    assert {endpoint for endpoint, _ in events} == {Endpoint.CONNECT}
    assert (readings, len(events) > 2) == (1, True)
    async with payments.works.open() as work:
        [known] = await known_objects(work, kind=ObjectKind.ACCOUNT, subject_id=subject_id)
    assert (known.state, known.facts["payouts_enabled"], known.facts["transfers"]) == ("enabled", True, "active")
    assert known.facts["external_statuses"] == ["new"]


async def test_what_a_driver_may_do_goes_both_ways(payments: PaymentWorld) -> None:
    subject_id = uuid4()
    await want(payments, await prepare(OperationKind.CREATE_ACCOUNT, payments), subject_id=subject_id)
    await payments.send_all()
    [account] = [row for row in payments.rows("account") if row["metadata"].get("subject") == str(subject_id)]
    passed = payments.sandbox.clock.now() - 1
    seen = []
    for command, wishes in (("verify", {}), ("require", {"deadline": passed}), ("verify", {}), ("reject", {})):
        await payments.control("POST", f"/accounts/{account['id']}/{command}", **wishes)
        await payments.settle()
        async with payments.works.open() as work:
            [known] = await known_objects(work, kind=ObjectKind.ACCOUNT, subject_id=subject_id)
        seen.append(known.state)

    assert seen == ["enabled", "restricted", "enabled", "rejected"]


async def test_an_event_waits_while_the_provider_does_not_answer(payments: PaymentWorld) -> None:
    await want(payments, await prepare(OperationKind.CREATE_CUSTOMER, payments))
    await payments.send_all()
    await payments.hear()
    await payments.break_next("reset_before", "GET /v1/customers/*", times=2)

    await payments.apply_all()

    async with payments.works.open() as work:
        [row] = await work.fetch("SELECT attempts, error, not_before, processed_at FROM stripe_event")
        await work.execute("UPDATE stripe_event SET not_before = NULL")
    assert (row["attempts"], row["processed_at"]) == (1, None)
    assert row["error"].startswith("OUTCOME_UNKNOWN")
    assert await payments.apply_all() == 1


def test_the_event_says_no_more_than_it_must() -> None:
    assert set(ProviderObjectChanged.__slots__) == {"object_id", "kind", "subject_id", "state"}
