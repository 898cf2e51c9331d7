"""What careful parcels ask for at every hand-over: whose papers, which seal, how warm; and the chain that it makes.

A parcel with CHAIN_OF_CUSTODY, TEMPERATURE_LOG or IDENTITY_CHECK, or that may be out of the cold only for so long,
leaves one record each time it changes hands: who gave and took it, when, under which seal, how long out of the cold.
Records are never changed. Of an identity document only its kind is kept, whether the name is the recipient's, and a
keyed mark of its last digits, which goes when the recipient is erased.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from marketplace.batches.states import Requirement
from marketplace.core.errors import Conflict, Invalid
from marketplace.core.work import Work
from marketplace.routes.cold_chain import count_out_of_cold
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand

LONGEST_SEAL = 40
COLDEST_DC, WARMEST_DC = -1_000, 1_000
LAST_DIGITS = re.compile("[0-9A-Z]{2,6}")
CAREFUL = frozenset({Requirement.CHAIN_OF_CUSTODY, Requirement.TEMPERATURE_LOG, Requirement.IDENTITY_CHECK})

SEALS = """
SELECT DISTINCT ON (delivery_id) delivery_id, seal FROM custody
WHERE delivery_id = ANY($1) AND kind = 'PICKED_UP' ORDER BY delivery_id, number DESC
"""
# The route's lock lets no two hand-overs of one delivery count at once.
WRITE = """
INSERT INTO custody (id, market_id, delivery_id, number, kind, route_id, stop_id, driver_id, seal, temperature_dc,
                     identity_kind, identity_mark, occurred_at, keeps_cold, out_of_cold_s)
