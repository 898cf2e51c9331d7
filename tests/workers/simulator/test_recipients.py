"""Recipients say their PIN once they have it, and the seed fixes who is not there."""

import asyncio

from workers.simulator.recipients import Recipients, mistyped


async def test_a_recipient_says_the_pin_as_soon_as_it_has_come() -> None:
    recipients = Recipients(seed=1, fail_rate=0.0)
    asking = asyncio.create_task(recipients.pin_of("dlv_1"))
    await asyncio.sleep(0)

    recipients.tell_pin("dlv_1", "0409")

    assert await asking == "0409"
    assert await recipients.pin_of("dlv_1") == "0409"


def test_who_is_not_there_is_fixed_by_seed_and_parcel_whatever_the_run() -> None:
    recipients = Recipients(seed=1, fail_rate=0.3)

    monday = [recipients.failure_at(f"day1-monday-{i}-{j}") for i in range(20) for j in range(10)]
    tuesday = [recipients.failure_at(f"day1-tuesday-{i}-{j}") for i in range(20) for j in range(10)]

    assert monday == tuesday
    assert 40 < len([reason for reason in monday if reason]) < 80


def test_everybody_is_there_in_a_plan_without_failures() -> None:
    recipients = Recipients(seed=1, fail_rate=0.0)

    assert {recipients.failure_at(f"run-0-{i}") for i in range(100)} == {None}


def test_a_mistyped_pin_is_another_one_of_the_same_length() -> None:
    assert mistyped("1234") == "1235"
    assert mistyped("0009") == "0000"
