"""What a shipper asks for: one row of a batch as a checked value, whose digest tells a repeat from a change."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from uuid import UUID

import orjson

from marketplace.batches.sectors import OUT_OF_COLD_S, Sector, requirements_of
from marketplace.batches.states import FailurePolicy, Requirement
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.shippers import MOST_ATTEMPTS, SERVICE_LEVELS, Tier
from marketplace.substitutions.states import SubstitutionRule

MOST_PACKAGES = 20
MOST_ITEMS = 20
MOST_OF_ONE = 1_000
MOST_SIMILAR = 5
MOST_PALLET_PLACES = 10
HEAVIEST_G = 500_000
LONGEST_SIDE_MM = 5_000
LARGEST_AMOUNT = 10**12
"""Minor units: as large as anything that a market is set to."""
DEFAULT_SERVICE_LEVEL = "STANDARD"
LEAST_OUT_OF_COLD_S, MOST_OUT_OF_COLD_S = 300, 14_400


class BadDelivery(Invalid):
    """A row of a batch that breaks a limit; `field` names which."""

    code = "BAD_DELIVERY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """A physical item: grams and millimetres, and its declared value in minor units, if there is one.

    On pallets it stands on `pallet_places` of a vehicle's floor; loose it takes none.
    """

    description: str = ""
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    declared_minor: int | None = None
    pallet_places: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRequest:
    """So many of what the shipper keeps at hubs, and what may go in its place where a hub has run out of it."""

    sku: str
    quantity: int
    substitution: SubstitutionRule = SubstitutionRule.NONE
    similar: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWindow:
    """A window in the local time of the hub's zone, without an offset."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address and who is there; without coordinates it has to be found first."""

    point: Point | None
    address: str
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequest:
    """One delivery as a shipper asks for it: from a hub or a place, to a place, in local windows.

    With items it comes from stock: from whichever hub serves it best, or from the hub that it names. Its packages are
    then those of the things themselves, one each, unless they are named. With a tier its windows follow from the
    shipper's terms; without one it names both, unless it ends in a rural zone, which is served on days of its own.
    Without a failure policy or a number of attempts it has those of its shipper. It asks for what its sector asks for,
    without what is `waived`, and for its own `requirements`. It may be out of the cold for `out_of_cold_s` in all, or
    for as long as its sector allows. An end at a dock has an appointment in place of its window.
    """

    external_id: str
    hub_id: UUID | None = None
    pickup: Place | None = None
    dropoff: Place
    packages: Sequence[PackageRequest] = ()
    items: Sequence[ItemRequest] = ()
    pickup_window: LocalWindow | None = None
    dropoff_window: LocalWindow | None = None
    requirements: Sequence[Requirement] = ()
    instructions: str = ""
    service_level: str = DEFAULT_SERVICE_LEVEL
    tier: Tier | None = None
    priority: int = 0
    failure_policy: FailurePolicy | None = None
    max_attempts: int | None = None
    sector: Sector | None = None
    waived: Sequence[Requirement] = ()
    out_of_cold_s: int | None = None
    pickup_appointment_id: UUID | None = None
    dropoff_appointment_id: UUID | None = None

    @property
    def needs(self) -> frozenset[Requirement]:
        """All that this row asks for, with what its sector asks for where it says nothing else."""
        return requirements_of(self.sector, self.requirements, self.waived)

    @property
    def is_appointed(self) -> bool:
        """Whether one of its ends has an appointment at a dock."""
        return self.pickup_appointment_id is not None or self.dropoff_appointment_id is not None

    @property
    def out_of_cold_limit_s(self) -> int | None:
        """How long it may be out of the cold; None where nobody counts that."""
        return self.out_of_cold_s or (OUT_OF_COLD_S.get(self.sector) if self.sector is not None else None)

    @property
    def digest(self) -> bytes:
        """The same for the same wishes, whatever the order of requirements."""
        needs = sorted(requirement.value for requirement in self.requirements)
        return sha256(orjson.dumps([needs, *_OTHER_WISHES(self)], default=str)).digest()

    def check(self) -> None:
        """Raises BadDelivery for the first limit that this row breaks."""
        _check_text(self.external_id, "externalId", 1, 100)
        _check_text(self.instructions, "instructions", 0, 500)
        self._check_origin()
        for name, place in (("pickup", self.pickup), ("dropoff", self.dropoff)):
            if place is not None:
                _check_place(place, name)
        requirements_of(self.sector, self.requirements, self.waived)
        if not (1 if not self.items else 0) <= len(self.packages) <= MOST_PACKAGES:
            raise BadDelivery(f"a delivery has 1 to {MOST_PACKAGES} packages", field="packages")
        for i, package in enumerate(self.packages):
            _check_package(package, f"packages[{i}]")
        self._check_service()
        if self.out_of_cold_s is not None and not LEAST_OUT_OF_COLD_S <= self.out_of_cold_s <= MOST_OUT_OF_COLD_S:
            raise BadDelivery(
                f"out of the cold is {LEAST_OUT_OF_COLD_S} to {MOST_OUT_OF_COLD_S} seconds", field="outOfColdLimitS"
            )
        if not 0 <= self.priority <= 100:
            raise BadDelivery("priority is between 0 and 100", field="priority")
        if self.max_attempts is not None and not 1 <= self.max_attempts <= MOST_ATTEMPTS:
            raise BadDelivery(f"a delivery is attempted 1 to {MOST_ATTEMPTS} times", field="maxAttempts")

    def _check_origin(self) -> None:
        if self.items:
            self._check_items()
        elif (self.hub_id is None) == (self.pickup is None):
            raise BadDelivery("a pickup is either a hub or a place", field="pickup")
        if self.pickup is not None and self.pickup.point is None:
            raise BadDelivery("a pickup needs lat and lon", field="pickup.lat")

    def _check_items(self) -> None:
        if self.pickup is not None:
            raise BadDelivery("what comes from stock has no pickup place; leave it out", field="pickup")
        if self.dropoff.point is None:
            raise BadDelivery("what comes from stock needs lat and lon of its door", field="dropoff.lat")
        if len(self.items) > MOST_ITEMS or len({item.sku for item in self.items}) < len(self.items):
            raise BadDelivery(f"a delivery has at most {MOST_ITEMS} items, each SKU once", field="items")
        if not all(1 <= item.quantity <= MOST_OF_ONE for item in self.items):
            raise BadDelivery(f"of each SKU 1 to {MOST_OF_ONE} can be wished for", field="items")
        for item in self.items:
            _check_similar(item)

    def _check_service(self) -> None:
        if self.service_level not in SERVICE_LEVELS:
            raise BadDelivery(f"serviceLevel is one of {', '.join(SERVICE_LEVELS)}", field="serviceLevel")
        if self.tier is not None and self.is_appointed:
            raise BadDelivery("an appointment is a window of its own; leave the tier out", field="tier")
        if self.dropoff_appointment_id is not None and self.dropoff.point is None:
            raise BadDelivery("what goes to a dock needs its lat and lon", field="dropoff.lat")


