"""The last place that nobody has reserved goes to one of many, and a reserved one to none of them."""

from dataclasses import replace

from marketplace.batches import PostBatch
from marketplace.core.errors import Refusal
from marketplace.core.work import Works
from marketplace.reservations import Terms
from tests.builders import make_shipper
from tests.marketplace.reservations.agreed import TOMORROW, agree, answers, reserve
from tests.races.together import Verb, at_once, codes

WHO_WANT_IT = 12


async def test_of_many_shippers_who_want_the_last_free_place_one_gets_it(committed_works: Works) -> None:
    works = committed_works
    world = await agree(works, terms=Terms(first_day=TOMORROW, places=3))
    async with works.open() as work:
        others = [await make_shipper(work, world.market, name=f"Shipper {i}") for i in range(WHO_WANT_IT)]
    errands = [world.posting(shipper, f"order-{i}") for i, shipper in enumerate(others)]
    errands += [world.posting(world.large, f"large-{i}") for i in range(3)]

    results = await at_once(*[(works, await recording(works, errand)) for errand in errands])

    said = [answer for result in results for answer in answers(result)]
    # Whoever comes after the large shipper hears that the day is full, not that its rest is reserved.
    assert said[:WHO_WANT_IT].count("posted") == 1
    assert set(said[:WHO_WANT_IT]) <= {"posted", "CAPACITY_RESERVED", "HUB_FULL"}
    assert said[WHO_WANT_IT:] == ["posted"] * 3
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 4


async def recording(works: Works, errand: PostBatch) -> Verb:
    """The last step of a posting, where places are taken; all begin it at the same moment."""
    async with works.open() as work:
        found = await errand.read(work)
    priced = await errand.call(found)
    return lambda work: errand.record(work, found, priced)


async def test_what_two_operators_reserve_at_once_is_no_more_than_there_is(committed_works: Works) -> None:
    works = committed_works
    world = await agree(works)
    three = Terms(first_day=TOMORROW, places=3)

    said = await at_once(
        (works, lambda work: reserve(work, world, three)),
        (works, lambda work: reserve(work, world, replace(three), shipper_id=world.small.id)),
    )

    assert codes(said) == {"done": 1, "OVER_RESERVED": 1}
    assert sum(isinstance(one, Refusal) for one in said) == 1
