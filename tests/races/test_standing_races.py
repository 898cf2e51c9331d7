"""Two operators decide at once: one decision stands. Two runs judge at once: one proposal is made."""

from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.standing import compute_standing, decide_suspension, propose_suspensions
from tests.marketplace.standing.driven import make_bad_driver, make_named, make_place
from tests.races.together import Verb, at_once, codes


async def test_of_two_decisions_and_two_runs_one_counts(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        place = await make_place(work)
        await make_bad_driver(work, place)
        people = [await make_named(work, place[0], name) for name in ("Marta", "Iris")]
    clock.advance(seconds=86_400)
    market_id = place[0].id
    async with committed_works.open() as work:
        await compute_standing(work, market_id=market_id)

    async def judge(work: Work) -> list[UUID]:
        await compute_standing(work, market_id=market_id)
        return await propose_suspensions(work, market_id=market_id)

    made: list[list[UUID]] = await at_once(*[(committed_works, judge)] * 4)
    [suspension_id] = [one for found in made for one in found]

    def decide(person: UUID, *, is_confirmed: bool) -> Verb:
        return lambda work: decide_suspension(
            work,
            suspension_id=suspension_id,
            market_id=market_id,
            operator_id=person,
            is_confirmed=is_confirmed,
            reason="seen",
        )

    answers = await at_once(
        (committed_works, decide(people[0], is_confirmed=True)),
        (committed_works, decide(people[1], is_confirmed=False)),
    )

    assert codes(answers) == {"done": 1, "ILLEGAL_STEP": 1}