def check_windows(pickup: Window, dropoff: Window, *, now: datetime) -> None:
    """Refuses windows that cannot be kept any more."""
    if pickup.closes_at <= now:
        raise BadDelivery("the pickup window has closed already", field="pickupWindow")
    if dropoff.closes_at <= now:
        raise BadDelivery("the drop-off window has closed already", field="dropoffWindow")
    if dropoff.closes_at < pickup.opens_at:
        raise BadDelivery("the drop-off window closes before the pickup opens", field="dropoffWindow")


def load_of(packages: Sequence[PackageRequest]) -> list[int]:
    """Packages, grams and cubic decimetres, each package rounded up."""
    litres = sum(-(-p.length_mm * p.width_mm * p.height_mm // 1_000_000) for p in packages)
    return [len(packages), sum(p.weight_g for p in packages), litres]


def pallet_places_of(packages: Sequence[PackageRequest]) -> int:
    """How many places of a vehicle's floor all of them take."""
    return sum(package.pallet_places for package in packages)


_OTHER_WISHES = attrgetter(*(each.name for each in fields(DeliveryRequest) if each.name != "requirements"))
"""Everything else that a request asks for, in the order of its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why one row was not taken; the others are."""

    external_id: str
    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Rows that passed, by position, and problems of those that did not."""

    rows: dict[int, DeliveryRequest] = field(default_factory=dict)
    problems: dict[int, RowProblem] = field(default_factory=dict)


def check_rows(requests: Sequence[DeliveryRequest], leave_out: Container[int] = ()) -> Checked:
    """Checks every row by itself, and that no reference stands twice in one request."""
    checked, seen = Checked(), set[str]()
    for i, request in enumerate(requests):
        if i in leave_out:
            seen.add(request.external_id)
            continue
        try:
            request.check()
            if request.external_id in seen:
                raise BadDelivery("this externalId stands twice in the request", field="externalId")
            seen.add(request.external_id)
            checked.rows[i] = request
        except Invalid as refusal:
            checked.problems[i] = problem_of(request, refusal)
    return checked


def problem_of(request: DeliveryRequest, refusal: Invalid) -> RowProblem:
    """A refusal as the answer of one row."""
    return RowProblem(
        external_id=request.external_id[:100], code=refusal.code, message=refusal.message, field=refusal.field
    )


def _check_text(text: str, name: str, shortest: int, longest: int) -> None:
    if not shortest <= len(text) <= longest:
        raise BadDelivery(f"{name} has {shortest} to {longest} characters", field=name)
    if not is_storable(text):
        raise BadDelivery(f"{name} holds a character that cannot be stored", field=name)


def is_storable(text: str) -> bool:
    """PostgreSQL takes neither NUL nor half of a surrogate pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _check_place(place: Place, name: str) -> None:
    _check_text(place.address, f"{name}.address", 1, 200)
    _check_text(place.name, f"{name}.name", 0, 80)
    _check_text(place.phone, f"{name}.phone", 0, 20)


def _check_similar(item: ItemRequest) -> None:
    is_named = item.substitution is SubstitutionRule.SIMILAR
    if len(item.similar) > MOST_SIMILAR or is_named > bool(item.similar):
        raise BadDelivery(f"SIMILAR names 1 to {MOST_SIMILAR} SKUs that may go instead", field="items.similar")
    if item.similar and item.substitution is SubstitutionRule.NONE:
        raise BadDelivery("with NONE nothing goes instead; name no similar SKUs", field="items.similar")


def _check_package(package: PackageRequest, name: str) -> None:
    _check_text(package.description, f"{name}.description", 0, 200)
    if not 1 <= package.weight_g <= HEAVIEST_G:
        raise BadDelivery(f"a package weighs 1 to {HEAVIEST_G} grams", field=f"{name}.weightG")
    if package.declared_minor is not None and not 0 <= package.declared_minor <= LARGEST_AMOUNT:
        raise BadDelivery(f"a declared value is 0 to {LARGEST_AMOUNT} minor units", field=f"{name}.declaredMinor")
    if not 0 <= package.pallet_places <= MOST_PALLET_PLACES:
        raise BadDelivery(f"a package stands on 0 to {MOST_PALLET_PLACES} pallet places", field=f"{name}.palletPlaces")
    if not all(1 <= side <= LONGEST_SIDE_MM for side in (package.length_mm, package.width_mm, package.height_mm)):
        raise BadDelivery(f"a side is 1 to {LONGEST_SIDE_MM} millimetres", field=name)
