"""Windows that can be kept: looked at, held, booked and given back, by the shipper or by the recipient's link."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal, PrincipalKind
from marketplace.batches import SKILLS, PromiseActor, Requirement
from marketplace.billing import check_credit
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.ids import from_wire
from marketplace.core.window import Window as WindowValue
from marketplace.core.work import Work
from marketplace.windows import (
    BadWish,
    BookHeld,
    BookWindow,
    ClosedReason,
    HoldState,
    HoldWindow,
    OfferedWindow,
    WindowCaller,
    WindowQuestion,
    WindowReason,
    delivery_windows,
    find_hold,
    revoke_window,
)
from schema.access import require_one_of
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.errands import mutate_by_errand
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import PackageInput, PointInput, Window
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

MOST_PACKAGES = 20
DIFFERENCE = "Minor units that it costs more, or with a minus less, than the window in the middle of the day."
CHARGED = "Whether the difference changes the price; false where the shipper's rate card only shows it."
REASON = "What it takes to keep it, which is why it costs more or less."


@strawberry.type(description="A window that the plan can keep.")
class BookableWindow:
    """A window on offer."""

    window: Window = strawberry.field(description="From when to when.")
    difference_minor: MoneyMinor = strawberry.field(description=DIFFERENCE)
    currency: str = strawberry.field(description="ISO 4217.")
    is_charged: bool = strawberry.field(description=CHARGED)
    reason: WindowReason = strawberry.field(description=REASON)
    extra_m: int = strawberry.field(description="Metres that it adds to the plan.")
    extra_s: int = strawberry.field(description="Driving and waiting seconds that it adds to the plan.")
    places_left: int = strawberry.field(description="Deliveries that the hub still gives out for it; 1,000,000: many.")


@strawberry.type(description="The windows of a day.")
class DayOfWindows:
    """What a day has to offer."""

    time_zone: str = strawberry.field(description="IANA zone of the day.")
    windows: list[BookableWindow] = strawberry.field(
        description="Those that can be kept, first one first, at most 48.", metadata=usually(6)
    )
    closed_reason: ClosedReason | None = strawberry.field(description="Why there is none, where there is none.")
    next_served_day: date | None = strawberry.field(
        description="The next day on which the rural zone of the door is served; null where it lies in none."
    )


@strawberry.type(description="A place in a window.")
class WindowHold:
    """A hold or a booking."""

    id: strawberry.ID = strawberry.field(description="whd_….")
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_…; null before there is one.")
    state: HoldState = strawberry.field(description="Where in its life it is.")
    window: Window = strawberry.field(description="From when to when.")
    difference_minor: MoneyMinor = strawberry.field(description=DIFFERENCE)
    currency: str = strawberry.field(description="ISO 4217.")
    is_charged: bool = strawberry.field(description=CHARGED)
    reason: WindowReason = strawberry.field(description=REASON)
    extra_m: int = strawberry.field(description="Metres that it adds to the plan.")
    extra_s: int = strawberry.field(description="Driving and waiting seconds that it adds to the plan.")
    expires_at: DateTime | None = strawberry.field(description="Until when it is held, market time; null once booked.")


@strawberry.type(description="A place in a window is held for ten minutes.")
class WindowHeld:
    """A held place."""

    hold: WindowHold = strawberry.field(description="The hold.")


@strawberry.type(name="WindowBooked", description="The delivery is promised for this window.")
class WindowBookedType:
    """A booked place."""

    hold: WindowHold = strawberry.field(description="The booking.")


@strawberry.type(
    name="WindowRevoked", description="The place is free again; of a booking the promise before it holds again."
)
class WindowRevokedType:
    """A place that was given back."""

    hold: WindowHold = strawberry.field(description="What became of it.")


HoldWindowResult = Annotated[WindowHeld | Problem, strawberry.union("HoldWindowResult")]
BookWindowResult = Annotated[WindowBookedType | Problem, strawberry.union("BookWindowResult")]
RevokeWindowResult = Annotated[WindowRevokedType | Problem, strawberry.union("RevokeWindowResult")]

DayArgument = Annotated[date, strawberry.argument(description="A local day such as 2026-03-02, at most 14 days ahead.")]
DeliveryArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="dlv_…; a recipient leaves it out: the link is for one delivery."),
]
HoldArgument = Annotated[strawberry.ID, strawberry.argument(description="whd_….")]
AtMostArgument = Annotated[
    MoneyMinor | None,
    strawberry.argument(description="Refuse where the difference that is charged is more by now, minor units."),
]


@strawberry.input(description="A delivery that is not posted yet. For shippers.")
class WindowWishInput:
    """What would be delivered from where to where."""

    hub_id: strawberry.ID = strawberry.field(description="hub_….")
    place: PointInput = strawberry.field(description="The door.")
    packages: list[PackageInput] = strawberry.field(default_factory=list, description="At most 20 items.")
    requirements: list[Requirement] = strawberry.field(default_factory=list, description="What it asks of a driver.")
    service_level: str = strawberry.field(
        default="STANDARD", description="STANDARD, EXPRESS, SAME_DAY or NEXT_DAY, for cut-offs and the rate card."
    )

    def load(self) -> list[int]:
        """Packages, grams and cubic decimetres; one small parcel where none is named."""
        if len(self.packages) > MOST_PACKAGES:
            raise Invalid(f"a delivery has at most {MOST_PACKAGES} packages", field="wish.packages")
        items = [one.value() for one in self.packages]
        volume = sum(item.length_mm * item.width_mm * item.height_mm for item in items)
        return [len(items), sum(item.weight_g for item in items), -(-volume // 10**6)] if items else [1, 1_000, 10]


WishArgument = Annotated[
    WindowWishInput | None,
    strawberry.argument(description="Instead of a delivery: what is still to be posted. For shippers."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, and about what."""

    principal: Principal
    delivery_id: UUID | None

    @property
    def shipper_id(self) -> UUID | None:
        """The asking shipper; None for a recipient."""
        return self.principal.id if self.principal.kind is PrincipalKind.SHIPPER else None

    @property
    def caller(self) -> WindowCaller:
        """Who decides."""
        if self.principal.kind is PrincipalKind.SHIPPER:
            return WindowCaller(actor=PromiseActor.SHIPPER, shipper_id=self.principal.id)
        return WindowCaller(actor=PromiseActor.RECIPIENT, delivery_id=self.principal.delivery_id)

    def question(self, day: date, wish: WindowWishInput | None = None) -> WindowQuestion:
        """The question about a day."""
        if wish is None:
            return WindowQuestion(day=day, shipper_id=self.shipper_id, delivery_id=self.delivery_id)
        if self.shipper_id is None:
            raise NotFound("there is no such hub", field="hubId")
        if self.delivery_id is not None:
            raise BadWish("a wish stands instead of a delivery", field="wish")
        return WindowQuestion(
            day=day,
            shipper_id=self.shipper_id,
            hub_id=from_wire("hub", wish.hub_id, field="wish.hubId"),
            place=wish.place.value(),
            load=wish.load(),
            skills=frozenset(str(one) for one in wish.requirements if one in SKILLS),
            service_level=wish.service_level,
        )

    async def hold(self, work: Work, reference: str) -> WindowHold:
        """The place as the caller sees it."""
        caller = self.caller
        found = await find_hold(
            work, hold_id=UUID(reference), shipper_id=caller.shipper_id, delivery_id=caller.delivery_id
        )
        if found is None:
            raise NotFound("there is no such hold", field="holdId")
        return cast("WindowHold", found)


