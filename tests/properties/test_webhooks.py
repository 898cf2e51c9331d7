"""However events come in, doubled, shuffled, late, between what happens, the end is that of the in-order run."""

from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import stripe
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from marketplace.adapters.stripe_sandbox.errors import StripeError as SandboxError
from marketplace.core.work import Work, Works
from marketplace.payments import Endpoint, Kept, ObjectKind, OperationKind, ProviderObject
from marketplace.payments.keep_object import keep_object
from marketplace.payments.ranks import RANKS, rank_of
from tests.builders import make_market
from tests.marketplace.payments.kinds import Wanted, dollars, prepare, want
from tests.payment_worlds import PaymentWorld, open_payment_world

USUAL = [HealthCheck.function_scoped_fixture]
DAY_S = 86_400


@dataclass(slots=True, kw_only=True)
class Played:
    """A payment world, what it has wanted, and the events that are on their way."""

    world: PaymentWorld
    subjects: dict[OperationKind, UUID] = field(default_factory=dict)
    on_the_way: list[tuple[Endpoint, bytes]] = field(default_factory=list)


async def begin(world: PaymentWorld) -> Played:
    """A charge, a refund, a transfer, a payout and a driver's account, sent and done."""
    played = Played(world=world)
    for kind in (OperationKind.CHARGE, OperationKind.PAYOUT, OperationKind.TRANSFER, OperationKind.CREATE_ACCOUNT):
        subject_id = played.subjects[kind] = uuid4()
        await want(world, await prepare(kind, world), subject_id=subject_id)
    await world.send_all()
    subject_id = played.subjects[OperationKind.REFUND] = uuid4()
    refunded = Wanted(
        kind=OperationKind.REFUND, params={"payment_intent": one(played, "payment_intent")["id"]}, amount=dollars(500)
    )
    await want(world, refunded, subject_id=subject_id)
    await world.send_all()
    return played


def one(played: Played, table: str) -> dict[str, Any]:
    """The object of a kind that the world has made for us."""
    ours = {str(subject_id) for subject_id in played.subjects.values()}
    return next(row for row in played.world.rows(table) if row.get("metadata", {}).get("subject") in ours)


async def happen(played: Played, what: str) -> None:
    """Something happens at the provider; what cannot happen any more does not."""
    paths = {
        "fail payout": f"/payouts/{one(played, 'payout')['id']}/fail",
        "pay payout": f"/payouts/{one(played, 'payout')['id']}/pay",
        "fail refund": f"/refunds/{one(played, 'refund')['id']}/fail",
        "verify": f"/accounts/{one(played, 'account')['id']}/verify",
        "ask": f"/accounts/{one(played, 'account')['id']}/require",
        "reject": f"/accounts/{one(played, 'account')['id']}/reject",
        "dispute": f"/charges/{one(played, 'charge')['id']}/dispute",
    }
    for dispute in played.world.rows("dispute")[:1]:
        paths["lose"] = f"/disputes/{dispute['id']}/close"
        paths["win"] = paths["lose"]
    wishes: dict[str, dict[str, Any]] = {"lose": {"status": "lost"}, "win": {"status": "won"}, "ask": {"deadline": 1}}
    with suppress(SandboxError, stripe.StripeError):
        if what == "reverse":
            await played.world.v1.transfers.reversals.create_async(one(played, "transfer")["id"], {"amount": 100})
        elif what == "days":
            await played.world.pass_time(DAY_S)
        elif what in paths:
            await played.world.control("POST", paths[what], **wishes.get(what, {}))
    played.on_the_way += played.world.take_events()


async def known(played: Played) -> dict[str, tuple[str, str | None, Any]]:
    """All that we know of the objects of our subjects."""
    async with played.world.works.open() as work:
        rows = await work.fetch(
            "SELECT id, state, parent_id, facts FROM stripe_object WHERE subject_id = ANY($1::uuid[]) ORDER BY id",
            list(played.subjects.values()),
        )
    return {row["id"]: (row["state"], row["parent_id"], row["facts"]) for row in rows}


HAPPENINGS = (
    "fail payout", "pay payout", "fail refund", "verify", "ask", "reject", "dispute", "lose", "win", "reverse", "days",
)  # fmt: skip


