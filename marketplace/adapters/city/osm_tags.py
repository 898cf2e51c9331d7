"""What OpenStreetMap's tags mean for a delivery car: may it drive here, which way, and how fast."""

from collections.abc import Mapping

from marketplace.adapters.city.road_classes import RoadClass, free_flow_kmh

Tags = Mapping[str, str]

ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""From the most to the least specific; the first that is set decides."""

NO_ACCESS = frozenset({"no", "private", "agricultural", "forestry", "emergency", "psv", "bus", "military", "official"})
NO_SERVICE = frozenset({"parking_aisle", "emergency_access", "drive-through"})
CLOSED = frozenset({"reversible", "alternating"})  # a one-way whose direction nobody can know beforehand
ROUND = frozenset({"roundabout", "circular"})
STOPPING_BARRIERS = frozenset({
    "block", "bollard", "bus_trap", "chain", "cycle_barrier", "debris", "fence", "jersey_barrier", "kissing_gate",
    "log", "motorcycle_barrier", "planter", "stile", "turnstile", "wall",
})  # fmt: skip
ROUGH_SURFACES = frozenset({"unpaved", "gravel", "dirt", "ground", "earth", "sand", "mud", "grass", "rock", "stone"})
ROUGH_KMH = 20.0
KMH_PER_MPH = 1.609344
NAMED_LIMITS_KMH = {"walk": 7.0, "urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 120.0, "living_street": 10.0}


def is_for_cars(tags: Tags) -> bool:
    """Tells whether a delivery car may drive a way; a private road counts as closed."""
    if tags.get("area") == "yes" or tags.get("oneway") in CLOSED or tags.get("service") in NO_SERVICE:
        return False
    return not _is_closed(tags)


def is_barrier(tags: Tags) -> bool:
    """Tells whether a node stops cars: by its kind, or by a gate that is not open to them."""
    kind = tags.get("barrier")
    if kind is None:
        return False
    says = next((tags[key] for key in ACCESS_KEYS if key in tags), None)
    return kind in STOPPING_BARRIERS if says is None else says in NO_ACCESS


def one_way_direction(tags: Tags, road_class: RoadClass) -> int:
    """1 where only the drawn direction may be driven, -1 where only the other, 0 where both."""
    said = tags.get("oneway:motor_vehicle", tags.get("oneway"))
    if said in {"yes", "true", "1"}:
        return 1
    if said in {"-1", "reverse"}:
        return -1
    is_implied = tags.get("junction") in ROUND or tags.get("highway") == "motorway"
    return 1 if said is None and is_implied and road_class is not RoadClass.SERVICE else 0


def speed_kmh(tags: Tags, road_class: RoadClass) -> float:
    """How fast the way is driven without traffic: by its limit or its class, slower on rough ground."""
    posted = next((limit for key in ("maxspeed", "maxspeed:forward") if (limit := _limit_kmh(tags.get(key)))), None)
    speed = free_flow_kmh(road_class, posted)
    if posted is None and tags.get("highway", "").endswith("_link"):
        speed *= 0.6  # a ramp is a curve
    return min(speed, ROUGH_KMH) if tags.get("surface") in ROUGH_SURFACES else speed


def _limit_kmh(text: str | None) -> float | None:
    """Reads `50`, `30 mph`, `walk`, `DE:urban`, `DE:zone:30` and `de:zone30`; `None` for the rest."""
    if text is None:
        return None
    words = text.strip().lower().split(":")[-1].removeprefix("zone").split()
    if not words:
        return None
    if words[0] in NAMED_LIMITS_KMH:
        return NAMED_LIMITS_KMH[words[0]]
    number = words[0].removesuffix("mph")
    if not number.replace(".", "", 1).isascii() or not number.replace(".", "", 1).isdigit():
        return None
    return float(number) * (KMH_PER_MPH if words[-1].endswith("mph") else 1.0)


def _is_closed(tags: Tags) -> bool:
    says = next((tags[key] for key in ACCESS_KEYS if key in tags), None)
    return says in NO_ACCESS
