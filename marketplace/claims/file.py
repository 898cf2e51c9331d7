"""The file of a claim: one entry for each step, written with the step and never changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.claims.events import ClaimChanged
from marketplace.claims.party import Party
from marketplace.claims.queries import ENTRIES, INSERT_ENTRY, MOST_ENTRIES, lock_claim
from marketplace.claims.states import STEPS, ClaimState, EntryKind
from marketplace.core.errors import Conflict, Invalid, LimitReached, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.routes import name_evidence

LONGEST_TEXT = 1_000
MOST_PICTURES = 10
KEPT_FREE = 2


class BadClaimText(Invalid):
    """No words, too many, or too many pictures at once."""

    code = "BAD_CLAIM_TEXT"


class ClaimEnded(Conflict):
    """The claim is not where this step can be made: it was decided, withdrawn, or waits for evidence."""

    code = "CLAIM_ENDED"


class ClaimFull(LimitReached):
    """The file holds as many steps as it can."""

    code = "CLAIM_FULL"


async def claim_before(work: Work, party: Party, claim_id: UUID, then: ClaimState | None = None) -> asyncpg.Record:
    """The claim of that side, locked, if it can be `then` next, or is still undecided where nothing is said."""
    claim = await lock_claim(work, party=party, claim_id=claim_id)
    if claim is None:
        raise NotFound("there is no such claim", field="claimId")
    now = ClaimState(claim["state"])
    if not STEPS[now] or (then is not None and then not in STEPS[now]):
        raise ClaimEnded(f"this claim is {now.value}, so this cannot be done any more, or not yet", field="claimId")
    return claim


async def check_room(work: Work, claim_id: UUID) -> None:
    """Refuses more evidence in a full file: the last places are for the driver's answer and for the end."""
    if await work.fetch_value(ENTRIES, claim_id) >= MOST_ENTRIES - KEPT_FREE:
        raise ClaimFull("the file of this claim is full: it has to be decided now", field="claimId")


async def write_entry(
    work: Work,
    claim: asyncpg.Record | dict[str, Any],
    party: Party,
    kind: EntryKind,
    text: str,
    *,
    proof_ids: Sequence[UUID] = (),
    amount_minor: int | None = None,
) -> None:
    """Writes a step down, with the pictures that its author has sent for it."""
    if len(text) > LONGEST_TEXT or (not text.strip() and kind is not EntryKind.WITHDRAWN):
        raise BadClaimText(f"say it in 1 to {LONGEST_TEXT:,} characters", field="text")
    if "\0" in text:
        raise BadClaimText("the text holds a character that cannot be stored", field="text")
    if len(proof_ids) > MOST_PICTURES:
        raise BadClaimText(f"show at most {MOST_PICTURES} pictures at once", field="proofIds")
    delivery_id = DeliveryId(claim["delivery_id"])
    named = await name_evidence(work, delivery_id=delivery_id, by=party.id, proof_ids=proof_ids)
    await work.execute(
        INSERT_ENTRY,
        work.new_id(),
        claim["market_id"],
        claim["id"],
        kind.value,
        party.kind.value,
        party.id,
        text.strip(),
        named,
        amount_minor,
        work.now,
    )


def tell(work: Work, claim: asyncpg.Record | dict[str, Any], state: ClaimState, amount_minor: int) -> None:
    """Tells shipper and operations what has become of a claim."""
    work.emit(
        ClaimChanged(
            market_id=claim["market_id"],
            claim_id=claim["id"],
            shipper_id=claim["shipper_id"],
            delivery_id=claim["delivery_id"],
            claim_state=state.value,
            amount_minor=amount_minor,
            currency=claim["currency"],
        )
    )
