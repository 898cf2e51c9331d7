"""Turn restrictions of OpenStreetMap, as the list of turns that a car may not make."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marketplace.adapters.city.osm_tags import Tags

CARS = frozenset({"motorcar", "motor_vehicle", "vehicle"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRule:
    """One restriction: from a way, over a node, to a way; either that turn is banned or every other one is."""

    from_way: int
    via_node: int
    to_way: int
    is_only_way: bool


def read_turn_rule(tags: Tags, members: Sequence[tuple[str, str, int]]) -> TurnRule | None:
    """Reads a restriction relation; `None` for one that is not for cars, leads over a way, or is incomplete.

    `members` are (role, kind, id), with kind `n` for a node and `w` for a way.
    """
    rule = tags.get("restriction:motorcar", tags.get("restriction", ""))
    is_for_others = bool(CARS & {word.strip() for word in tags.get("except", "").split(";")})
    if is_for_others or not rule.startswith(("no_", "only_")):
        return None
    ways_from = [reference for role, kind, reference in members if role == "from" and kind == "w"]
    nodes_via = [reference for role, kind, reference in members if role == "via" and kind == "n"]
    ways_to = [reference for role, kind, reference in members if role == "to" and kind == "w"]
    if len(ways_from) != 1 or len(nodes_via) != 1 or len(ways_to) != 1:
        return None
    return TurnRule(
        from_way=ways_from[0], via_node=nodes_via[0], to_way=ways_to[0], is_only_way=rule.startswith("only_")
    )


def banned_turns(
    rules: Iterable[TurnRule], segments: Mapping[int, tuple[int, int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Names the banned turns as (segment, node, segment); `segments` maps each to its way and its two end nodes."""
    touching: dict[int, list[int]] = defaultdict(list)
    for segment, (_, start, end) in segments.items():
        touching[start].append(segment)
        if end != start:
            touching[end].append(segment)
    for rule in rules:
        here = touching[rule.via_node]
        coming = [segment for segment in here if segments[segment][0] == rule.from_way]
        going = [segment for segment in here if segments[segment][0] == rule.to_way]
        if len(coming) != 1 or len(going) != 1:
            continue  # a way is missing, or passes through the node: nobody can tell which turn is meant
        for go in here:
            if (go == going[0]) != rule.is_only_way:
                yield coming[0], rule.via_node, go
