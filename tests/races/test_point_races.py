"""The last place at a hand-over point goes to one of many, by real commits on many connections."""

import asyncio
from collections import Counter
from uuid import UUID

from marketplace.collecting import choose_hand_over_point
from marketplace.core.work import Works
from tests.builders import make_batch, make_delivery
from tests.marketplace.collecting.world import make_world
from tests.races.together import Verb, at_once, codes

SENDERS = 8


async def test_one_parcel_posted_twice_at_once_takes_the_last_place_once(committed_works: Works) -> None:
    world = await make_world(committed_works, places=1)

    posted = await asyncio.gather(*(world.post("same") for _ in range(SENDERS)))

    rows = [row for rows in posted for row in rows]
    assert [row.problem for row in rows] == [None] * SENDERS
    assert len({row.delivery_id for row in rows}) == 1
    assert sum(row.is_new for row in rows) == 1
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT taken FROM hand_over_point") == 1


async def test_of_many_who_want_the_last_place_one_gets_it(committed_works: Works) -> None:
    world = await make_world(committed_works, places=1)

    posted = await asyncio.gather(*(world.post(f"order-{i}") for i in range(SENDERS)))

    answers = Counter(row.problem.code if row.problem else "posted" for rows in posted for row in rows)
    assert answers == {"posted": 1, "POINT_FULL": SENDERS - 1}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT taken FROM hand_over_point") == 1
        assert await work.fetch_value("SELECT count(*) FROM collection") == 1
        # The place is given back while others choose it: one of those gets it.
        await work.execute("UPDATE collection SET state = 'RELEASED', ended_at = $1, freed_at = $1", work.now)
        await work.execute("UPDATE hand_over_point SET taken = 0")
        batch = await make_batch(work, world.market, world.shipper)
        doors = [(await make_delivery(work, world.market, world.shipper, world.hub, batch)).id for _ in range(SENDERS)]

    def choosing(delivery_id: UUID) -> Verb:
        return lambda work: choose_hand_over_point(work, delivery_id=delivery_id, point_id=world.point_id)

    chosen = await at_once(*((committed_works, choosing(one)) for one in doors))

    assert codes(chosen) == {"done": 1, "POINT_FULL": SENDERS - 1}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT taken FROM hand_over_point") == 1
