"""Bare insertion: one more door tried in every window, at every position of every driver's day, in plain loops."""

import math
import random
from dataclasses import dataclass, field

HUB = 0
SERVICE_S = 120.0
DAY_S = 8 * 3600.0
WINDOW_S = 1_800.0


@dataclass(slots=True)
class Day:
    """A driver's place, the doors that follow in order, and until when each must be reached."""

    places: list[int]
    closes: list[float] = field(default_factory=list)


def fleet_of_a_day(*, drivers: int, visits: int, seed: int) -> tuple[list[Day], list[list[float]]]:
    """As many days as drivers, each with so many visits, and the travel times between all their places."""
    draw = random.Random(seed)
    count = 1 + drivers * (visits + 1)
    where = [(draw.random() * 10_000, draw.random() * 10_000) for _ in range(count)]
    days, number = [], 1
    for _ in range(drivers):
        places = list(range(number, number + visits + 1))
        days.append(Day(places, [DAY_S] * visits))
        number += visits + 1
    return days, [[math.dist(a, b) / 8 for b in where] for a in where]


def insert_everywhere(fleet: list[Day], durations_s: list[list[float]], *, windows: int) -> list[float]:
    """For each window the fewest seconds that a trip by way of the hub to one more door adds, over all positions."""
    door = len(durations_s) - 1
    best = []
    for number in range(windows):
        opens = number * WINDOW_S
        least = math.inf
        for day in fleet:
            moment = 0.0
            for position, here in enumerate(day.places):
                if position:
                    moment += durations_s[day.places[position - 1]][here] + SERVICE_S
                onward = day.places[position + 1] if position + 1 < len(day.places) else None
                way = durations_s[here][HUB] + durations_s[HUB][door]
                arrives = max(moment + way, opens)
                if arrives > opens + WINDOW_S:
                    continue
                back = durations_s[door][onward] - durations_s[here][onward] if onward is not None else 0.0
                if arrives + SERVICE_S + back <= DAY_S:
                    least = min(least, way + back)
        best.append(least)
    return best
