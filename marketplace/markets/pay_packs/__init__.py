"""Pay laws as shipped: a file for each, with its source, its first day, and what about it nobody has checked.

A pack is only a beginning. An operator adopts it for a market from a date on, with the market's own rates on top, and
may set other numbers afterwards. The files are read once and are part of the program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from marketplace.core.errors import NotFound
from marketplace.markets.pay_calendar import PayCalendar
from marketplace.markets.pay_floors import BadPayFloor, PayFloors


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPack:
    """A law of one place from one day on. `parameters` names the numbers that differ from town to town."""

    name: str
    title: str
    law: str
    source: str
    effective_from: date
    currency: str
    notice: str
    unverified: tuple[str, ...]
    parameters: Mapping[str, str]
    template: Mapping[str, Any]

    def floors(self, parameters: Mapping[str, int], *, calendar: PayCalendar | None = None) -> PayFloors:
        """The pack's floors with a town's own numbers, and with another calendar of its periods if one is given."""
        if wrong := self.parameters.keys() ^ parameters.keys():
            wanted = ", ".join(sorted(self.parameters)) or "no parameters"
            raise BadPayFloor(f"the pack {self.name} takes {wanted}", field=min(wrong))
        filled = _filled(self.template, parameters) | {"pack": self.name}
        if calendar is not None:
            if filled["period"] is None:
                raise BadPayFloor(f"the pack {self.name} has no pay periods", field="calendar")
            filled["period"]["calendar"] = calendar.as_json()
        return PayFloors.from_json(filled)


@lru_cache(maxsize=1)
def pay_packs() -> tuple[PayPack, ...]:
    """All packs, by name."""
    folder = files("marketplace.markets.pay_packs")
    found = [orjson.loads(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".json")]
    return tuple(sorted((_pack(one) for one in found), key=lambda pack: pack.name))


def pay_pack(name: str) -> PayPack:
    """The pack of that name."""
    for pack in pay_packs():
        if pack.name == name:
            return pack
    raise NotFound(f"there is no pay pack of that name; there are {', '.join(one.name for one in pay_packs())}")


def _pack(read: dict[str, Any]) -> PayPack:
    template = read.pop("floors")
    first_day, unverified = date.fromisoformat(read.pop("effective_from")), tuple(read.pop("unverified"))
    return PayPack(**read, effective_from=first_day, unverified=unverified, template=template)


def _filled(template: Any, parameters: Mapping[str, int]) -> Any:
    """A copy in which the name of a parameter, where a rate has its amount, has become the parameter."""
    if not isinstance(template, dict):
        return template
    filled = {name: _filled(value, parameters) for name, value in template.items()}
    if isinstance(filled.get("minor"), str):
        filled["minor"] = parameters[filled["minor"]]
    return filled
