"""A driver says yes; of all who say yes to one route, exactly one has it."""

from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.offers.assign import RouteChanged, take_route
from marketplace.offers.events import OfferAccepted
from marketplace.offers.states import OfferState, WithdrawReason

# All who accept one route queue at its row; the first finds its offer open. The others' statements began before it was
# done, and yet find theirs ended, because PostgreSQL looks again at a row that has changed under an UPDATE.
# Before all that, a driver says one thing at a time: a yes, or a look at an offer, waits at a lock of the driver's own,
# the first that it takes. Who waits there holds nothing yet that others wait for; who goes on finds every other open
# offer of the driver free to be taken back.
WIN = """
WITH alone AS MATERIALIZED (
    SELECT 1 FROM pg_advisory_xact_lock(answers_of($2))
), locked AS (
    SELECT id, version FROM route
    WHERE id = (SELECT route_id FROM alone, offer WHERE id = $1 AND driver_id = $2) FOR UPDATE
)
UPDATE offer SET state = 'ACCEPTED', ended_at = $3 FROM locked, driver
WHERE driver.id = $2 AND (driver.documents_until IS NULL OR driver.documents_until > $3)
  AND (driver.vehicle_until IS NULL OR driver.vehicle_until > $3)
  AND may_drive(driver.account_state, driver.suspended_from, $3)
  AND skills_at(driver.skills, driver.skills_until, $3) @> coalesce(offer.skills, '{}')
  AND offer.id = $1 AND offer.driver_id = $2 AND offer.state IN ('SENT', 'VIEWED') AND offer.expires_at > $3
  AND offer.route_version = locked.version
RETURNING offer.id, offer.market_id, offer.route_id, offer.pay_minor, offer.currency, offer.approach_m, offer.approach_s
"""
LOOK = """
SELECT o.driver_id, o.state, o.end_reason, o.expires_at, o.route_id, o.route_version, r.version,
       NOT may_drive(d.account_state, d.suspended_from, $2) AS is_suspended,
       d.documents_until <= $2 OR d.vehicle_until <= $2 AS is_papers_over,
       NOT skills_at(d.skills, d.skills_until, $2) @> coalesce(o.skills, '{}') AS lacks_skill
FROM offer o JOIN route r ON r.id = o.route_id JOIN driver d ON d.id = o.driver_id WHERE o.id = $1
"""


class OfferTaken(Conflict):
    """Somebody else was first."""

    code = "OFFER_TAKEN"


class OfferExpired(Conflict):
    """The time to answer is over."""

    code = "OFFER_EXPIRED"


class OfferGone(Conflict):
    """The offer was taken back."""

    code = "OFFER_WITHDRAWN"


class OfferDeclinedBefore(Conflict):
    """The driver has said no to this offer."""

    code = "OFFER_DECLINED"


class PapersExpired(Conflict):
    """A paper of the driver has run out since the offer was sent."""

    code = "PAPERS_EXPIRED"


class AccountSuspended(Conflict):
    """A person has suspended the driver's account."""

    code = "ACCOUNT_SUSPENDED"


class SkillMissing(Conflict):
    """A certificate of the driver has run out, or was taken back, since the offer was sent."""

    code = "SKILL_MISSING"


async def accept_offer(work: Work, *, offer_id: UUID, driver_id: UUID) -> UUID:
    """Gives the route to the first driver who says yes in time, and returns its id.

    A driver who has it already hears so again. Raises OfferTaken, OfferExpired, OfferGone, RouteChanged or
    DriverEngaged otherwise.
    """
    offer = await work.fetch_row(WIN, offer_id, driver_id, work.now)
    if offer is None:
        return await _explain(work, offer_id, driver_id)
    await take_route(
        work,
        route_id=offer["route_id"],
        driver_id=driver_id,
        pay_minor=offer["pay_minor"],
        approach_m=offer["approach_m"],
        approach_s=offer["approach_s"],
    )
    work.emit(
        OfferAccepted(
            market_id=offer["market_id"],
            offer_id=offer["id"],
            route_id=offer["route_id"],
            driver_id=driver_id,
            pay_minor=offer["pay_minor"],
            currency=offer["currency"],
        )
    )
    route_id: UUID = offer["route_id"]
    return route_id


async def _explain(work: Work, offer_id: UUID, driver_id: UUID) -> UUID:
    """Why an offer could not be won: its route for who has it already, a refusal for everybody else."""
    row = await work.fetch_row(LOOK, offer_id, work.now)
    if row is None or row["driver_id"] != driver_id:
        raise NotFound("there is no such offer", field="offerId")
    if row["state"] == OfferState.ACCEPTED.value:
        route_id: UUID = row["route_id"]
        return route_id
    if row["state"] in {OfferState.SENT.value, OfferState.VIEWED.value} and row["expires_at"] > work.now:
        if row["is_suspended"]:
            raise AccountSuspended("your account is suspended; the file in the app says why and how to appeal")
        if row["is_papers_over"]:
            raise PapersExpired("a paper of yours, or the check of your vehicle, has run out; hand in a new one")
        if row["lacks_skill"]:
            raise SkillMissing("a delivery of this route asks for a certificate that you have no more")
    raise refusal_of(row, work)


def refusal_of(row: asyncpg.Record, work: Work) -> Conflict:
    """The sentence for an offer that is no longer open."""
    state, reason = OfferState(row["state"]), row["end_reason"]
    if state is OfferState.DECLINED:
        return OfferDeclinedBefore("you have declined this offer")
    if state is OfferState.EXPIRED or (state in {OfferState.SENT, OfferState.VIEWED} and row["expires_at"] <= work.now):
        return OfferExpired("the time to answer is over; it does not count against you")
    if reason == WithdrawReason.TAKEN.value:
        return OfferTaken("another driver was first; it does not count against you")
    if reason == WithdrawReason.REPLANNED.value or row["version"] != row["route_version"]:
        return RouteChanged("this route has changed and will be offered anew")
    return OfferGone("this offer was taken back")
