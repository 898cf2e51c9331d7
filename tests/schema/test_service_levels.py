"""Tiers and areas over the API: set by operations, read by their shipper, felt in a quote."""

from typing import Any

import pytest

from marketplace.core.ids import to_wire
from tests.builders import HOME_PLACE
from tests.marketplace.batches.orders import ROUTER
from tests.payment_worlds import payments
from tests.schema.conftest import TestMarketplace
from tests.schema.test_billing import Office, office

__all__ = ["office", "payments"]

SAME_DAY = {"tier": "SAME_DAY", "opens": "14:00", "cutoff": "13:00", "windowS": 14_400, "upliftMinor": 250}
SERENA = (
    '{"type": "Polygon", "coordinates": '
    "[[[-71.5, -30.1], [-71.1, -30.1], [-71.1, -29.7], [-71.5, -29.7], [-71.5, -30.1]]]}"
)


@pytest.fixture(autouse=True)
def streets(marketplace: TestMarketplace) -> None:
    """A quote needs to know how far the drive is."""
    marketplace.router = ROUTER


def row(office: Office, **changes: Any) -> dict[str, Any]:
    place = {"lat": HOME_PLACE.lat, "lon": HOME_PLACE.lon, "address": "Avenida Costanera 1200"}
    return {
        "externalId": "a",
        "hubId": to_wire("hub", office.billing.hub.id),
        "dropoff": place,
        "packages": [{"weightG": 1, "lengthMm": 1, "widthMm": 1, "heightMm": 1}],
        "tier": "SAME_DAY",
    } | changes


async def test_a_tier_is_set_by_operations_read_by_its_shipper_and_quoted(office: Office) -> None:
    about = {"shipperId": office.shipper_id, "level": SAME_DAY, "idempotencyKey": "a"}
    done = [await office.desk("set_service_level", **about) for _ in range(2)]

    [seen] = await office.portal("service_levels")
    quoted = await office.portal("quote_batch", marketId=office.market, deliveries=[row(office)], idempotencyKey="b")

    assert done == [{"version": 1}, {"version": 1}]
    assert {name: seen[name] for name in SAME_DAY} == SAME_DAY
    assert (seen["effectiveTo"], seen["isOffered"]) == (None, True)
    assert await office.desk("shipper_service_levels", shipperId=office.shipper_id) == [seen]
    assert quoted["problems"] == []
    assert [line["amountMinor"] for line in quoted["rows"][0]["lines"] if line["code"] == "tier"] == [250]
    [action] = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    assert action["verb"] == "setServiceLevel"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"tier": "EXPRESS"}, "BAD_TIER", "tier"),
        ({"tier": None}, "BAD_DELIVERY", "dropoffWindow"),
        ({"dropoffWindow": {"opens": "2026-03-02T18:00", "closes": "2026-03-02T20:00"}}, "BAD_TIER", "dropoffWindow"),
    ],
)
async def test_a_row_that_the_tiers_do_not_give_is_refused_by_itself(
    office: Office, changes: dict[str, Any], code: str, field: str
) -> None:
    await office.desk("set_service_level", shipperId=office.shipper_id, level=SAME_DAY, idempotencyKey="a")

    quoted = await office.portal(
        "quote_batch", marketId=office.market, deliveries=[row(office, **changes)], idempotencyKey="b"
    )

    assert [(one["code"], one["field"]) for one in quoted["problems"]] == [(code, field)]


@pytest.mark.parametrize(
    ("change", "code"), [({"windowS": 60}, "BAD_SERVICE_LEVEL"), ({"cutoff": "25:00"}, "BAD_OPENING")]
)
async def test_terms_that_cannot_be_are_refused(office: Office, change: dict[str, Any], code: str) -> None:
    problem = await office.desk(
        "set_service_level", shipperId=office.shipper_id, level=SAME_DAY | change, idempotencyKey="a"
    )

    assert problem["code"] == code
    assert await office.portal("service_levels") == []


async def test_an_area_is_set_for_all_or_for_one_and_read_as_it_was_set(office: Office) -> None:
    everywhere = await office.portal("service_area", marketId=office.market)
    done = await office.desk("set_service_area", area=SERENA, idempotencyKey="a")
    default = await office.portal("service_area", marketId=office.market)
    wrong = await office.desk("set_service_area", shipperId=office.shipper_id, area="[", idempotencyKey="b")

    assert (everywhere, done) == (None, {"version": 1})
    assert (default["isDefault"], default["area"]) == (True, SERENA)
    assert await office.desk("shipper_service_area") == default
    assert (wrong["code"], wrong["field"]) == ("BAD_SERVICE_AREA", "area")


async def test_a_rural_zone_is_set_by_operations_read_by_shippers_and_felt_in_a_quote(office: Office) -> None:
    zone = {"code": "limari", "name": "Limarí", "area": SERENA, "days": [4], "surchargeMinor": 700}
    done = [await office.desk("set_rural_zone", zone=zone, idempotencyKey="a") for _ in range(2)]
    later = await office.desk(
        "set_rural_zone", zone=zone | {"effectiveFrom": "2026-04-01T00:00:00Z"}, idempotencyKey="b"
    )
    wrong = await office.desk("set_rural_zone", zone=zone | {"days": [4, 2]}, idempotencyKey="c")

    [newer, seen] = await office.portal("rural_zones", marketId=office.market)
    quoted = await office.portal(
        "quote_batch", marketId=office.market, deliveries=[row(office, tier=None)], idempotencyKey="d"
    )

    assert (done, later) == ([{"version": 1}, {"version": 1}], {"version": 2})
    assert (wrong["code"], wrong["field"]) == ("BAD_RURAL_ZONE", "days")
    assert {name: seen[name] for name in zone} == zone
    assert (newer["effectiveFrom"], newer["effectiveTo"]) == (seen["effectiveTo"], None)
    [priced] = quoted["rows"]
    assert [line["amountMinor"] for line in priced["lines"] if line["code"] == "zone"] == [700]
    assert (priced["rural"]["day"], priced["rural"]["surchargeMinor"]) == ("2026-03-05", 700)
    actions = [edge["node"] for edge in (await office.desk("operator_actions"))["edges"]]
    assert [(one["verb"], one["subjectId"][:4]) for one in actions] == [("setRuralZone", "rzn_")] * 2
