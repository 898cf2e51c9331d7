"""Explanations and dry runs in a terminal: everything that the API tells, in lines that can be read aloud."""

from datetime import datetime
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.offers import decline_offer, explain_delivery, explain_driver, explain_offer
from tests.builders import make_driver
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave
from workers.telling import delivery_lines, driver_lines, dry_run_lines, offer_lines


async def test_what_happened_to_a_route_can_be_read(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2, wave_size=1, waiting_cost_per_hour_minor=120_000)
        await make_driver(work, world.market, account_state="APPLIED")
    route_id = world.route_ids[0]
    await send_wave(works, route_id)
    async with works.open() as work:
        [(driver_id, offer_id)] = (await open_offers(work, route_id)).items()
        await decline_offer(work, offer_id=offer_id, driver_id=driver_id)
    await send_wave(works, route_id)

    async with works.open() as work:
        delivery_id: UUID = await work.fetch_value("SELECT min(id::text)::uuid FROM delivery")
        market_id = world.market.id
        delivery = list(delivery_lines(await explain_delivery(work, delivery_id=delivery_id, market_id=market_id)))
        offer = list(offer_lines(await explain_offer(work, offer_id=offer_id, market_id=market_id)))
        driver = list(
            driver_lines(await explain_driver(work, driver_id=driver_id, route_id=route_id, market_id=market_id))
        )

    name = to_wire("driver", driver_id)
    assert delivery[0] == f"{to_wire('delivery', delivery_id)} is OFFERING. It is on a route that looks for its driver."
    assert delivery[1].startswith(f"15:00:00 {to_wire('route', route_id)} BROADCAST: Asked of several drivers together")
    assert sum("a raise of" in line for line in delivery) == 6
    assert sum(line.startswith("  * drv_") for line in delivery) == 2
    assert "    1 × ACCOUNT_NOT_ACTIVE: The account is not active." in delivery
    assert offer[0].startswith(f"{to_wire('offer', offer_id)} to {name} is DECLINED. It pays 3560 CLP")
    assert offer[1].split() == ["base", "1", "route", "900", "pay_policy:1:base_minor"]
    assert driver[0] == (
        f"{name} and {to_wire('route', route_id)}, now: The driver has said no to this route, and is not asked for it"
        " again."
    )
    assert [line for line in driver if "Asked." in line] == ["  15:00:00 BROADCAST: Asked."]


def test_a_dry_run_can_be_read() -> None:
    moment = datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    lines = dry_run_lines(
        {
            "payout_minor": 4_500,
            "expected_cost_minor": 5_000,
            "currency": "CLP",
            "is_degraded": True,
            "routes": [
                {
                    "driver": "ana",
                    "kind": "CONTRACTED",
                    "offer_at": moment,
                    "payout_minor": 4_500,
                    "distance_m": 2_340,
                    "travel_s": 605,
                    "steps": [{"arrives_at": moment, "kind": "PICKUP", "delivery": "tea"}],
                }
            ],
            "unassigned": [
                {
                    "delivery": "bun",
                    "code": "NO_SKILL",
                    "words": "No driver online has all the skills it asks for.",
                    "failed_rules": [{"words": "1 driver without a skill that it asks for."}],
                }
            ],
        }
    )

    told = list(lines)
    assert told[-1].startswith("bun waits: NO_SKILL. No driver online has all the skills it asks for. 1 driver without")
    assert told[:-1] == [
        "1 route for 4,500 CLP, in expectation 5,000; left over: 1 delivery. Times are estimates without streets.",
        "ana (contracted) sets off at 15:00:00 for 4,500: 2.3 km, 10 min of driving",
        "  15:00:00 pickup  tea",
    ]