@strawberry.type
class Query:
    """Looking at a day."""

    @query(
        description="The windows of a day that can be kept: by the hub's hours, places and reach, and by a probe of"
        " today's plan. Nothing is promised before a window is held. For shippers and recipients.",
        own_units=60,
    )
    async def delivery_windows(
        self, info: Info, day: DayArgument, delivery_id: DeliveryArgument = None, wish: WishArgument = None
    ) -> DayOfWindows:
        """Looks at a day."""
        question = _asked(info, delivery_id).question(day, wish)
        marketplace = info.context.marketplace
        found = await delivery_windows(marketplace.works, router=marketplace.router, question=question)
        return DayOfWindows(
            time_zone=found.time_zone,
            windows=[_bookable(one) for one in found.windows],
            closed_reason=found.closed_reason,
            next_served_day=found.next_served_day,
        )


@strawberry.type
class Mutation:
    """Holding, booking and giving back."""

    @mutation(
        description="Holds a place in a window for ten minutes, while somebody decides. A delivery has one hold; a new"
        " one takes the place of the one before. For shippers and recipients."
    )
    async def hold_window(
        self,
        info: Info,
        day: DayArgument,
        opens_at: Annotated[DateTime, strawberry.argument(description="When the window opens.")],
        closes_at: Annotated[DateTime, strawberry.argument(description="When it closes.")],
        idempotency_key: IdempotencyKey,
        delivery_id: DeliveryArgument = None,
        wish: WishArgument = None,
        difference_at_most_minor: AtMostArgument = None,
    ) -> HoldWindowResult:
        """Holds a window."""
        asked = _asked(info, delivery_id)
        errand = _errand(info, asked, day, (opens_at, closes_at), wish, difference_at_most_minor)

        async def answer(work: Work, reference: str) -> WindowHeld:
            return WindowHeld(hold=await asked.hold(work, reference))

        return await mutate_by_errand(
            info,
            operation="holdWindow",
            arguments=_arguments(errand),
            idempotency_key=idempotency_key,
            errand=errand,
            reference=lambda row: str(row["id"]),
            answer=answer,
        )

    @mutation(
        description="Books a window: one that is held, by `holdId`, or at once by `day`, `opensAt` and `closesAt`."
        " The delivery is promised for it and planned anew where its plan does not fit. For shippers and recipients."
    )
    async def book_window(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        hold_id: Annotated[strawberry.ID | None, strawberry.argument(description="whd_….")] = None,
        delivery_id: DeliveryArgument = None,
        day: Annotated[date | None, strawberry.argument(description="The local day of the window.")] = None,
        opens_at: Annotated[DateTime | None, strawberry.argument(description="When the window opens.")] = None,
        closes_at: Annotated[DateTime | None, strawberry.argument(description="When it closes.")] = None,
        difference_at_most_minor: AtMostArgument = None,
    ) -> BookWindowResult:
        """Books a window."""
        asked = _asked(info, delivery_id)

        async def answer(work: Work, reference: str) -> WindowBookedType:
            return WindowBookedType(hold=await asked.hold(work, reference))

        if hold_id is not None:
            wanted = from_wire("window_hold", hold_id, field="holdId")
            return await mutate_by_errand(
                info,
                operation="bookWindow",
                arguments={"hold": wanted, "delivery": asked.delivery_id},
                idempotency_key=idempotency_key,
                errand=BookHeld(
                    router=info.context.marketplace.router,
                    hold_id=wanted,
                    caller=asked.caller,
                    gate=check_credit,
                    delivery_id=asked.delivery_id,
                ),
                reference=lambda row: str(row["id"]),
                answer=answer,
            )
        if day is None or opens_at is None or closes_at is None:
            raise BadWish("name a hold, or a day and the window's times", field="holdId")
        hold = _errand(info, asked, day, (opens_at, closes_at), None, difference_at_most_minor)
        return await mutate_by_errand(
            info,
            operation="bookWindow",
            arguments=_arguments(hold),
            idempotency_key=idempotency_key,
            errand=BookWindow(hold=hold, caller=asked.caller, gate=check_credit),
            reference=lambda row: str(row["id"]),
            answer=answer,
        )

    @mutation(
        description="Gives a held or booked place back. Of a booking the promise before it holds again, unless that"
        " window is over or the parcel is out for delivery. For shippers and recipients."
    )
    async def revoke_window(
        self, info: Info, hold_id: HoldArgument, idempotency_key: IdempotencyKey
    ) -> RevokeWindowResult:
        """Gives a window back."""
        asked = _asked(info, None)
        wanted = from_wire("window_hold", hold_id, field="holdId")

        async def run(work: Work) -> str:
            await revoke_window(work, hold_id=wanted, caller=asked.caller, gate=check_credit)
            return str(wanted)

        async def answer(work: Work, reference: str) -> WindowRevokedType:
            return WindowRevokedType(hold=await asked.hold(work, reference))

        return await mutate(
            info,
            operation="revokeWindow",
            arguments={"hold": wanted},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _asked(info: Info, delivery_id: strawberry.ID | None) -> Asked:
    """A shipper about any delivery of its own; a recipient about the one of the link, whether named or not."""
    principal = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.RECIPIENT)
    named = from_wire("delivery", delivery_id, field="deliveryId") if delivery_id else None
    if principal.kind is PrincipalKind.SHIPPER:
        return Asked(principal=principal, delivery_id=named)
    if named is not None and named != principal.delivery_id:
        raise NotFound("there is no such delivery", field="deliveryId")
    return Asked(principal=principal, delivery_id=principal.delivery_id)


