"""An operation of the outbox is carried out once, and what it made is known."""

from uuid import uuid4

import pytest

from marketplace.payments import ObjectKind, OperationKind, OperationState, known_objects, latest_outcome
from tests.marketplace.payments.kinds import TABLES, prepare, want
from tests.payment_worlds import PaymentWorld


@pytest.mark.parametrize("kind", OperationKind)
async def test_every_kind_of_operation_is_carried_out_once(payments: PaymentWorld, kind: OperationKind) -> None:
    wanted, subject_id = await prepare(kind, payments), uuid4()
    before = len(payments.rows(TABLES[kind]))
    operation_id = await want(payments, wanted, subject_id=subject_id)

    sent = await payments.send_all()

    assert sent == 1
    async with payments.works.open() as work:
        outcome = await latest_outcome(work, kind=kind, subject_id=subject_id)
        assert outcome is not None
        assert (outcome.state, outcome.error_code) == (OperationState.DONE, None)
        known = await known_objects(work, kind=ObjectKind(TABLES[kind]), subject_id=subject_id)
        assert [one.id for one in known] == [outcome.object_id]
    changes = wanted.params.keys() & {"payment_intent", "invoice", "session"} and kind not in {
        OperationKind.REFUND,
        OperationKind.ADD_INVOICE_ITEM,
    }
    made = payments.rows(TABLES[kind])
    assert len(made) == before + (0 if changes else 1)
    if not changes:
        assert [one["id"] for one in made if one["metadata"].get("operation") == str(operation_id)] == [
            outcome.object_id
        ]
