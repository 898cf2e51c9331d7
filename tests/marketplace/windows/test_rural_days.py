"""Whoever asks for a window in a rural zone is shown its days, and told the next one."""

from datetime import date, timedelta

import pytest

from marketplace.batches import UnservedDay
from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from marketplace.windows import ClosedReason, delivery_windows
from tests.builders import HOME_PLACE
from tests.marketplace.rural.zones import TUESDAY, make_zone
from tests.marketplace.windows.test_book import hold
from tests.marketplace.windows.world import make_world


async def test_only_served_days_have_windows_and_the_next_one_is_named(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        zone_id = await make_zone(work, world.market.id, days=(TUESDAY,), window_s=3 * 3_600)
        await work.execute("UPDATE delivery SET rural_zone_id = $1", zone_id)
        await work.execute("UPDATE presence SET online_until = $1", work.now + timedelta(days=2))
    monday, tuesday, thursday = (date(2026, 3, day) for day in (2, 3, 5))

    # Today is promised already; the zone's terms came later.
    seen = [
        await delivery_windows(works, router=world.router, question=world.question(day=day))
        for day in (monday, tuesday, thursday)
    ]

    assert [(one.closed_reason, one.next_served_day) for one in seen] == [
        (None, tuesday),
        (None, tuesday),
        (ClosedReason.UNSERVED_DAY, tuesday),
    ]
    widths = {one.window.closes_at - one.window.opens_at for one in seen[1].windows}
    assert widths == {timedelta(hours=3)}
    with pytest.raises(UnservedDay, match="2026-03-03"):
        await hold(works, world.hold(seen[1].windows[0].window, day=thursday))


async def test_a_door_in_a_zone_is_told_its_days_before_anything_is_posted(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await make_zone(work, world.market.id)

    question = world.question(delivery_id=None, hub_id=world.hub.id, place=HOME_PLACE, day=date(2026, 3, 3))
    found = await delivery_windows(works, router=world.router, question=question)

    assert (found.closed_reason, found.next_served_day) == (ClosedReason.UNSERVED_DAY, date(2026, 3, 5))
