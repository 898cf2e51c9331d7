"""The last place of a dock's slot goes to one of many, by real commits on many connections."""

from marketplace.core.work import Work, Works
from marketplace.docks import hold_slot
from tests.marketplace.docks.test_appointments import plant
from tests.races.together import at_once, codes

CALLERS = 10


async def test_of_ten_who_want_the_last_place_one_gets_it(committed_works: Works) -> None:
    gate = await plant(committed_works)
    async with committed_works.open() as work:
        opens_at = await gate.opens(work)

    async def hold(work: Work) -> None:
        await hold_slot(work, **gate.mine, code="gate", opens_at=opens_at)

    answers = await at_once(*[(committed_works, hold)] * CALLERS)

    assert codes(answers) == {"done": 1, "SLOT_FULL": CALLERS - 1}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM dock_appointment") == 1
