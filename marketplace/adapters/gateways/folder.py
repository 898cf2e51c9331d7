"""A payment gateway in a folder: one file for each payment, readable by anybody, and safe from kill -9.

The stand-in of the demo. A payment exists when its file has its final name, which is given in one step and only once,
so that any number of processes may share the folder and be killed at any moment.
"""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import UUID

import orjson

from marketplace.adapters.gateways.faults import (
    REFUSAL_REASON,
    FaultScript,
    GatewayFault,
    lose_answer,
    refuse_production,
)
from marketplace.core.ids import DriverId
from marketplace.core.money import Money
from marketplace.core.work import outside
from marketplace.payouts import Payment, PaymentKeyReused, PaymentRefused, PaymentResult

PAID = "PAID"
REFUSED = "REFUSED"


class FolderGateway:
    """Keeps each payment, paid or refused, as a JSON file named by a digest of its key."""

    def __init__(self, folder: Path, *, is_production: bool, faults: Iterable[GatewayFault | None] = ()) -> None:
        refuse_production(is_production=is_production)
        self.folder = folder
        self.faults = FaultScript(faults)
        folder.mkdir(parents=True, exist_ok=True)

    async def pay(self, payment: Payment) -> PaymentResult:
        """Pays once for each key; a refused key stays refused."""
        fault = self.faults.next()
        outcome = REFUSED if fault is GatewayFault.REFUSE else PAID
        kept, outcome = await asyncio.to_thread(self._keep, payment, outcome)
        if kept != payment:
            raise PaymentKeyReused("this payment key stands for another payment")
        lose_answer(fault)
        if outcome == REFUSED:
            raise PaymentRefused(REFUSAL_REASON)
        return self._result(payment)

    async def find(self, key: str) -> PaymentResult | None:
        """The payment that was made under this key, if any."""
        outside()
        found = await asyncio.to_thread(self._read, key)
        return self._result(found[0]) if found and found[1] == PAID else None

    async def paid(self) -> list[Payment]:
        """Every payment that was made, in no order; for tests and the demo's report."""
        kept = await asyncio.to_thread(lambda: [_parse(path.read_bytes()) for path in self.folder.glob("*.json")])
        return [payment for payment, outcome in kept if outcome == PAID]

    def _keep(self, payment: Payment, outcome: str) -> tuple[Payment, str]:
        """Writes the payment unless its key has one, and returns the one it has."""
        if (known := self._read(payment.key)) is not None:
            return known
        path, draft = self._path(payment.key), self.folder / f"{token_hex(16)}.draft"
        content = orjson.dumps(_plain(payment) | {"outcome": outcome}, option=orjson.OPT_INDENT_2)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link either takes the free name, whole file and all, or fails: unlike a rename it never replaces a payment.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
        _sync_folder(self.folder)
        return _parse(path.read_bytes())

    def _read(self, key: str) -> tuple[Payment, str] | None:
        try:
            return _parse(self._path(key).read_bytes())
        except FileNotFoundError:
            return None

    def _path(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode()).hexdigest()}.json"

    def _result(self, payment: Payment) -> PaymentResult:
        return PaymentResult(key=payment.key, amount=payment.amount, reference=self._path(payment.key).stem[:24])


def _plain(payment: Payment) -> dict[str, Any]:
    return {
        "key": payment.key,
        "driver_id": str(payment.driver_id),
        "amount_minor": payment.amount.minor,
        "currency": payment.amount.currency,
        "reference": payment.reference,
    }


def _parse(content: bytes) -> tuple[Payment, str]:
    kept = orjson.loads(content)
    payment = Payment(
        key=kept["key"],
        driver_id=DriverId(UUID(kept["driver_id"])),
        amount=Money(kept["amount_minor"], kept["currency"]),
        reference=kept["reference"],
    )
    return payment, kept["outcome"]


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself survive a power cut, not only the content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
