"""Brings a shipper's profile to what the provider knows of it: its customer, and the card that it has set up."""

from uuid import UUID

from marketplace.billing.collect import collect_lines
from marketplace.billing.events import InvoiceChanged
from marketplace.billing.profile import Profile, lock_profile, lock_profile_by_id
from marketplace.billing.queries import DRAFTS_OF, RETRY_SOON, SET_CARD
from marketplace.billing.states import Collects, InvoiceState, Terms
from marketplace.core.work import Work
from marketplace.payments import ObjectKind, OperationKind, known_objects, latest_outcome

SUCCEEDED = "succeeded"


async def settle_profile(work: Work, *, profile_id: UUID) -> Profile | None:
    """Takes over customer and card; a new card is tried for what the old one refused. None without such a profile."""
    profile = await lock_profile_by_id(work, profile_id)
    if profile is None:
        return None
    outcome = await latest_outcome(work, kind=OperationKind.CREATE_CUSTOMER, subject_id=profile_id)
    customer_id = profile.customer_id or (outcome.object_id if outcome else None)
    setups = await known_objects(work, kind=ObjectKind.SETUP_INTENT, subject_id=profile_id)
    done = [setup for setup in setups if setup.state == SUCCEEDED and setup.facts.get("customer") == customer_id]
    # Ids of the provider do not sort by time; the set-up that is not known yet is the latest.
    fresh = [setup for setup in done if setup.id not in profile.setup_ids and setup.facts.get("payment_method")]
    card_id = str(fresh[-1].facts["payment_method"]) if fresh else profile.card_id
    if not fresh and customer_id == profile.customer_id:
        return profile
    setup_ids = [*profile.setup_ids, *(setup.id for setup in fresh)]
    await work.execute(SET_CARD, profile_id, customer_id, card_id, setup_ids, work.now)
    changed = await lock_profile(work, shipper_id=profile.shipper_id, market_id=profile.market_id)
    assert changed is not None, "profiles are never removed"
    if customer_id != profile.customer_id:
        await _go_on_with_drafts(work, changed)
    if fresh:
        await work.execute(RETRY_SOON, profile.shipper_id, profile.market_id, work.now)
        if changed.terms is Terms.PREPAID or (changed.terms is Terms.CARD and changed.collects is Collects.BATCH):
            await collect_lines(work, changed)
    return changed


async def _go_on_with_drafts(work: Work, profile: Profile) -> None:
    """Invoices that were drawn before the provider knew the shipper can be rendered now."""
    for row in await work.fetch(DRAFTS_OF, profile.shipper_id, profile.market_id):
        work.emit(
            InvoiceChanged(
                market_id=profile.market_id,
                shipper_id=profile.shipper_id,
                invoice_id=row["id"],
                state=InvoiceState.DRAFTING.value,
                total_minor=row["total_minor"],
                currency=row["currency"],
            )
        )