SELECT $1, $2, $3, (SELECT count(*) + 1 FROM custody WHERE delivery_id = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12,
       $13, $14
"""


class CustodyKind(StrEnum):
    """PICKED_UP by the driver; PASSED_ON to another driver on the way; HANDED_OVER to the recipient, BROUGHT_BACK to
    the hub or RETURNED to the sender.
    """

    PICKED_UP = "PICKED_UP"
    PASSED_ON = "PASSED_ON"
    HANDED_OVER = "HANDED_OVER"
    BROUGHT_BACK = "BROUGHT_BACK"
    RETURNED = "RETURNED"


ABOARD = frozenset({CustodyKind.PICKED_UP, CustodyKind.PASSED_ON})
"""Links after which the parcel is in the vehicle of the driver who reports them."""


class IdentityKind(StrEnum):
    """The papers that a recipient can show."""

    NATIONAL_ID = "NATIONAL_ID"
    PASSPORT = "PASSPORT"
    DRIVING_LICENCE = "DRIVING_LICENCE"


class BadCare(Invalid):
    """A seal, a temperature or an identity that has not the form of one."""

    code = "BAD_CARE"


class CareMissing(Conflict):
    """The delivery asks for a seal, a temperature or an identity that has not come."""

    code = "CARE_MISSING"


class SealBroken(Conflict):
    """The parcel does not carry the seal that it was picked up with."""

    code = "SEAL_BROKEN"


class IdentityMismatch(Conflict):
    """The papers are not the recipient's."""

    code = "IDENTITY_MISMATCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Papers that were looked at: what of them is kept."""

    kind: IdentityKind
    mark: bytes
    name_matches: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What a driver says of one delivery at a hand-over; temperatures in tenths of a degree Celsius."""

    delivery_id: UUID
    seal: str | None = None
    temperature_dc: int | None = None
    identity: Identity | None = None

    def check(self) -> None:
        """Refuses what cannot be a seal or a temperature."""
        if self.seal is not None and not (
            1 <= len(self.seal) <= LONGEST_SEAL and self.seal.isascii() and self.seal.isprintable()
        ):
            raise BadCare(f"a seal has 1 to {LONGEST_SEAL} plain characters", field="care.seal")
        if self.temperature_dc is not None and not COLDEST_DC <= self.temperature_dc <= WARMEST_DC:
            raise BadCare(
                f"a temperature is {COLDEST_DC} to {WARMEST_DC} tenths of a degree", field="care.temperatureDc"
            )

    @property
    def content(self) -> list[object]:
        """The same as plain JSON values, for telling a repeated report from another."""
        papers = [self.identity.kind, self.identity.mark.hex(), self.identity.name_matches] if self.identity else None
        return [str(self.delivery_id), self.seal, self.temperature_dc, papers]


class IdentityMarker:
    """Marks the last digits of papers with a key derived from the secret of the deployment: they are kept nowhere."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"doorstep: mark of an identity document", sha256)

    def see(self, delivery_id: UUID, kind: IdentityKind, last_digits: str, *, name_matches: bool) -> Identity:
        """What is kept of papers that a driver has looked at; the same papers have another mark elsewhere."""
        if not LAST_DIGITS.fullmatch(last_digits):
            raise BadCare("send the last 2 to 6 digits or capital letters of the document", field="care.identity")
        mark = hmac.digest(self._key, b"\0".join([delivery_id.bytes, kind.encode(), last_digits.encode()]), sha256)
        return Identity(kind=kind, mark=mark, name_matches=name_matches)


def said(care: Iterable[Care]) -> dict[str, object]:
    """What a report's digest holds of care; nothing where none was said, as of reports about ordinary parcels."""
    content = sorted((one.content for one in care), key=str)
    return {"care": content} if content else {}


async def check_care(
    work: Work, stop: StopInHand, deliveries: Sequence[DeliveryInHand], care: Sequence[Care], kind: CustodyKind
) -> None:
    """Refuses a hand-over at which a careful parcel is without its seal, temperature or the recipient's papers."""
    for one in care:
        one.check()
    by_delivery = {one.delivery_id: one for one in care}
    if len(by_delivery) < len(care) or by_delivery.keys() - set(stop.delivery_ids):
        raise BadCare("say it once for each delivery of this stop", field="care.deliveryId")
    careful = [delivery for delivery in deliveries if CAREFUL & delivery.requirements]
    seals = await _seals(work, careful) if kind is CustodyKind.HANDED_OVER else {}
    for delivery in careful:
        _check_one(delivery, by_delivery.get(delivery.id, Care(delivery_id=delivery.id)), kind, seals)


async def write_custody(
    work: Work,
    route: RouteInHand,
    stop: StopInHand,
    taken: Mapping[UUID, CustodyKind],
    care: Sequence[Care],
    moment: datetime,
) -> None:
    """Adds the next link to the chain of every careful parcel that changes hands at this stop."""
    by_delivery = {one.delivery_id: one for one in care}
    followed = {key: kind for key, kind in sorted(taken.items()) if key in route.deliveries}
    goes_aboard = {key: kind in ABOARD for key, kind in followed.items()}
    cold = await count_out_of_cold(work, route, stop, goes_aboard, moment)
    for delivery_id, kind in followed.items():
        if delivery_id not in cold and not CAREFUL & route.deliveries[delivery_id].requirements:
            continue
        coldness = cold.get(delivery_id)
        one = by_delivery.get(delivery_id, Care(delivery_id=delivery_id))
        await work.execute(
            WRITE,
            work.new_id(),
            route.market_id,
            delivery_id,
            kind.value,
            route.id,
            stop.id,
            route.driver_id,
            one.seal,
            one.temperature_dc,
            one.identity.kind.value if one.identity else None,
            one.identity.mark if one.identity else None,
            moment,
            coldness.keeps_cold if coldness else None,
            coldness.out_of_cold_s if coldness else None,
        )


async def _seals(work: Work, careful: Sequence[DeliveryInHand]) -> dict[UUID, str | None]:
    if not careful:
        return {}
    return {row["delivery_id"]: row["seal"] for row in await work.fetch(SEALS, [one.id for one in careful])}


def _check_one(delivery: DeliveryInHand, care: Care, kind: CustodyKind, seals: Mapping[UUID, str | None]) -> None:
    needs = delivery.requirements
    if Requirement.TEMPERATURE_LOG in needs and care.temperature_dc is None:
        raise CareMissing("this delivery needs its temperature now", field="care.temperatureDc")
    if Requirement.CHAIN_OF_CUSTODY in needs:
        if care.seal is None:
            raise CareMissing("this delivery needs the number of its seal", field="care.seal")
        if kind is CustodyKind.HANDED_OVER and seals.get(delivery.id) not in {None, care.seal}:
            raise SealBroken(
                "this is not the seal it was picked up with: read it again, or report failStop", field="care.seal"
            )
    if Requirement.IDENTITY_CHECK in needs and kind is CustodyKind.HANDED_OVER:
        if care.identity is None:
            raise CareMissing("this delivery needs the recipient's papers: their kind and last digits", field="care")
        if not care.identity.name_matches:
            raise IdentityMismatch("hand it to nobody else: report failStop with ID_MISMATCH", field="care.identity")
