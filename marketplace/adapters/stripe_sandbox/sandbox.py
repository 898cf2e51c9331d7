"""The stand-in's world: its state, its time, and what happens in it by itself. No network here."""

import heapq
import random
import string
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from marketplace.adapters.stripe_sandbox.balances import make_available
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.checkout_sessions import expire_session
from marketplace.adapters.stripe_sandbox.clock import VirtualClock
from marketplace.adapters.stripe_sandbox.deliveries import WAITING
from marketplace.adapters.stripe_sandbox.journal import Change, Journal
from marketplace.adapters.stripe_sandbox.payment_intents import expire_authorization
from marketplace.adapters.stripe_sandbox.payouts import continue_payout
from marketplace.adapters.stripe_sandbox.platform import open_platform
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record
from marketplace.adapters.stripe_sandbox.refunds import continue_refund
from marketplace.adapters.stripe_sandbox.store import Store
from marketplace.adapters.stripe_sandbox.topups import finish_topup
from marketplace.adapters.stripe_sandbox.verification import pass_deadline

Done = TypeVar("Done")

LETTERS = string.ascii_letters + string.digits
ID_LETTERS = 24
REMEMBERED_REQUESTS = 20_000
BY_ITSELF: dict[str, Callable[[Call, Record], None]] = {
    "account": pass_deadline,
    "checkout.session": expire_session,
    "payment_intent": expire_authorization,
    "payout": continue_payout,
    "refund": continue_refund,
    "topup": finish_topup,
}
"""What time does to objects of a kind, apart from making balance transactions available."""


class Sandbox:
    """Everything that the stand-in knows. Changes are made through `change`; readers may look into `store`."""

    def __init__(self, *, folder: Path | None = None, source: random.Random | None = None) -> None:
        """Starts empty, or where the journal of a folder ends; ids are drawn from `source`."""
        self._journal = Journal(folder) if folder else None
        self._source = source or random.SystemRandom()
        self.store = Store(self._journal)
        self.clock = VirtualClock(self.store.tables["clock"].get("clock"))
        self.origin = ""
        self.requests: deque[Record] = deque(maxlen=REMEMBERED_REQUESTS)
        self.on_change: Callable[[], None] = lambda: None
        self.waiting: set[str] = set()
        self._due: list[tuple[int, str]] = []
        for table in ("due", "delivery"):
            self._note([(table, key, record) for key, record in self.store.tables[table].items()])
        if PLATFORM not in self.store.tables["account"]:
            self.change(open_platform)

    def change(self, verb: Callable[[Call], Done], *, now: int | None = None) -> Done:
        """Carries a verb out and keeps what it did, whole; a verb that raises has done nothing."""
        call = self.call(now=now)
        done = verb(call)
        self.keep(call)
        return done

    def call(self, *, now: int | None = None) -> Call:
        """A fresh draft at this moment, on the platform's books."""
        moment = self.clock.now() if now is None else now
        return Call(draft=self.store.draft(), now=moment, new_id=self.new_id, origin=self.origin)

    def keep(self, call: Call, *, is_synced: bool = True) -> None:
        """Makes the changes of a call final."""
        changes = call.draft.keep(is_synced=is_synced)
        self._note(changes)
        if changes:
            self.on_change()

    def catch_up(self) -> None:
        """Does what has become due, in the order of time and at its own moment."""
        now = self.clock.now()
        is_behind = bool(self._due) and self._due[0][0] <= now
        while self._due and self._due[0][0] <= now:
            moment, key = heapq.heappop(self._due)
            row = self.store.tables["due"].get(key)
            if row is not None and row["at"] == moment:
                call = self.call(now=moment)
                call.draft.remove("due", key)
                _happen(call, row)
                self.keep(call, is_synced=False)
        if is_behind and self._journal is not None:
            self._journal.sync()

    def move_clock(self, *, now: int | None = None, rate: float | None = None) -> None:
        """Sets time forward or changes its pace, and lets everything happen that time brings."""
        self.catch_up()
        if rate is not None:
            self.clock.run(rate)
        if now is not None:
            self.clock.set(now)
        self.change(lambda call: call.draft.add("clock", self.clock.as_record()))
        self.catch_up()
        self.on_change()

    @property
    def next_due(self) -> int | None:
        """When something happens by itself again."""
        return self._due[0][0] if self._due else None

    def new_id(self, prefix: str) -> str:
        """An id as Stripe's look."""
        return f"{prefix}_{''.join(self._source.choices(LETTERS, k=ID_LETTERS))}"

    def close(self) -> None:
        """Lets go of the folder."""
        if self._journal is not None:
            self._journal.close()

    def _note(self, changes: list[Change]) -> None:
        """Keeps the two indexes up to date: what is due when, and what waits to be delivered."""
        for table, key, record in changes:
            if table == "due" and record is not None:
                heapq.heappush(self._due, (record["at"], key))
            elif table == "delivery" and record is not None and record["state"] == WAITING:
                self.waiting.add(key)
            elif table == "delivery":
                self.waiting.discard(key)


def _happen(call: Call, row: Record) -> None:
    if row["kind"] == "balance_transaction":
        make_available(call, row["key"])
        return
    record = call.draft.get(row["kind"], row["key"])
    if record is not None and not record.get("deleted"):
        BY_ITSELF[row["kind"]](call.on(record["_account"]), record)
