"""Recipients who choose a window for their delivery, and the count of how many of these windows were kept.

Some take a window that is offered, as through their link. For comparison others take one blindly: any window of the
hub's day, promised without a look at the plan.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.batches import PromiseActor, change_promise
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.errors import Refusal
from marketplace.core.outbox import PublishedEvent
from marketplace.core.window import Window
from marketplace.hubs import Opening
from marketplace.windows import BookWindow, HoldWindow, WindowCaller, WindowQuestion, delivery_windows
from workers.simulation.world import World
from workers.simulator.chance import chance

DECIDES_WITHIN_S = (30.0, 600.0)
"""A recipient opens the link and chooses so long after the posting."""
SOONEST = timedelta(minutes=15)
"""Who chooses blindly still knows that nothing comes within minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """How recipients of a day choose: which share of them does, and whether by what is offered or blindly."""

    share: float
    is_blind: bool = False
    opening: Opening = field(default_factory=Opening)


def booking_of(percent: int, *, is_blind: bool, window_minutes: int) -> Booking | None:
    """How so many of a hundred recipients choose, at hubs whose windows last so long; None where nobody does."""
    if not percent:
        return None
    return Booking(share=percent / 100, is_blind=is_blind, opening=Opening(window_s=60 * window_minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFigures:
    """What became of the chosen windows: kept when somebody was at the door within it, whoever was at home."""

    asked: int
    offered: int
    booked: int
    kept: int
    early: int
    late: int
    never: int

    @property
    def kept_pct(self) -> float | None:
        """The share of booked windows that were kept, of those that nobody called off."""
        return round(100 * self.kept / self.booked, 2) if self.booked else None


class Bookers:
    """All recipients of one day who choose."""

    def __init__(self, world: World, booking: Booking, *, seed: int, time_zone: str) -> None:
        self._world, self._booking, self._seed = world, booking, seed
        self._zone = ZoneInfo(time_zone)
        self._number = self._asked = self._offered = 0
        self._booked: dict[UUID, Window] = {}
        self._at_door: dict[UUID, datetime] = {}
        self._called_off: set[UUID] = set()
        world.stage.listen(self.hear)

    def hear(self, event: PublishedEvent) -> None:
        """A delivery is posted, is at its door, or is called off."""
        delivery_id = event.delivery_id
        if delivery_id is None:
            return
        if event.name == "DeliveryPosted":
            self._number += 1
            source = chance(self._seed, "booker", self._number)
            if source.random() < self._booking.share:
                after_s = source.uniform(*DECIDES_WITHIN_S)
                self._world.stage.after(after_s, lambda: self._choose(delivery_id, source))
        elif event.name in {"DeliveryDelivered", "DeliveryAttempted"}:
            self._at_door.setdefault(delivery_id, datetime.fromisoformat(event.payload["occurred_at"]))
        elif event.name == "DeliveryCancelled":
            self._called_off.add(delivery_id)

    def figures(self) -> BookedFigures:
        """How many of the windows were kept."""
        fates = [
            (window, self._at_door.get(delivery_id))
            for delivery_id, window in self._booked.items()
            if delivery_id not in self._called_off
        ]
        came = [(window, moment) for window, moment in fates if moment is not None]
        early = sum(moment < window.opens_at for window, moment in came)
        late = sum(moment > window.closes_at for window, moment in came)
        return BookedFigures(
            asked=self._asked,
            offered=self._offered,
            booked=len(fates),
            kept=len(came) - early - late,
            early=early,
            late=late,
            never=len(fates) - len(came),
        )

    async def _choose(self, delivery_id: UUID, source: Random) -> None:
        self._asked += 1
        try:
            chosen = await (self._blindly if self._booking.is_blind else self._of_offered)(delivery_id, source)
        except Refusal as refusal:
            self._world.record.refused(refusal.code)
            return
        if chosen is not None:
            self._booked[delivery_id] = chosen

    async def _of_offered(self, delivery_id: UUID, source: Random) -> Window | None:
        market = self._world.marketplace
        question = WindowQuestion(day=self._today, shipper_id=None, delivery_id=delivery_id)
        day = await delivery_windows(market.works, router=market.router, question=question)
        self._offered += len(day.windows)
        if not day.windows:
            return None
        window = source.choice(list(day.windows)).window
        caller = WindowCaller(actor=PromiseActor.RECIPIENT, delivery_id=delivery_id)
        hold = HoldWindow(router=market.router, question=question, window=window)
        await run_errand(market.works, BookWindow(hold=hold, caller=caller, gate=check_credit))
        return window

    async def _blindly(self, delivery_id: UUID, source: Random) -> Window | None:
        soonest = self._world.stage.now + SOONEST
        every = self._booking.opening.windows_on(self._today, time_zone=self._zone.key)
        windows = [window for window in every if window.opens_at >= soonest]
        self._offered += len(windows)
        if not windows:
            return None
        window = source.choice(windows)
        async with self._world.marketplace.works.open() as work:
            await change_promise(
                work,
                delivery_id=delivery_id,
                opens_at=window.opens_at,
                closes_at=window.closes_at,
                actor=PromiseActor.RECIPIENT,
            )
        return window

    @property
    def _today(self) -> date:
        return self._world.stage.now.astimezone(self._zone).date()
