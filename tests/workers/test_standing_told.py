"""A standing file and a suspension read in a terminal as the driver sees them."""

from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.standing import compute_standing, decide_suspension, propose_suspensions
from tests.marketplace.standing.driven import make_bad_driver, make_named, make_place
from workers.asked import told_standing
from workers.telling import standing_lines


async def test_a_driver_reads_standing_proposal_and_decision(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver, marta = await make_bad_driver(work, place), await make_named(work, place[0], "Marta")
    clock.advance(seconds=86_400)
    async with works.open() as work:
        await compute_standing(work, market_id=place[0].id)
        [suspension_id] = await propose_suspensions(work, market_id=place[0].id)
        proposed = list(standing_lines(await told_standing(work, driver.id)))
    clock.advance(seconds=3_600)

    async with works.open() as work:
        await decide_suspension(
            work,
            suspension_id=suspension_id,
            market_id=place[0].id,
            operator_id=marta,
            is_confirmed=True,
            reason="late at 44 doors, and the driver was asked",
        )
        decided = list(standing_lines(await told_standing(work, driver.id)))

    assert proposed[:4] == [
        f"{to_wire('driver', driver.id)} is at level 1: blocks open 0 minutes earlier.",
        "Declined and expired offers count nowhere.",
        "  COMPLETED  44 parcels",
        "  ARRIVAL    0 of 44 good",
    ]
    assert "  RATING     0 of 0 good (fewer than 5: held against nobody)" in proposed
    assert "Suspension by LATE_BY_OWN_PART: PROPOSED" in proposed
    assert "  It is proposed, not decided: you work as before until a person has decided." in proposed
    assert "  44 rows of evidence, such as:" in proposed
    assert "Suspension by LATE_BY_OWN_PART: CONFIRMED" in decided
    assert "  2026-03-03 16:00 UTC CONFIRMED by Marta: late at 44 doors, and the driver was asked" in decided
    assert "  in force from 2026-03-17 16:00 UTC, notice by DEFAULT" in decided
    assert "  you can appeal to another person until 2026-03-31 16:00 UTC" in decided
