"""In development payments have a stand-in of their own, shared by all processes of a state folder."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from marketplace.adapters.stripe import DevelopmentStripe
from marketplace.adapters.stripe.signatures import sign
from marketplace.core.clock import machine
from marketplace.payments import BadSignature, Endpoint, FrozenOperation, ObjectKind, OperationKind, OutcomeUnknown
from tests.waiting import until

URL = "http://127.0.0.1:1"


def customer(number: int) -> FrozenOperation:
    return FrozenOperation(
        id=UUID(int=number),
        kind=OperationKind.CREATE_CUSTOMER,
        account=None,
        body=orjson.dumps({"name": "Corner Shop", "metadata": {"operation": str(UUID(int=number))}}),
        epoch=0,
        amount=None,
        first_sent_at=machine(),
    )


async def test_the_stand_in_is_shared_survives_its_death_and_ends_with_its_last_user(tmp_path: Path) -> None:
    ours, theirs = [DevelopmentStripe(tmp_path / "stripe", public_url=URL) for _ in range(2)]
    assert not (tmp_path / "stripe").exists()
    try:
        made = await ours.send(customer(1))
        seen_by_both = await theirs.retrieve(ObjectKind.CUSTOMER, made.id, account=None)
        os.kill(int((tmp_path / "stripe" / "pid").read_text()), signal.SIGKILL)

        async def is_back() -> bool:
            try:
                return await ours.find(customer(1)) is not None
            except OutcomeUnknown:
                return False

        await until(is_back, patience_s=60)
        found = await ours.find(customer(1))
        again = await ours.send(customer(1))
    finally:
        await ours.aclose()
        pid = int((tmp_path / "stripe" / "pid").read_text())
        is_left = _runs(pid)
        await theirs.aclose()

    async def has_ended() -> bool:
        return not _runs(pid)

    assert seen_by_both is not None
    assert (seen_by_both.id, found.id if found else None, again.id) == (made.id, made.id, made.id)
    assert is_left
    await until(has_ended, patience_s=60)


async def test_what_it_signs_is_believed_by_every_process_of_the_folder(tmp_path: Path) -> None:
    starter, answerer = [DevelopmentStripe(tmp_path / "stripe", public_url=URL) for _ in range(2)]
    body = orjson.dumps(
        {"id": "evt_1", "created": 1, "type": "payout.paid", "data": {"object": {"id": "po_1", "object": "payout"}}}
    )
    try:
        with pytest.raises(BadSignature):
            answerer.read_event(body, sign(body, secret="", now=machine()), endpoint=Endpoint.CONNECT, now=machine())
        await starter.send(customer(1))
        secrets = orjson.loads((tmp_path / "stripe" / "webhook-secrets.json").read_bytes())
        signature = sign(body, secret=secrets[f"{URL}/webhooks/stripe/connect"], now=machine())

        event = answerer.read_event(body, signature, endpoint=Endpoint.CONNECT, now=machine())

        with pytest.raises(BadSignature):
            answerer.read_event(body, signature, endpoint=Endpoint.PLATFORM, now=machine())
    finally:
        await starter.aclose()
        await answerer.aclose()
    assert (event.object_kind, event.object_id) == ("payout", "po_1")


def _runs(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # one that has died and that nobody has looked after does not run
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
