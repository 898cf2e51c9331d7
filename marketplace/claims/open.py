"""Opens a claim for a parcel that came damaged, or not, or was another."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from marketplace.accounts import PrincipalKind
from marketplace.batches import DeliveryState
from marketplace.claims.file import tell, write_entry
from marketplace.claims.party import Party
from marketplace.claims.queries import INSERT_CLAIM, LOCK_DELIVERY
from marketplace.claims.states import ClaimKind, ClaimState, EntryKind
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work

CLAIMABLE = frozenset({DeliveryState.DELIVERED, DeliveryState.RETURNED, DeliveryState.FAILED})


class NotClaimable(Conflict):
    """The delivery has not ended, was never carried, or ended too long ago."""

    code = "NOT_CLAIMABLE"


class AlreadyClaimed(Conflict):
    """There is a claim for this delivery."""

    code = "ALREADY_CLAIMED"


class BadClaim(Invalid):
    """An amount that is nothing, or more than the parcel was declared at."""

    code = "BAD_CLAIM"


async def open_claim(
    work: Work,
    *,
    by: Party,
    delivery_id: DeliveryId,
    kind: ClaimKind,
    asked_minor: int,
    text: str,
    proof_ids: Sequence[UUID] = (),
) -> UUID:
    """Opens the one claim that a delivery can have, and asks its driver to be heard; returns the claim's id.

    What its packages were declared at is the most that can be asked; where nothing was declared it is the market's
    limit. The limit and the time to be heard are those of this moment, whatever the market is set to later.
    """
    assert by.kind in {PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT}, "who sent or got the parcel asks for it"
    shipper_id = by.id if by.kind is PrincipalKind.SHIPPER else None
    # Closes the race of two claims at once; the unique index would refuse what slipped through.
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id, shipper_id)
    if delivery is None or (by.kind is PrincipalKind.RECIPIENT and by.id != delivery_id):
        raise NotFound("there is no such delivery", field="deliveryId")
    _check(work, delivery, asked_minor)
    claim = {
        "id": work.new_id(),
        "market_id": delivery["market_id"],
        "shipper_id": delivery["shipper_id"],
        "delivery_id": delivery_id,
        "driver_id": delivery["driver_id"],
        "kind": kind.value,
        "asked_minor": asked_minor,
        "limit_minor": delivery["claim_limit_minor"],
        "currency": delivery["currency"],
        "opened_by_kind": by.kind.value,
        "opened_at": work.now,
        "heard_by": work.now + timedelta(seconds=delivery["claim_hearing_s"]) if delivery["driver_id"] else None,
    }
    await work.execute(INSERT_CLAIM, *claim.values())
    await write_entry(work, claim, by, EntryKind.OPENED, text, proof_ids=proof_ids, amount_minor=asked_minor)
    tell(work, claim, ClaimState.OPEN, asked_minor)
    claim_id: UUID = claim["id"]
    return claim_id


def _check(work: Work, delivery: asyncpg.Record, asked_minor: int) -> None:
    if DeliveryState(delivery["state"]) not in CLAIMABLE:
        raise NotClaimable("a claim is for a delivery that has arrived, come back or failed", field="deliveryId")
    if delivery["changed_at"] + timedelta(seconds=delivery["claim_within_s"]) < work.now:
        raise NotClaimable("this delivery ended too long ago to claim anything for it", field="deliveryId")
    if delivery["is_claimed"]:
        raise AlreadyClaimed("there is a claim for this delivery; see claims", field="deliveryId")
    most_minor = delivery["declared_minor"]
    if most_minor is None:
        most_minor = delivery["claim_limit_minor"]
    if not 1 <= asked_minor <= most_minor:
        raise BadClaim("ask for at least one minor unit and at most what was declared", field="askedMinor")
