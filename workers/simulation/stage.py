"""The stage of a simulated day: one market on a manual clock, which jumps from one thing that happens to the next.

What happens are people's acts, from the agenda, and the market's own deadlines, from its rows. After each the market
settles: events are published, the jobs that follow from them run at once and in order, until nothing is left. Nobody
sleeps, and nothing runs beside anything else, so the same seed gives the same day.

The jobs are those of production by the production's own table of reactions, without the rows and queues that make them
survive a crash: a simulation that crashes is simply begun again.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.errors import Refusal
from marketplace.core.ids import MarketId
from marketplace.core.outbox import PUBLISHED_AT_ONCE, PublishedEvent, publish_events
from marketplace.core.work import Works
from workers.deadlines import DEADLINES
from workers.reactions import jobs_after
from workers.runner import RunJob
from workers.simulation.agenda import Act, Agenda
from workers.waker import fire_all

RETRY_AFTER = timedelta(seconds=1)
TRIES = 20
"""A job that may be tried again and is refused this often shows a fault, not a busy moment."""
ROUNDS_AT_MOST = 10_000
STANDING_AT_MOST = 100_000
"""Turns in which market time does not move; after so many the day goes round in a circle."""

LOOK_EVERY = timedelta(minutes=5)
"""So much of the day passes at most before the stage looks for deadlines anyway, whatever has happened."""

LEFT_OUT = frozenset({"draw_route", "notify", "tell_driver", "roll_up"})
"""Lines and messages that nobody looks at, and figures that are counted once at the end of a day."""

ARRIVALS = frozenset({"retime_route", "learn_arrivals"})
"""What days leave out too in which nobody asks when drivers arrive."""

DEADLINES_STAY = frozenset(
    {
        "accrue_delivery", "issue_statement", "send_operation", "settle_payout",
        "RouteStarted", "StopChanged", "DeliveryMoved", "DeliveryDelivered", "DeliveryReturned", "PayStatementIssued",
        "PayoutScheduled", "PayoutTransferred", "PayoutPaid", "OperationWanted", "OperationEnded",
        "ProviderObjectChanged", "DeliveryAssigned", "RouteAssigned", "OfferAccepted",
        "ArrivalChanged", "LateRiskRaised", "retime_route", "learn_arrivals", "SurgeChanged",
    }
)  # fmt: skip
"""Events and jobs that make no deadline and bring none forward: after these alone nobody looks for the next one."""

Hear = Callable[[PublishedEvent], None]
OnMoment = Callable[[datetime], None]


class NeverQuiet(RuntimeError):
    """What follows from what happens makes more of it for ever."""


class Stage:
    """Plays acts and deadlines of one market in order of market time."""

    def __init__(
        self,
        works: Works,
        clock: ManualClock,
        *,
        market_id: MarketId,
        jobs: Mapping[str, RunJob],
        leaves_out: Collection[str] = (),
        on_moment: OnMoment = lambda _: None,
    ) -> None:
        """`leaves_out` are kinds of jobs that are not run, such as messages that nobody reads."""
        self.works = works
        self.clock = clock
        self.market_id = market_id
        self._jobs: Mapping[str, RunJob] = jobs
        self._leaves_out = leaves_out
        self.on_moment = on_moment
        self._agenda = Agenda()
        self._listeners: list[Hear] = []
        self._is_quiet = self._is_sure = False
        self._due: list[datetime | None] = [None for _ in DEADLINES]
        self._looked_at = clock.now
        works.after_commit = self._wake

    @property
    def now(self) -> datetime:
        """Market time."""
        return self.clock.now

    @property
    def has_acts(self) -> bool:
        """Whether anybody still has something to do; what is done from time to time does not count."""
        return self._agenda.has_acts

    def listen(self, hear: Hear) -> None:
        """Lets somebody hear every event of the market, in the order of its stream."""
        self._listeners.append(hear)

    def follow(self, kind: str, act: Act) -> None:
        """Does something of its own after every job of a kind."""
        run_job = self._jobs[kind]

        async def run_and_follow(subject: UUID) -> None:
            await run_job(subject)
            await act()

        self._jobs = {**self._jobs, kind: run_and_follow}

    def at(self, moment: datetime, act: Act) -> None:
        """Notes an act for a moment."""
        self._agenda.note(moment, act)

    def after(self, seconds: float, act: Act) -> None:
        """Notes an act for some time from now."""
        self.at(self.now + timedelta(seconds=seconds), act)

    def regularly(self, every_s: float, act: Act, *, goes_on: Callable[[], bool], first_s: float | None = None) -> None:
        """Notes an act for every so often, for as long as it says so after it was done; it keeps no day alive."""

        async def do() -> None:
            is_wanted = goes_on()
            await act()
            if is_wanted:
                note(every_s)

        def note(after_s: float) -> None:
            self._agenda.note(self.now + timedelta(seconds=after_s), do, is_routine=True)

        note(every_s if first_s is None else first_s)

    def _wake(self) -> None:
        """Something was committed that may have to be published."""
        self._is_quiet = False

    async def play(self, *, until: datetime) -> None:
        """Plays on until nothing is left to happen, or until that moment."""
        standing = 0
        await self._settle()
        while (moment := self._next_moment()) is not None and moment <= until:
            standing = standing + 1 if moment <= self.clock.now else 0
            if standing > STANDING_AT_MOST:
                raise NeverQuiet(f"the market stands still at {self.clock.now}")
            self.clock.now = max(self.clock.now, moment)
            self.on_moment(self.clock.now)
            if self.clock.now >= self._looked_at + LOOK_EVERY:
                self._is_quiet = self._is_sure = False
            while (act := self._agenda.take_due(self.clock.now)) is not None:
                await act()
            await self._settle()

    def _next_moment(self) -> datetime | None:
        moments = (self._agenda.next_moment, *self._due)
        return min((moment for moment in moments if moment is not None), default=None)

    async def _settle(self) -> None:
        """Has all that is due take effect, and all that follows from it, until nothing is left."""
        for _ in range(ROUNDS_AT_MOST):
            if self._is_quiet and not self._is_due:
                return
            if self._is_due:
                await self._fire_due()
            self._is_quiet = True
            await self._publish_and_react()
            if not self._is_sure:
                await self._look_for_deadlines()
        raise NeverQuiet(f"the market was not quiet after {ROUNDS_AT_MOST} rounds")

    @property
    def _is_due(self) -> bool:
        return any(moment is not None and moment <= self.clock.now for moment in self._due)

    async def _look_for_deadlines(self) -> None:
        async with self.works.read() as connection:
            self._due = [await deadline.next_due(connection) for deadline in DEADLINES]
        self._is_sure, self._looked_at = True, self.clock.now

    async def _fire_due(self) -> None:
        self._is_sure = False
        for deadline, moment in zip(DEADLINES, self._due, strict=True):
            if moment is not None and moment <= self.clock.now:
                await fire_all(self.works, deadline)

    async def _publish_and_react(self) -> None:
        """Publishes what has happened, lets everybody hear it, and runs the jobs that follow, each of them once."""
        async with self.works.open() as work:
            events = await publish_events(work, self.market_id)
        for event in events:
            for hear in self._listeners:
                hear(event)
        wanted = dict.fromkeys((job.kind, job.subject) for job in jobs_after(events))
        jobs = [(kind, subject) for kind, subject in wanted if kind not in self._leaves_out]
        names = {event.name for event in events} | {kind for kind, _ in jobs}
        self._is_sure = self._is_sure and names <= DEADLINES_STAY
        self._is_quiet = self._is_quiet and len(events) < PUBLISHED_AT_ONCE
        for kind, subject in jobs:
            await self._run(kind, subject)

    async def _run(self, kind: str, subject: str, tries: int = 1) -> None:
        """Runs a job; one that is refused for now is tried again a moment later, as in production."""
        if tries > 1:
            self._is_quiet = self._is_sure = False
        try:
            await self._jobs[kind](UUID(subject))
        except Refusal as refusal:
            if not refusal.retryable or tries >= TRIES:
                raise
            self.at(self.clock.now + RETRY_AFTER, lambda: self._run(kind, subject, tries + 1))