@given(
    happenings=st.lists(st.sampled_from(HAPPENINGS), min_size=3, max_size=10),
    seed=st.integers(0, 2**32),
    chance=st.sampled_from([0.0, 0.3, 0.7]),
)
@example(happenings=["fail payout"] * 8 + ["fail refund"], seed=0, chance=0.7)
@example(happenings=["dispute", "lose", "fail refund"], seed=1, chance=0.7)
@settings(max_examples=20, deadline=None, suppress_health_check=USUAL)
async def test_events_in_any_order_and_number_end_as_the_in_order_run(
    works: Works, happenings: list[str], seed: int, chance: float
) -> None:
    source = Random(seed)
    async with open_payment_world(works) as world:
        played = await begin(world)
        told: list[tuple[Endpoint, bytes]] = []
        for what in happenings:
            await happen(played, what)
            # Some of what is on its way arrives now, in any order, once or twice; the rest is late.
            source.shuffle(played.on_the_way)
            while played.on_the_way and source.random() < chance:
                event = played.on_the_way.pop()
                told.append(event)
                await world.hear([event] * source.choice([1, 1, 2]))
            if source.random() < chance:
                await world.apply_all()
        rest = [*played.on_the_way, *source.sample(told, k=min(3, len(told)))]
        source.shuffle(rest)
        await world.hear(rest)
        await world.apply_all()
        shuffled = await known(played)

        # In order: as if each object's last event alone had come, after everything had happened.
        async with works.open() as work:
            await work.execute(
                "UPDATE stripe_event SET processed_at = NULL WHERE object_id = ANY($1::text[])", list(shuffled)
            )
        await world.apply_all()

        assert await known(played) == shuffled
        assert {state for name, (state, _, _) in shuffled.items() if name.startswith("po_")} == {
            one(played, "payout")["status"]
        }
        assert {state for name, (state, _, _) in shuffled.items() if name.startswith("re_")} == {
            one(played, "refund")["status"]
        }
        assert {state for name, (state, _, _) in shuffled.items() if name.startswith(("du_", "dp_"))} == {
            dispute["status"] for dispute in world.rows("dispute")
        }


@given(steps=st.lists(st.integers(0, 3), min_size=8, max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=USUAL)
async def test_of_readings_that_overlap_none_brings_back_what_was(works: Works, steps: list[int]) -> None:
    truth, kept = 0, []
    readers: dict[int, dict[str, Any]] = {}
    async with works.open() as work:
        market, subject_id, name = await make_market(work), work.new_id(), f"acct_{work.random.getrandbits(60)}"
        for step in steps:
            # 0 changes the object; the others are readers, each of which begins, sees, and keeps what it saw.
            if step == 0:
                truth += 1
            elif step not in readers:
                readers[step] = {"reading": await readings(work, name)}
            elif "version" not in readers[step]:
                readers[step]["version"] = truth
            else:
                seen = readers.pop(step)
                if await keep(work, market.id, subject_id, name, **seen) is Kept.CHANGED:
                    kept.append(seen["version"])

        await keep(work, market.id, subject_id, name, reading=await readings(work, name), version=truth)

        now = await work.fetch_value("SELECT (facts->>'version')::int FROM stripe_object WHERE id = $1", name)
    assert kept == sorted(kept)
    assert now == truth


async def readings(work: Work, name: str) -> int:
    return await work.fetch_value("SELECT reading FROM stripe_object WHERE id = $1", name) or 0


async def keep(work: Work, market_id: UUID, subject_id: UUID, name: str, *, reading: int, version: int) -> Kept:
    seen = ProviderObject(id=name, kind=ObjectKind.ACCOUNT, state="enabled", facts={"version": version})
    return await keep_object(work, seen, market_id=market_id, subject_id=subject_id, operation_id=None, reading=reading)


@given(
    kind=st.sampled_from([kind for kind in ObjectKind if RANKS[kind]]),
    order=st.randoms(use_true_random=False),
    repeats=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None, suppress_health_check=USUAL)
async def test_the_highest_rank_wins_in_any_order(works: Works, kind: ObjectKind, order: Random, repeats: int) -> None:
    states = list(RANKS[kind]) * repeats
    order.shuffle(states)
    async with works.open() as work:
        market, subject_id, name = await make_market(work), work.new_id(), f"x_{work.random.getrandbits(60)}"
        for state in states:
            await keep_object(
                work,
                ProviderObject(id=name, kind=kind, state=state),
                market_id=market.id,
                subject_id=subject_id,
                operation_id=None,
                reading=await readings(work, name),
            )
        state = await work.fetch_value("SELECT state FROM stripe_object WHERE id = $1", name)
    assert rank_of(kind, state) == max(RANKS[kind].values())
