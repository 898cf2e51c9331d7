"""What the console is looked at with: a peak of work, a claim and blocks, and days that were counted."""

from datetime import timedelta
from typing import Any

from marketplace.analytics.models import FairnessDay, KpiDay
from marketplace.batches.models import Delivery
from marketplace.blocks.models import Block, SignUp
from marketplace.claims.models import Claim, ClaimEntry
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.fleet import ContractKind
from marketplace.hubs.models import Hub
from marketplace.markets import cells_around, pause_zone
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from marketplace.standing.models import Suspension
from marketplace.surge import set_surge
from tests.builders import make_batch, make_delivery, make_driver, make_hub
from tests.schema.live import CENTRE, World

AREA = "87b21919bffffff"
"""A cell of resolution 7 near the middle."""


async def make_peak(world: World) -> None:
    """Sixty more deliveries that find no driver, a suspension to decide, work that stands still, and surge."""
    async with world.marketplace.works.open() as work:
        market = await Market.get(id=world.market_id, using_db=work.db)
        hub = await Hub.first(using_db=work.db)
        shipper = await Shipper.first(using_db=work.db)
        assert hub is not None
        assert shipper is not None
        batch = await make_batch(work, market, shipper)
        for number in range(60):
            lat, lon = CENTRE.lat - number % 8 / 300, CENTRE.lon + number // 8 / 300 - 0.012
            reason = ("NO_DRIVER", "NOBODY_ACCEPTED", "NO_CAPACITY")[number % 3]
            await make_delivery(
                work, market, shipper, hub, batch, external_id=f"order-{2000 + number}", unassigned_reason=reason,
                dropoff_closes_at=work.now + timedelta(minutes=20 + number), dropoff_lat=lat, dropoff_lon=lon,
            )  # fmt: skip
        for number in range(9):
            spot = Point(lat=CENTRE.lat + number % 3 / 250, lon=CENTRE.lon + number // 3 / 250 - 0.008)
            kind = list(ContractKind)[number % 3]
            await make_driver(work, market, name=f"Driver {number + 4}", kind=kind, place=spot)
        ana = world.driver_ids["Ana Rojas"]
        await Suspension.create(
            using_db=work.db, id=work.new_id(), market_id=market.id, driver_id=ana, state="PROPOSED",
            rule="BAD_RATINGS", rules_version=1, evidence=[{"text": "x"}], reason="four of ten", proposed_at=work.now,
        )  # fmt: skip
        await work.execute(
            "INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)"
            " VALUES ($1, $2, 'issue_statement', 'x', 'DEAD', $3, $3, 8, 'no answer')",
            *(work.new_id(), market.id, work.now),
        )
        operator_id = await work.fetch_value("SELECT id FROM operator LIMIT 1")
        await work.execute("UPDATE market SET surge_bonus_cap_minor = 600, surge_budget_minor = 100000")
        await set_surge(
            work, market_id=MarketId(market.id), cells=cells_around(CENTRE, 1), percent=80, reason="rain",
            expires_at=work.now + timedelta(hours=1), operator_id=operator_id,
        )  # fmt: skip
        beyond = Point(lat=CENTRE.lat + 0.02, lon=CENTRE.lon)
        await pause_zone(
            work, market_id=market.id, cells=cells_around(beyond, 0), reason="flood", operator_id=operator_id,
            expires_at=work.now + timedelta(hours=1),
        )  # fmt: skip


async def make_claim_and_blocks(world: World) -> None:
    """A claim whose driver was heard, and three blocks: one under way, one for the evening, one of a zone."""
    async with world.marketplace.works.open() as work:
        delivery = await Delivery.filter(route_id=world.route_id).using_db(work.db).first()
        assert delivery is not None
        whose: dict[str, Any] = {"using_db": work.db, "market_id": world.market_id}
        ana = world.driver_ids["Ana Rojas"]
        claim = await Claim.create(
            **whose, id=work.new_id(), shipper_id=delivery.shipper_id, delivery_id=delivery.id, driver_id=ana,
            kind="DAMAGED", state="OPEN", asked_minor=90, limit_minor=60, currency=delivery.currency,
            opened_by_kind="shipper", opened_at=work.now, heard_by=work.now, heard_at=work.now,
        )  # fmt: skip
        said = (
            ("OPENED", "recipient", "The bottle is broken", 90),
            ("ANSWER", "driver", "It was wet when I got it", None),
        )
        for number, (kind, by, text, amount) in enumerate(said):
            await ClaimEntry.create(
                **whose, id=work.new_id(), claim_id=claim.id, number=number + 1, kind=kind, by_kind=by, by_id=ana,
                text=text, proof_ids=[], amount_minor=amount, made_at=work.now,
            )  # fmt: skip
        hub = await Hub.first(using_db=work.db)
        assert hub is not None
        for hours, lasts, places, taken, area in ((-1, 4, 2, 2, None), (6, 4, 4, 1, None), (23, 3, 3, 0, "Old town")):
            block = await Block.create(
                **whose, id=work.new_id(), hub_id=None if area else hub.id, area_name=area or hub.name,
                area_cells=[AREA], time_zone=hub.time_zone, opens_at=work.now + timedelta(hours=hours),
                closes_at=work.now + timedelta(hours=hours + lasts), places=places, taken=taken, vehicles=[], skills=[],
                floor_per_hour_minor=0, currency="CLP", free_until_min=120, answer_s=900, draw_s=0,
                signs_from=work.now - timedelta(hours=9), seed="0" * 64, seed_digest="0" * 64, state="PUBLISHED",
                created_at=work.now,
            )  # fmt: skip
            drivers = list(world.driver_ids.values())[: taken + (taken == places)]
            for place, driver_id in enumerate(drivers):
                await SignUp.create(
                    **whose, id=work.new_id(), block_id=block.id, driver_id=driver_id, line=place + 1,
                    opens_at=block.opens_at, closes_at=block.closes_at, created_at=work.now,
                    state="SIGNED" if place < taken else "WAITING",
                    checked_in_at=work.now if place == 0 and hours < 0 else None,
                )  # fmt: skip


async def make_days(world: World) -> None:
    """Three days of figures in two hubs, with a day between them that nothing was counted of."""
    async with world.marketplace.works.open() as work:
        market = await Market.get(id=world.market_id, using_db=work.db)
        [shipper] = await Shipper.all(using_db=work.db)
        [hub] = await Hub.all(using_db=work.db)
        second = await make_hub(work, market, lat=CENTRE.lat + 0.02, lon=CENTRE.lon, name="Puerto")
        for back, more in ((0, 0), (1, 1), (3, 2)):
            day: dict[str, Any] = {"using_db": work.db, "market_id": market.id, "day": work.now - timedelta(days=back)}
            for where, size in ((hub.id, 40 - 10 * (more > 0)), (second.id, 20 - 5 * (more > 0))):
                await KpiDay.create(
                    **day, id=work.new_id(), shipper_id=shipper.id, hub_id=where, delivered=size, failed=more,
                    on_time=size * 9 // 10, delivered_first=size, attempted_first=more, filled=size, fill_s=size * 240,
                    stops=size + 9, car_m=size * 2_400, empty_m=size * (500 + 60 * more), driven_s=size * 700,
                    driver_minor=size * 2_110, attempt_minor=more * 150, fuel_minor=size * 291,
                    offers_accepted_ppm=10_500_000 - more * 500_000, offers_declined_ppm=5_500_000, eta_arrivals=50,
                    eta_covered=42 - more,
                )  # fmt: skip
            await FairnessDay.create(
                **day, id=work.new_id(), drivers=9, online_s=90_000, engaged_s=54_000, gini_ppm=210_000, gini_days=1,
            )  # fmt: skip
