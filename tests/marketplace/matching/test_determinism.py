"""The same request gets the same reply: after others, in a new process, whatever the hash seed."""

import json
import subprocess
import sys

from tests.marketplace.matching.questions import Json, random_town, reply_to

ASK = """
import json, sys
from tests.marketplace.matching.questions import reply_to
print(json.dumps([reply_to(asked) for asked in json.load(sys.stdin)]))
"""


def hard_towns() -> list[Json]:
    """Requests whose plans depend on sets of words, on draws by the seed and on the limit of work."""
    towns = []
    for seed, objective in enumerate(("fewest_drivers", "travel_time", "delivery_delay", "expected_cost")):
        town = random_town(seed, deliveries=18, drivers=6, objective=objective, seed=seed, time_limit_s=0.1)
        for i, asked in enumerate(town["deliveries"]):
            asked["skills"] = ["fridge", "bike", "stairs"][: i % 4]
        for j, driver in enumerate(town["drivers"]):
            driver["skills"] = ["stairs", "bike", "fridge"][: 1 + j % 3]
        towns.append(town)
    return towns


def test_a_reply_does_not_depend_on_what_was_asked_before() -> None:
    towns = hard_towns()
    first = [reply_to(town) for town in towns]

    again = [reply_to(town) for town in reversed(towns)]

    assert again[::-1] == first


def test_a_new_process_gives_the_same_reply() -> None:
    towns = hard_towns()

    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(towns).encode(),
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
    )

    assert json.loads(answer.stdout) == [reply_to(town) for town in towns]