def _errand(
    info: Info,
    asked: Asked,
    day: date,
    ends: tuple[DateTime, DateTime],
    wish: WindowWishInput | None,
    at_most: MoneyMinor | None,
) -> HoldWindow:
    return HoldWindow(
        router=info.context.marketplace.router,
        question=asked.question(day, wish),
        window=WindowValue(*ends),
        difference_at_most_minor=at_most,
    )


def _arguments(errand: HoldWindow) -> dict[str, Any]:
    question = errand.question
    return {
        "day": str(question.day),
        "delivery": question.delivery_id,
        "hub": question.hub_id,
        "place": str(question.place),
        "load": list(question.load),
        "skills": sorted(question.skills),
        "level": question.service_level,
        "opens": str(errand.window.opens_at),
        "closes": str(errand.window.closes_at),
        "at_most": errand.difference_at_most_minor,
    }


def _bookable(one: OfferedWindow) -> BookableWindow:
    return BookableWindow(
        window=Window(opens_at=one.window.opens_at, closes_at=one.window.closes_at),
        difference_minor=MoneyMinor(one.difference.minor),
        currency=one.difference.currency,
        is_charged=one.is_charged,
        reason=one.reason,
        extra_m=one.extra_m,
        extra_s=one.extra_s,
        places_left=one.places_left,
    )
