"""How a shipper pays in a market: its terms, its credit, its card, and whether it is past due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.billing.queries import (
    FIND_BILLING_OF,
    FIND_PROFILE,
    IS_PAST_DUE,
    LOCK_PROFILE,
    LOCK_PROFILE_BY_ID,
    MARKET_OF,
    OPEN_PROFILE,
    SET_STANDING,
    SET_TERMS,
)
from marketplace.billing.states import Collects, ProfileState, Shortfall, Terms
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.money import MAX_MINOR, BadMoney, Money, check_whole
from marketplace.core.window import local_instant, zone
from marketplace.core.work import Work
from marketplace.payments import OperationKind, OperationState, latest_outcome, want_operation

MOST_DUE_DAYS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One shipper in one market."""

    id: UUID
    market_id: UUID
    shipper_id: UUID
    terms: Terms
    collects: Collects
    shortfall: Shortfall
    state: ProfileState
    currency: str
    credit_limit_minor: int
    due_days: int
    customer_id: str | None
    card_id: str | None
    setup_ids: tuple[str, ...]
    next_due_at: datetime


async def set_billing_terms(
    work: Work,
    *,
    shipper_id: UUID,
    market_id: UUID,
    terms: Terms,
    credit_limit: Money,
    due_days: int = 30,
    collects: Collects = Collects.BATCH,
    shortfall: Shortfall = Shortfall.WAITS,
) -> Profile:
    """Sets how a shipper pays in a market from now on; what was collected before stays as it was collected."""
    market = await work.fetch_row(MARKET_OF, market_id)
    if market is None:
        raise NotFound("there is no such market", field="marketId")
    if credit_limit.currency != market["currency"]:
        raise Invalid("a credit limit is in the currency of its market", field="currency")
    check_whole({"creditLimitMinor": credit_limit.minor}, refusal=BadTerms, thing="billing terms")
    if not 0 <= due_days <= MOST_DUE_DAYS:
        raise BadTerms(f"invoices are due within 0 to {MOST_DUE_DAYS} days", field="dueDays")
    due_at = next_due(work.now, terms, market["time_zone"])
    values = (terms.value, collects.value, credit_limit.currency, credit_limit.minor, due_days, due_at)
    try:
        await work.execute(OPEN_PROFILE, work.new_id(), market_id, shipper_id, *values, work.now)
    except asyncpg.ForeignKeyViolationError:
        raise NotFound("there is no such shipper", field="shipperId") from None
    profile = await lock_profile(work, shipper_id=shipper_id, market_id=market_id)
    assert profile is not None, "it was just opened"
    limits = (terms.value, collects.value, credit_limit.minor, due_days, due_at, work.now, shortfall.value)
    await work.execute(SET_TERMS, profile.id, *limits)
    changed = await find_profile(work, shipper_id=shipper_id, market_id=market_id)
    assert changed is not None, "profiles are never removed"
    return changed


class BadTerms(BadMoney):
    """Billing terms outside their limits."""

    code = "BAD_TERMS"


async def find_profile(work: Work, *, shipper_id: UUID, market_id: UUID) -> Profile | None:
    """The shipper's profile in a market, if it has one."""
    return _profile(await work.fetch_row(FIND_PROFILE, shipper_id, market_id))


async def find_billing_of(work: Work, *, billing_id: UUID, shipper_id: UUID) -> Profile:
    """The shipper's profile of that id; one of somebody else looks like none."""
    profile = _profile(await work.fetch_row(FIND_BILLING_OF, billing_id, shipper_id))
    if profile is None:
        raise NotFound("there is no such billing of yours", field="billingId")
    return profile


async def lock_profile(work: Work, *, shipper_id: UUID, market_id: UUID) -> Profile | None:
    """The profile, and no other Work posts for this shipper or collects from it before this one ends."""
    return _profile(await work.fetch_row(LOCK_PROFILE, shipper_id, market_id))


async def lock_profile_by_id(work: Work, profile_id: UUID) -> Profile | None:
    """The same by the profile's own id."""
    return _profile(await work.fetch_row(LOCK_PROFILE_BY_ID, profile_id))


async def want_customer(work: Work, profile: Profile) -> None:
    """Has the shipper made known to the provider, once; again where that was refused for good."""
    if profile.customer_id is not None:
        return
    latest = await latest_outcome(work, kind=OperationKind.CREATE_CUSTOMER, subject_id=profile.id)
    number = latest.number if latest else 1
    await want_operation(
        work,
        market_id=profile.market_id,
        kind=OperationKind.CREATE_CUSTOMER,
        subject_id=profile.id,
        number=number + 1 if latest and latest.state is OperationState.REJECTED else number,
        params={"description": f"shipper {profile.shipper_id.hex}"},
    )


async def refresh_standing(work: Work, profile: Profile) -> ProfileState:
    """Past due while a charge was declined or an invoice is unpaid after its day; the profile is locked."""
    is_past_due = await work.fetch_value(IS_PAST_DUE, profile.shipper_id, profile.market_id, work.now)
    state = ProfileState.PAST_DUE if is_past_due else ProfileState.GOOD
    await work.execute(SET_STANDING, profile.id, state.value, work.now)
    return state


async def refresh_profile(work: Work, *, profile_id: UUID) -> ProfileState | None:
    """Looks again whether a shipper is past due, as when the day of an invoice has passed."""
    profile = await lock_profile_by_id(work, profile_id)
    return await refresh_standing(work, profile) if profile else None


def next_due(now: datetime, terms: Terms, time_zone: str) -> datetime:
    """When the profile is looked at next: the first instant of the market's next month, or of its next day.

    It is reckoned by the local calendar, so that a day of 23 or 25 hours neither skips nor doubles anything.
    """
    local = now.astimezone(zone(time_zone))
    first = datetime(local.year, local.month, local.day)  # noqa: DTZ001 - a local day, made an instant below
    if terms is Terms.INVOICE:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        following = first + timedelta(days=1)
    return local_instant(following, time_zone)


def _profile(row: asyncpg.Record | None) -> Profile | None:
    if row is None:
        return None
    words = {
        "terms": Terms(row["terms"]),
        "collects": Collects(row["collects"]),
        "shortfall": Shortfall(row["shortfall"]),
        "state": ProfileState(row["state"]),
    }
    return Profile(**{**dict(row), **words, "setup_ids": tuple(row["setup_ids"])})


UNLIMITED = MAX_MINOR // 1_000
"""A credit limit that nobody reaches, for those who are trusted; sums of it are still exact."""
