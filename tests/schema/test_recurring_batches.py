"""Recurring batches over the API: looked ahead at, set up once, read with their days, changed, steered and ended."""

from typing import Any

import pytest

from tests.schema.test_windows import Counter, counter  # noqa: F401 - the fixture

STARTS_AT = "2026-03-03T09:00:00"


def template(counter: Counter, **changes: Any) -> dict[str, Any]:  # noqa: F811 - the fixture's value
    window = {"opens": "2026-03-03T10:00:00", "closes": "2026-03-03T12:00:00"}
    row = {
        "externalId": "milk",
        "hubId": counter.hub["hubId"],
        "dropoff": {"lat": -29.96, "lon": -71.335, "address": "Avenida Costanera 1200", "name": "Luz"},
        "packages": [{"weightG": 1200, "lengthMm": 300, "widthMm": 200, "heightMm": 100}],
        "pickupWindow": window,
        "dropoffWindow": window,
        "requirements": ["PIN_AT_DROPOFF"],
    }
    return {
        "name": "Milk", "startsAt": STARTS_AT, "rule": "FREQ=WEEKLY;BYDAY=TU,FR", "leadS": 7_200, "deliveries": [row],
    } | changes  # fmt: skip


@pytest.fixture
async def milk(counter: Counter) -> dict[str, Any]:  # noqa: F811 - a fixture is asked for by its name
    made = await counter(
        "portal", "create_recurring_batch", marketId=counter.hub["marketId"], template=template(counter)
    )
    shown: dict[str, Any] = made["recurringBatch"]
    return shown


async def test_what_is_set_up_is_what_was_looked_ahead_at_and_is_read_back(
    counter: Counter,  # noqa: F811
    milk: dict[str, Any],
) -> None:
    market_id = counter.hub["marketId"]
    shown = await counter(
        "portal", "preview_recurrence", marketId=market_id, startsAt=STARTS_AT, rule=milk["rule"], leadS=7_200,
        hubIds=[counter.hub["hubId"]],
    )  # fmt: skip

    page = await counter("portal", "recurring_batches")
    whole = await counter("portal", "recurring_batch", id=milk["id"])

    assert [edge["node"] for edge in page["edges"]] == [milk]
    assert milk["nextOccurrences"] == shown
    assert shown[0] == {"day": "2026-03-03", "fallsOn": "2026-03-03", "postsAt": "2026-03-03T10:00:00Z"}
    assert (milk["state"], milk["version"], milk["deliveryCount"], milk["lastRuns"]) == ("ACTIVE", 1, 1, [])
    sent = template(counter)["deliveries"][0]
    [row] = whole["deliveries"]
    assert {name: row[name] for name in sent if name not in {"dropoff", "packages"}} == {
        name: sent[name] for name in sent if name not in {"dropoff", "packages"}
    }
    assert (row["dropoff"]["lat"], row["dropoff"]["name"], row["packages"][0]["weightG"]) == (-29.96, "Luz", 1200)


async def test_it_is_skipped_paused_resumed_changed_and_ended_and_each_step_answers_how_it_stands(
    counter: Counter,  # noqa: F811
    milk: dict[str, Any],
) -> None:
    async def step(name: str, **more: Any) -> Any:
        return await counter("portal", name, recurringBatchId=milk["id"], **more)

    skipped = (await step("skip_occurrence", day="2026-03-03"))["recurringBatch"]
    assert (skipped["lastRuns"][0]["outcome"], skipped["lastRuns"][0]["reason"]) == ("SKIPPED", "BY_SHIPPER")
    assert skipped["nextOccurrences"][0]["day"] == "2026-03-06"
    assert (await step("skip_occurrence", day="2026-03-03"))["code"] == "OCCURRENCE_SETTLED"
    states = [(await step(f"{verb}_recurring_batch"))["recurringBatch"]["state"] for verb in ("pause", "resume")]
    assert states == ["PAUSED", "ACTIVE"]
    changed = await step(
        "change_recurring_batch", template=template(counter, rule="FREQ=DAILY", exceptDays=["2026-03-05"])
    )
    assert [one["day"] for one in changed["recurringBatch"]["nextOccurrences"]][:2] == ["2026-03-04", "2026-03-06"]
    assert changed["recurringBatch"]["version"] == 2
    ended = (await step("end_recurring_batch"))["recurringBatch"]
    assert (ended["state"], ended["nextOccurrences"]) == ("ENDED", [])
    assert (await step("pause_recurring_batch"))["code"] == "RECURRING_BATCH_ENDED"


async def test_the_same_key_sets_up_one_and_what_is_wrong_is_named(counter: Counter) -> None:  # noqa: F811
    async def create(**changes: Any) -> Any:
        return await counter(
            "portal", "create_recurring_batch", marketId=counter.hub["marketId"], idempotencyKey=str(changes)[:40],
            template=template(counter, **changes),
        )  # fmt: skip

    made = [await create(exceptDays=["2026-03-06", "2026-03-10"]) for _ in range(2)]
    hourly = await create(rule="FREQ=HOURLY")
    twice = await create(deliveries=template(counter)["deliveries"] * 2)

    assert made[0] == made[1]
    assert (hourly["code"], hourly["field"]) == ("BAD_RECURRENCE", "rule")
    assert (twice["code"], twice["field"]) == ("BAD_DELIVERY", "deliveries[1].externalId")
    assert len((await counter("portal", "recurring_batches"))["edges"]) == 1
