"""Any history of a ledger, with retries and with calls that meet, ends as plain arithmetic says.

A state machine draws what happens next: pay, tips, charges, captures, refunds, disputes, debts, adjustments, prepaid
money, transfers, holds that are settled, in part too, or voided. Every step really commits; calls that meet come on
connections of their own. After each step what can be given is compared, at the end everything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import UUID

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from marketplace.core.errors import Refusal
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    CONNECTED_FUNDS,
    DELIVERY_REVENUE,
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    DRIVER_PAY,
    GATEWAY_AVAILABLE,
    GATEWAY_PENDING,
    GOODWILL,
    TIPS_CLEARING,
    Entry,
    HoldResolved,
    JournalKeyReused,
    LedgerAccount,
    Overdrawn,
    balance_of,
    check_ledger,
    driver_connected,
    driver_debt,
    driver_wallet,
    hold_money,
    post_journal,
    settle_hold,
    shipper_prepaid,
    shipper_receivable,
    void_hold,
    wallet_available,
)
from tests.builders import make_market
from tests.marketplace.ledger.world import pesos
from tests.properties.plain_ledger import PlainLedger

DRIVERS = [UUID(int=1), UUID(int=2)]
OWED, AHEAD = shipper_receivable(UUID(int=3)), shipper_prepaid(UUID(int=3))
Pairs = list[tuple[LedgerAccount, LedgerAccount]]
REASONS: dict[str, Callable[[UUID], Pairs]] = {
    "pay": lambda driver: [(DRIVER_PAY, driver_wallet(driver))],
    "tip": lambda driver: [(OWED, TIPS_CLEARING), (TIPS_CLEARING, driver_wallet(driver))],
    "charge": lambda _: [(OWED, DELIVERY_REVENUE)],
    "capture": lambda _: [(GATEWAY_PENDING, OWED), (GATEWAY_AVAILABLE, GATEWAY_PENDING)],
    "refund": lambda _: [(DELIVERY_REVENUE, GATEWAY_AVAILABLE)],
    "debt": lambda driver: [(driver_debt(driver), GOODWILL)],
    "repayment": lambda driver: [(driver_wallet(driver), driver_debt(driver))],
    "goodwill": lambda driver: [(GOODWILL, driver_wallet(driver))],
    "correction": lambda driver: [(driver_wallet(driver), GOODWILL)],
    "top-up": lambda _: [(GATEWAY_AVAILABLE, AHEAD)],
    "spend": lambda _: [(AHEAD, DELIVERY_REVENUE)],
    "transfer": lambda driver: [
        (driver_wallet(driver), GATEWAY_AVAILABLE),
        (driver_connected(driver), CONNECTED_FUNDS),
    ],
    "dispute lost": lambda _: [(DISPUTES_CLEARING, GATEWAY_AVAILABLE), (DISPUTE_LOSS, DISPUTES_CLEARING)],
    "dispute won": lambda _: [(DISPUTES_CLEARING, GATEWAY_AVAILABLE), (GATEWAY_AVAILABLE, DISPUTES_CLEARING)],
}
reasons = st.sampled_from(sorted(REASONS))
drivers = st.sampled_from(DRIVERS)
amounts = st.one_of(st.integers(1, 30), st.integers(1, 2_000))
places = st.integers(0, 1_000)
Verb = Callable[[Work], Awaitable[Any]]


class Histories(RuleBasedStateMachine):
    """One market's history, on the real ledger and in plain numbers."""

    works: Works
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.plain = PlainLedger()
        self.posted: dict[str, tuple[list[Entry], UUID]] = {}
        self.keys = 0
        self.market_id: UUID = self.run(self._in_a_work(self._make_market))
        # Something to begin with, or most of what is drawn would be refused.
        for reason, driver in (("pay", DRIVERS[0]), ("goodwill", DRIVERS[1]), ("top-up", DRIVERS[0])):
            self.something_happens(reason, driver, 3_000, 1)

    @rule(reason=reasons, driver=drivers, minor=amounts, callers=st.integers(1, 3))
    def anything(self, reason: str, driver: UUID, minor: int, callers: int) -> None:
        self.something_happens(reason, driver, minor, callers)

    def something_happens(self, reason: str, driver: UUID, minor: int, callers: int) -> None:
        """Posts a journal from several places at the same time."""
        entries = [Entry(debit=debit, credit=credit, amount=pesos(minor)) for debit, credit in REASONS[reason](driver)]
        key = self.new_key()

        answers = self.at_once(*[self.post(key, entries)] * callers)

        if self.plain.post(entries):
            assert len(set(answers)) == 1
            self.posted[key] = (entries, answers[0])
        else:
            assert [type(answer) for answer in answers] == [Overdrawn] * callers

    @precondition(lambda self: self.posted)
    @rule(place=places)
    def somebody_repeats(self, place: int) -> None:
        key = sorted(self.posted)[place % len(self.posted)]
        entries, journal_id = self.posted[key]

        assert self.at_once(self.post(key, entries)) == [journal_id]

    @precondition(lambda self: self.posted)
    @rule(place=places)
    def somebody_takes_a_key_for_another_reason(self, place: int) -> None:
        key = sorted(self.posted)[place % len(self.posted)]

        [answer] = self.at_once(self.post(key, [*self.posted[key][0], *self.posted[key][0]]))

        assert isinstance(answer, JournalKeyReused | Overdrawn)

    @rule(driver=drivers, minor=amounts, callers=st.integers(2, 5))
    def several_take_from_one_wallet(self, driver: UUID, minor: int, callers: int) -> None:
        entries = [Entry(debit=driver_wallet(driver), credit=GATEWAY_AVAILABLE, amount=pesos(minor))]
        keys = [self.new_key() for _ in range(callers)]
        fitting = min(callers, self.plain.available(driver_wallet(driver)) // minor)

        answers = dict(zip(keys, self.at_once(*[self.post(key, entries) for key in keys]), strict=True))

        done = {key: answer for key, answer in answers.items() if isinstance(answer, UUID)}
        assert len(done) == fitting
        for key, journal_id in done.items():
            assert self.plain.post(entries)
            self.posted[key] = (entries, journal_id)

    @rule(account=st.sampled_from([*map(driver_wallet, DRIVERS), AHEAD]), minor=amounts, callers=st.integers(1, 3))
    def money_is_held(self, account: LedgerAccount, minor: int, callers: int) -> None:
        entry = Entry(debit=account, credit=GATEWAY_AVAILABLE, amount=pesos(minor))
        key = self.new_key()
        fits = self.plain.available(account) >= minor

        answers = self.at_once(*[self.hold(key, entry)] * callers)

        if fits:
            assert len(set(answers)) == 1
            self.plain.hold(answers[0], key, entry)
        else:
            assert [type(answer) for answer in answers] == [Overdrawn] * callers

    @precondition(lambda self: self.plain.open_holds())
    @rule(place=places, part=st.integers(1, 100), callers=st.sampled_from([(0, 1), (0, 2), (1, 0), (1, 1), (2, 2)]))
    def a_hold_is_settled_or_voided_by_several(self, place: int, part: int, callers: tuple[int, int]) -> None:
        voids, settles = callers
        holds = self.plain.open_holds()
        hold_id = holds[place % len(holds)]
        held = self.plain.holds[hold_id].entry.amount.minor
        minor = max(1, held * part // 100)

        answers = self.at_once(*[self.void(hold_id)] * voids, *[self.settle(hold_id, minor)] * settles)

        won = [isinstance(answer, UUID) for answer in answers]
        losers = [answer for answer in answers if not isinstance(answer, UUID)]
        assert won in ([True] * voids + [False] * settles, [False] * voids + [True] * settles)
        assert all(isinstance(answer, HoldResolved) for answer in losers)
        assert len({answer for answer in answers if isinstance(answer, UUID)}) == 1
        self.plain.resolve(hold_id, 0 if voids and won[0] else minor)

    @precondition(lambda self: len(self.plain.holds) > len(self.plain.open_holds()))
    @rule(place=places)
    def a_resolved_hold_is_resolved_again(self, place: int) -> None:
        done = [hold_id for hold_id, hold in self.plain.holds.items() if hold.settled_minor is not None]
        hold_id = done[place % len(done)]
        hold = self.plain.holds[hold_id]

        again, held_again, otherwise = self.at_once(
            self.settle(hold_id, hold.settled_minor) if hold.settled_minor else self.void(hold_id),
            self.hold(hold.key, hold.entry),
            self.void(hold_id) if hold.settled_minor else self.settle(hold_id, hold.entry.amount.minor),
        )

        assert isinstance(again, UUID)
        assert held_again == hold_id
        assert isinstance(otherwise, HoldResolved)

    @invariant()
    def wallets_give_what_they_should(self) -> None:
        async def look(work: Work) -> list[int]:
            wallets = [
                await wallet_available(work, market_id=self.market_id, driver_id=driver, currency="CLP")
                for driver in DRIVERS
            ]
            return [wallet.minor for wallet in wallets]

        assert self.run(self._in_a_work(look)) == [self.plain.available(driver_wallet(driver)) for driver in DRIVERS]

    def teardown(self) -> None:
        async def look(work: Work) -> None:
            for account, credit_balance in self.plain.credit_balance.items():
                balance = await balance_of(work, market_id=self.market_id, account=account, currency="CLP")
                assert balance.minor == (-credit_balance if account.kind.grows_by_debits else credit_balance)
            report = await check_ledger(work, market_id=self.market_id, at_rest=True)
            assert report.findings == ()
            assert set(report.sums_minor.values()) <= {0}
            assert report.open_holds == len(self.plain.open_holds())
            resolved = len(self.plain.holds) - report.open_holds
            assert report.journals == len(self.posted) + len(self.plain.holds) + resolved

        assert sum(self.plain.credit_balance.values()) == 0
        self.run(self._in_a_work(look))

    def post(self, key: str, entries: list[Entry]) -> Verb:
        """Posts a journal of this market."""
        return lambda work: post_journal(
            work, market_id=self.market_id, key=key, kind="TEST", subject_id=self.market_id, entries=entries
        )

    def hold(self, key: str, entry: Entry) -> Verb:
        """Holds money in this market."""
        return lambda work: hold_money(
            work, market_id=self.market_id, key=key, kind="HOLD", subject_id=self.market_id, entry=entry
        )

    def settle(self, hold_id: UUID, minor: int) -> Verb:
        """Settles a hold for so much."""
        return lambda work: settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(minor))

    def void(self, hold_id: UUID) -> Verb:
        """Voids a hold."""
        return lambda work: void_hold(work, hold_id=hold_id, kind="FAILED")

    def new_key(self) -> str:
        """A journal key that nobody has used."""
        self.keys += 1
        return f"{self.market_id}:{self.keys}"

    def at_once(self, *verbs: Verb) -> list[Any]:
        """Runs each verb in a Work of its own, all at the same time; a refusal stands in the place of its result."""

        async def together() -> list[Any]:
            return list(await asyncio.gather(*(self._answer(verb) for verb in verbs)))

        answers: list[Any] = self.run(together())
        return answers

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Waits for what runs in the loop of the test, whose connections these are."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _answer(self, verb: Verb) -> Any:
        try:
            return await self._in_a_work(verb)
        except Refusal as no:
            return no

    async def _in_a_work(self, verb: Verb) -> Any:
        async with self.works.open() as work:
            return await verb(work)

    @staticmethod
    async def _make_market(work: Work) -> UUID:
        market_id: UUID = (await make_market(work)).id
        return market_id


async def test_any_history_ends_as_plain_arithmetic_says(committed_works: Works) -> None:
    machine = type("Histories", (Histories,), {"works": committed_works, "loop": asyncio.get_running_loop()})
    few = settings(
        deadline=None,
        max_examples=25,
        stateful_step_count=30,
        # To shrink a history means to commit it hundreds of times: longer than a test may take.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )

    await asyncio.to_thread(run_state_machine_as_test, machine, settings=few)
