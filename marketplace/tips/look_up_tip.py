"""Asks the provider what has become of a tip, whether or not it has told: a lost message loses nobody's tip."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.errand import run_errand
from marketplace.core.work import Work, Works
from marketplace.payments import (
    ObjectKind,
    OperationRefused,
    OutcomeUnknown,
    PaymentProvider,
    ProviderBusy,
    ProviderObject,
)
from marketplace.payments.keep_object import keep_object
from marketplace.tips.queries import LOOK_LATER, READINGS, TO_LOOK_UP
from marketplace.tips.settle_tip import settle_tip

LONGEST_PAUSE = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TipToLookUp:
    """What is known of a tip at the provider, and how many readings of it there were when this look began."""

    id: UUID
    market_id: UUID
    session_id: str | None
    intent_id: str | None
    looks: int
    readings: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpTip:
    """The errand: reads the page and the payment that came of it, and settles the tip by them."""

    provider: PaymentProvider
    tip_id: UUID

    async def read(self, work: Work) -> TipToLookUp | None:
        """What to ask for, where a look is due."""
        row = await work.fetch_row(TO_LOOK_UP, self.tip_id, work.machine_now)
        if row is None:
            return None
        names = [name for name in (row["session_id"], row["intent_id"]) if name]
        readings = {name: await work.fetch_value(READINGS, name) or 0 for name in names}
        return TipToLookUp(**row, readings=readings)

    async def call(self, found: TipToLookUp) -> list[ProviderObject]:
        """The page, and the payment that it names; nothing where the provider cannot tell just now."""
        try:
            return await self._read(found)
        except (OperationRefused, OutcomeUnknown, ProviderBusy):
            return []

    async def record(self, work: Work, found: TipToLookUp, answer: list[ProviderObject]) -> None:
        """Keeps what was read, settles the tip by it, and looks again later where it is still open."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(found.looks, 10))
        await work.execute(LOOK_LATER, found.id, work.machine_now + pause)
        for seen in answer:
            reading = found.readings.get(seen.id, 0)
            await keep_object(
                work, seen, market_id=found.market_id, subject_id=found.id, operation_id=None, reading=reading
            )
        await settle_tip(work, tip_id=found.id)

    async def _read(self, found: TipToLookUp) -> list[ProviderObject]:
        seen: list[ProviderObject] = []
        intent_id = found.intent_id
        if found.session_id is not None:
            page = await self.provider.retrieve(ObjectKind.CHECKOUT_SESSION, found.session_id, account=None)
            if page is not None:
                seen.append(page)
                named = page.facts.get("payment_intent")
                intent_id = named if isinstance(named, str) else intent_id
        if intent_id is not None:
            payment = await self.provider.retrieve(ObjectKind.PAYMENT_INTENT, intent_id, account=None)
            seen += [] if payment is None else [payment]
        return seen


async def look_up_tip(works: Works, *, provider: PaymentProvider, tip_id: UUID) -> None:
    """Runs the errand for one tip."""
    await run_errand(works, LookUpTip(provider=provider, tip_id=tip_id))
