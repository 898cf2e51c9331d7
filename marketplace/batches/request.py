"""What a shipper asks for: one row of a batch as a checked value, whose digest tells a repeat from a change."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from uuid import UUID

import orjson

from marketplace.batches.states import FailurePolicy, Requirement
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window, local_window
from marketplace.shippers import MOST_ATTEMPTS, SERVICE_LEVELS, Tier

MOST_PACKAGES = 20
HEAVIEST_G = 500_000
LONGEST_SIDE_MM = 5_000
DEFAULT_SERVICE_LEVEL = "STANDARD"


class BadDelivery(Invalid):
    """A row of a batch that breaks a limit; `field` names which."""

    code = "BAD_DELIVERY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """A physical item: grams and millimetres."""

    description: str = ""
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


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

    With a tier its windows follow from the shipper's terms; without one it names both. Where it has no
    a failure policy or a number of attempts it has those of its shipper.
    """

    external_id: str
    hub_id: UUID | None = None
    pickup: Place | None = None
    dropoff: Place
    packages: Sequence[PackageRequest]
    pickup_window: LocalWindow | None = None
    dropoff_window: LocalWindow | None = None
    requirements: Sequence[Requirement] = ()
    instructions: str = ""
    service_level: str = DEFAULT_SERVICE_LEVEL
    tier: Tier | None = None
    priority: int = 0
    failure_policy: FailurePolicy | None = None
    max_attempts: int | None = None

    @property
    def digest(self) -> bytes:
        """The same for the same wishes, whatever the order of requirements."""
        needs = sorted(requirement.value for requirement in self.requirements)
        return sha256(orjson.dumps([needs, *_OTHER_WISHES(self)], default=str)).digest()

    @property
    def load(self) -> list[int]:
        """Packages, grams and cubic decimetres, each package rounded up."""
        litres = sum(-(-p.length_mm * p.width_mm * p.height_mm // 1_000_000) for p in self.packages)
        return [len(self.packages), sum(p.weight_g for p in self.packages), litres]

    def check(self) -> None:
        """Raises BadDelivery for the first limit that this row breaks."""
        _check_text(self.external_id, "externalId", 1, 100)
        _check_text(self.instructions, "instructions", 0, 500)
        if (self.hub_id is None) == (self.pickup is None):
            raise BadDelivery("a pickup is either a hub or a place", field="pickup")
        for name, place in (("pickup", self.pickup), ("dropoff", self.dropoff)):
            if place is not None:
                _check_place(place, name)
        if self.pickup is not None and self.pickup.point is None:
            raise BadDelivery("a pickup needs lat and lon", field="pickup.lat")
        if not 1 <= len(self.packages) <= MOST_PACKAGES:
            raise BadDelivery(f"a delivery has 1 to {MOST_PACKAGES} packages", field="packages")
        for i, package in enumerate(self.packages):
            _check_package(package, f"packages[{i}]")
        self._check_service()
        if not 0 <= self.priority <= 100:
            raise BadDelivery("priority is between 0 and 100", field="priority")
        if self.max_attempts is not None and not 1 <= self.max_attempts <= MOST_ATTEMPTS:
            raise BadDelivery(f"a delivery is attempted 1 to {MOST_ATTEMPTS} times", field="maxAttempts")

    def _check_service(self) -> None:
        if self.service_level not in SERVICE_LEVELS:
            raise BadDelivery(f"serviceLevel is one of {', '.join(SERVICE_LEVELS)}", field="serviceLevel")
        if self.tier is None and (self.pickup_window is None or self.dropoff_window is None):
            raise BadDelivery("a delivery without a tier names both windows", field="dropoffWindow")

    def windows(self, *, time_zone: str) -> tuple[Window, Window]:
        """Pickup and drop-off window as instants, where the request names both."""
        assert self.pickup_window is not None, "a checked row without a tier has windows"
        assert self.dropoff_window is not None, "a checked row without a tier has windows"
        pickup = local_window(self.pickup_window.opens, self.pickup_window.closes, time_zone)
        return pickup, local_window(self.dropoff_window.opens, self.dropoff_window.closes, time_zone)


def check_windows(pickup: Window, dropoff: Window, *, now: datetime) -> None:
    """Refuses windows that cannot be kept any more."""
    if pickup.closes_at <= now:
        raise BadDelivery("the pickup window has closed already", field="pickupWindow")
    if dropoff.closes_at <= now:
        raise BadDelivery("the drop-off window has closed already", field="dropoffWindow")
    if dropoff.closes_at < pickup.opens_at:
        raise BadDelivery("the drop-off window closes before the pickup opens", field="dropoffWindow")


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


def _check_package(package: PackageRequest, name: str) -> None:
    _check_text(package.description, f"{name}.description", 0, 200)
    if not 1 <= package.weight_g <= HEAVIEST_G:
        raise BadDelivery(f"a package weighs 1 to {HEAVIEST_G} grams", field=f"{name}.weightG")
    if not all(1 <= side <= LONGEST_SIDE_MM for side in (package.length_mm, package.width_mm, package.height_mm)):
        raise BadDelivery(f"a side is 1 to {LONGEST_SIDE_MM} millimetres", field=name)
