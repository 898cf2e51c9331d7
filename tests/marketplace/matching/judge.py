"""Judges a reply of the matcher by the rules of its contract alone; it shares no code with the planner.

It works on JSON, drives every route second by second as the reply states it, and recomputes travel, pay and offer.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

Json = dict[str, Any]
Legs = Callable[[int, int], int]

NO_WAY_S = 100_000_000
REASONS = {"no_capacity", "no_skill", "window", "out_of_reach", "held"}


def faults(question: Json, reply: Json) -> list[str]:
    """Every broken rule, in words; none where the plan is legal."""
    found = list(_bookkeeping(question, reply))
    drivers = {driver["id"]: driver for driver in question["drivers"]}
    for route in reply["routes"]:
        judged = _Drive(question, drivers[route["driver_id"]], route)
        found += [f"{route['driver_id']}: {fault}" for fault in judged.faults()]
    return found


def legs_of(question: Json, kind: str) -> Legs | None:
    """Seconds or metres between two locations, from the matrix or from the points."""
    if "points" not in question:
        matrix = question.get("durations_s" if kind == "seconds" else "distances_m")
        return None if matrix is None else lambda a, b: int(matrix[a][b])
    factor = question.get("circuity", 1.3) / (question["speed_mps"] if kind == "seconds" else 1)

    def leg(a: int, b: int) -> int:
        (lat_a, lon_a), (lat_b, lon_b) = (map(math.radians, question["points"][i]) for i in (a, b))
        chord = math.sin((lat_b - lat_a) / 2) ** 2
        chord += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
        return math.ceil(2 * 6371008.8 * math.asin(math.sqrt(chord)) * float(factor))

    return leg


def _bookkeeping(question: Json, reply: Json) -> Iterator[str]:
    fates = [left["delivery_id"] for left in reply["unassigned"]]
    for route in reply["routes"]:
        steps = [(step["delivery_id"], step["kind"]) for step in route["steps"]]
        fates += [name for name, kind in steps if kind == "dropoff"]
        if not steps or len(set(steps)) < len(steps):
            yield "a route is empty or does a step twice"
    if sorted(fates) != sorted(delivery["id"] for delivery in question["deliveries"]):
        yield "some delivery has no fate, or two"
    crew = [route["driver_id"] for route in reply["routes"]]
    if len(set(crew)) < len(crew):
        yield "a driver has two routes"
    if {left["reason"] for left in reply["unassigned"]} - REASONS:
        yield "an unknown reason"


class _Drive:
    """One route, driven as the reply says."""

    def __init__(self, question: Json, driver: Json, route: Json) -> None:
        self.question, self.driver, self.route, self.steps = question, driver, route, route["steps"]
        self.options = question.get("options", {})
        self.deliveries = {delivery["id"]: delivery for delivery in question["deliveries"]}
        seconds = legs_of(question, "seconds")
        assert seconds is not None
        self.seconds, self.slack_s = seconds, 1 if "points" in question else 0
        self.leaving = max(question["now"], driver.get("available_at", 0), route["offer_at"])

    def faults(self) -> Iterator[str]:
        yield from self._commitments()
        yield from self._times()
        yield from self._load()
        yield from self._end()
        yield from self._money()

    def _commitments(self) -> Iterator[str]:
        locked = [(step["delivery_id"], step["kind"]) for step in self.driver.get("locked", [])]
        if [(step["delivery_id"], step["kind"]) for step in self.steps[: len(locked)]] != locked:
            yield "the locked steps do not come first"
        if len(self.steps) > (self.driver.get("max_stops") or 10**9):
            yield "too many stops"
        origins = {step["location"] for step in self.steps if step["kind"] == "pickup"}
        if self.options.get("one_origin_per_route") and len(origins) > 1:
            yield "more than one origin"
        if self.route["offer_at"] < self.question["now"]:
            yield "offered in the past"

    def _times(self) -> Iterator[str]:
        moment, place = self.leaving, self.driver["location"]
        for step in self.steps:
            delivery = self.deliveries[step["delivery_id"]]
            stop, is_pickup = delivery[step["kind"]], step["kind"] == "pickup"
            leg = self.seconds(place, stop["location"])
            if leg >= NO_WAY_S:
                yield f"there is no way to {step}"
            if step["location"] != stop["location"]:
                yield f"wrong place: {step}"
            if step["arrival"] < moment + leg - self.slack_s:
                yield f"arrives before it can: {step}"
            earliest = max(step["arrival"], stop.get("ready_at", 0))
            windows = stop.get("windows") or [[0, 2**63]]
            first = min((max(opens, earliest) for opens, closes in windows if closes >= earliest), default=None)
            if step["start"] != first:
                yield f"does not start at the first allowed moment {first}: {step}"
            if step["departure"] < step["start"] + stop.get("service_s", 0):
                yield f"leaves before it is done: {step}"
            is_late = step["start"] > self.driver["shift_end"]
            if is_pickup and is_late and self.options.get("shift_end_covers") == "pickups":
                yield f"picks up after the shift: {step}"
            if not set(delivery.get("skills", [])) <= set(self.driver.get("skills", [])):
                yield f"lacks a skill: {step}"
            moment, place = step["departure"], stop["location"]

    def _load(self) -> Iterator[str]:
        locked = [(step["delivery_id"], step["kind"]) for step in self.driver.get("locked", [])]
        aboard = {name for name, kind in locked if kind == "dropoff" and (name, "pickup") not in locked}
        for step in self.steps:
            name = step["delivery_id"]
            if (name in aboard) != (step["kind"] == "dropoff"):
                yield f"out of order: {step}"
            aboard ^= {name}
            loads = [self.deliveries[each].get("load", []) for each in aboard]
            for dimension, most in enumerate(self.driver.get("capacity", [])):
                if sum(load[dimension] for load in loads) > most:
                    yield f"overloaded after {step}"
        if aboard:
            yield f"never dropped: {sorted(aboard)}"

    def _end(self) -> Iterator[str]:
        end = self.driver.get("end_location")
        home = 0 if end is None else self.seconds(self.steps[-1]["location"], end)
        over = self.steps[-1]["departure"] + home
        if self.options.get("shift_end_covers", "route") == "route" and over > self.driver["shift_end"] + self.slack_s:
            yield "is not over by the end of the shift"
        if home >= NO_WAY_S:
            yield "there is no way home"

    def _money(self) -> Iterator[str]:
        places = [self.driver["location"], *(step["location"] for step in self.steps)]
        end = self.driver.get("end_location")
        places += [] if end is None else [end]
        metres = legs_of(self.question, "metres")
        travel_s = sum(self.seconds(a, b) for a, b in pairwise(places))
        if abs(self.route["travel_s"] - travel_s) > self.slack_s * len(places):
            yield f"travel_s should be {travel_s}"
        distance_m = None if metres is None else sum(metres(a, b) for a, b in pairwise(places))
        if (distance_m is None) != (self.route["distance_m"] is None):
            yield "distance_m is there without distances, or missing"
        elif distance_m is not None and abs(self.route["distance_m"] - distance_m) > self.slack_s * len(places):
            yield f"distance_m should be {distance_m}"
        if self.route["payout_cents"] != self._payout():
            yield f"payout_cents should be {self._payout()}"
        if self.route["expected_cost_cents"] < self.route["payout_cents"]:
            yield "a decline cannot save money"

    def _payout(self) -> int:
        pay = self.driver.get("pay", {})
        drops = sum(step["kind"] == "dropoff" for step in self.steps)
        worked_s = self.steps[-1]["departure"] - self.leaving
        exact = Fraction(pay.get("fixed_cents", 0) + pay.get("per_stop_cents", 0) * drops)
        exact += Fraction(pay.get("per_hour_cents", 0) * worked_s, 3600)
        exact += Fraction(pay.get("per_km_cents", 0) * (self.route["distance_m"] or 0), 1000)
        return math.floor(exact + Fraction(1, 2))
